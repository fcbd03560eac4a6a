import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { type AmountOptions, amountsFrom, collect, withAmounts } from '../ask-options.ts';
import { examples } from '../examples.ts';
import { teamOfSession } from '../reach.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { durationMs, nodePath } from '../values.ts';

type SettleOptions = AmountOptions & {
  readonly unknown?: boolean;
  readonly failed?: readonly string[];
  readonly id?: string;
};
type ChargeOptions = AmountOptions & { readonly id?: string; readonly ago?: string };

/** What is done with an allocation, or instead of one. */
export function addAllocationCommands(program: Command, runner: Runner): void {
  addSettle(program, runner);
  addEnds(program, runner);
  addBookings(program, runner);
}

function addSettle(program: Command, { run }: Runner): void {
  const settle = program
    .command('settle <allocation>')
    .description('end an allocation with what was really used');
  withAmounts(settle, 'credits used, in USD')
    .option('--unknown', 'nobody knows: what was reported is booked, else what was held')
    .option(
      '--failed <resource>',
      'what did not work: its breaker counts it; may be repeated',
      collect,
    )
    .option('--id <id>', 'idempotency key')
    .addHelpText(
      'after',
      examples(
        'settle k3J9x --team acme --credits 0.0134',
        'settle k3J9x --team acme --item tool_calls=1',
        'settle k3J9x --team acme --unknown --failed tool.search',
      ),
    )
    .action(
      run(async (session, options: SettleOptions, allocation: string) => {
        const actual = options.unknown ? 'unknown' : amountsFrom(options);
        return tellAnswer(session, teamOfSession(session), (client) =>
          client.settle(allocation, actual, { id: options.id, failed: options.failed }),
        );
      }),
    );
}

function addEnds(program: Command, { run }: Runner): void {
  program
    .command('release <allocation>')
    .description('give an allocation back unused')
    .addHelpText('after', examples('release k3J9x --team acme'))
    .action(
      run(async (session, _options: object, allocation: string) =>
        tellAnswer(session, teamOfSession(session), (client) => client.release(allocation)),
      ),
    );
  program
    .command('renew <allocation>')
    .description('keep the lease of an allocation')
    .requiredOption('--ttl <duration>', 'from now; never shortens it')
    .addHelpText('after', examples('renew k3J9x --team acme --ttl 5m'))
    .action(
      run(async (session, { ttl }: { readonly ttl: string }, allocation: string) => {
        const ttlMs = durationMs(ttl, '--ttl');
        return tellAnswer(session, teamOfSession(session), (client) =>
          client.renew(allocation, { ttlMs }),
        );
      }),
    );
  program
    .command('cancel <request>')
    .description('take a waiting request out of the queue')
    .addHelpText('after', examples('cancel k3J9x --team acme'))
    .action(
      run(async (session, _options: object, request: string) =>
        tellAnswer(session, teamOfSession(session), (client) => client.cancel(request)),
      ),
    );
}

function addBookings(program: Command, { run }: Runner): void {
  const charge = program.command('charge <path>').description('book use that had no allocation');
  withAmounts(charge, 'credits, in USD')
    .option('--id <id>', 'idempotency key: booked once')
    .option('--ago <duration>', 'used so long ago: it counts in the window of that time')
    .addHelpText(
      'after',
      examples('charge acme/research/run-42 --credits 0.12 --id invoice-7-line-3'),
    )
    .action(
      run(async (session, options: ChargeOptions, text: string) => {
        const path = nodePath(text);
        const amounts = amountsFrom(options);
        const { id, ago } = options;
        const agoMs = ago === undefined ? {} : { agoMs: durationMs(ago, '--ago') };
        return tellAnswer(session, teamOf(path), (client) =>
          client.charge(path, amounts, { id, ...agoMs }),
        );
      }),
    );
  const adjust = program
    .command('adjust <allocation>')
    .description('correct the booked use of an allocation that has ended');
  withAmounts(adjust, 'credits that it really used, in USD')
    .option('--id <id>', 'idempotency key')
    .addHelpText('after', examples('adjust k3J9x --team acme --credits 0.0121'))
    .action(
      run(async (session, options: ChargeOptions, allocation: string) => {
        const actual = amountsFrom(options);
        return tellAnswer(session, teamOfSession(session), (client) =>
          client.adjust(allocation, actual, { id: options.id }),
        );
      }),
    );
}
