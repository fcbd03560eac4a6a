import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { type AmountOptions, amountsFrom, withAmounts } from '../ask-options.ts';
import { examples } from '../examples.ts';
import { teamOfSession } from '../reach.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { durationMs, nodePath } from '../values.ts';

type MoveOptions = AmountOptions & { readonly id?: string };
type ReserveOptions = MoveOptions & {
  readonly for: string;
  readonly in?: string;
  readonly reason?: string;
};

/** Budgets that move from node to node, and what is set aside ahead of time. */
export function addBudgetMoves(program: Command, runner: Runner): void {
  addTransfer(program, runner);
  addReserve(program, runner);
}

function addTransfer(program: Command, { run }: Runner): void {
  const transfer = program
    .command('transfer <from> <to>')
    .description('move limit from a node to another, between siblings unused guarantee with it');
  withAmounts(transfer, 'credits to move, in USD')
    .option('--id <id>', 'idempotency key: moved once')
    .addHelpText('after', examples('transfer acme/research/run-1 acme/research/run-2 --credits 2'))
    .action(
      run(async (session, options: MoveOptions, giver: string, taker: string) => {
        const [from, to] = [nodePath(giver), nodePath(taker)];
        const amounts = amountsFrom(options);
        return tellAnswer(session, teamOf(from), (client) =>
          client.transfer(from, to, amounts, { id: options.id }),
        );
      }),
    );
}

function addReserve(program: Command, { run }: Runner): void {
  const reserve = program
    .command('reserve <path>')
    .description('set amounts aside on a node ahead of time, for requests that name the id')
    .requiredOption('--for <duration>', 'how long it lasts from its start');
  withAmounts(reserve, 'credits to set aside, in USD')
    .option('--in <duration>', 'when it starts; it is set aside from now on (default: now)')
    .option('--reason <text>', 'what it is for')
    .option('--id <id>', 'its name, by which it is drawn from (default: one is made)')
    .addHelpText(
      'after',
      examples(
        'reserve acme/research --item concurrency=4 --in 2h --for 30m --id nightly',
        'request acme/research/run-7 --item concurrency=2 --reservation nightly',
      ),
    )
    .action(
      run(async (session, options: ReserveOptions, text: string) => {
        const path = nodePath(text);
        const items = amountsFrom(options);
        const { for: length, in: start, reason, id } = options;
        return tellAnswer(session, teamOf(path), (client) =>
          client.reserve(path, {
            items,
            forMs: durationMs(length, '--for'),
            ...(start === undefined ? {} : { startInMs: durationMs(start, '--in') }),
            ...(reason === undefined ? {} : { reason }),
            ...(id === undefined ? {} : { id }),
          }),
        );
      }),
    );
  program
    .command('cancel-reservation <reservation>')
    .description('give free what a reservation still keeps; what was drawn stays with its holders')
    .addHelpText('after', examples('cancel-reservation nightly --team acme'))
    .action(
      run(async (session, _options: object, reservation: string) =>
        tellAnswer(session, teamOfSession(session), (client) =>
          client.cancelReservation(reservation),
        ),
      ),
    );
}
