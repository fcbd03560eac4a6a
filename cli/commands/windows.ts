import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import type { GrantTerms } from '../../events/window.ts';
import { type AmountOptions, amountsFrom, withAmounts } from '../ask-options.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { amountOf, durationMs, nodePath, wholeNumber } from '../values.ts';

type TopUpOptions = AmountOptions & {
  readonly id?: string;
  readonly priority?: string;
  readonly startsIn?: string;
  readonly endsIn?: string;
  readonly every?: string;
  readonly rollover?: string;
  readonly rolloverMin?: string;
};
type ResetOptions = { readonly carryDebt?: boolean; readonly dropDebt?: boolean };

/** What is added to limits, for good or for a time, and windows that end by hand. */
export function addWindowCommands(program: Command, runner: Runner): void {
  addTopUp(program, runner);
  addVoidGrant(program, runner);
  addResetWindow(program, runner);
}

function addTopUp(program: Command, { run }: Runner): void {
  const topUp = program
    .command('top-up <path>')
    .description('add to the limits of a node: for good, or as a grant that burns first and ends');
  withAmounts(topUp, 'credits to add, in USD')
    .option('--id <id>', 'idempotency key: added once; the name of the grant')
    .option('--priority <number>', 'a grant: lower ones burn first (default 1)')
    .option('--starts-in <duration>', 'a grant: when it begins (default: now)')
    .option('--ends-in <duration>', 'a grant: how long it is good from its start')
    .option('--every <duration>', 'a grant: set back to its full amount so often')
    .option('--rollover <amount>', 'a grant: the most that a new window keeps of it (default 0)')
    .option('--rollover-min <amount>', 'a grant: the least that it has in a new window')
    .addHelpText(
      'after',
      examples(
        'top-up acme/research --credits 5 --id may-budget',
        'top-up acme --credits 20 --id trial --priority 0 --ends-in 14d',
        'top-up acme --credits 2 --id daily --every 1d --rollover 1',
      ),
    )
    .action(
      run(async (session, options: TopUpOptions, text: string) => {
        const path = nodePath(text);
        const amounts = amountsFrom(options);
        const grant = grantFrom(options, Object.keys(amounts));
        return tellAnswer(session, teamOf(path), (client) =>
          client.topUp(path, amounts, {
            id: options.id,
            ...(grant === undefined ? {} : { grant }),
          }),
        );
      }),
    );
}

/** The terms of a grant; undefined where none is given, so that the base limit grows. */
function grantFrom(options: TopUpOptions, resources: string[]): Partial<GrantTerms> | undefined {
  const { priority, startsIn, endsIn, every, rollover, rolloverMin } = options;
  const grant: Partial<GrantTerms> = {};
  if (priority !== undefined) grant.priority = wholeNumber(priority, '--priority');
  if (startsIn !== undefined) grant.startInMs = durationMs(startsIn, '--starts-in');
  if (endsIn !== undefined) grant.forMs = durationMs(endsIn, '--ends-in');
  if (every !== undefined) {
    grant.recurrence = { everyMs: durationMs(every, '--every'), anchorInMs: grant.startInMs ?? 0 };
  }
  if (rollover !== undefined || rolloverMin !== undefined) {
    const [resource = ''] = resources;
    if (resources.length > 1) {
      throw new UsageError('--rollover is an amount of one resource.', 'Top up one at a time.');
    }
    const min = rolloverMin === undefined ? 0 : amountOf(resource, rolloverMin, '--rollover-min');
    const max = rollover === undefined ? min : amountOf(resource, rollover, '--rollover');
    grant.rollover = { min, max };
  }
  return Object.keys(grant).length === 0 ? undefined : grant;
}

function addVoidGrant(program: Command, { run }: Runner): void {
  program
    .command('void-grant <path> <grant>')
    .description('take back what is left of a grant')
    .addHelpText('after', examples('void-grant acme trial'))
    .action(
      run(async (session, _options: object, text: string, grant: string) => {
        const path = nodePath(text);
        return tellAnswer(session, teamOf(path), (client) => client.voidGrant(path, grant));
      }),
    );
}

function addResetWindow(program: Command, { run }: Runner): void {
  program
    .command('reset-window <path> <resource>')
    .description('end the window of a node by hand: nothing is spent in the next one')
    .option('--carry-debt', 'what is spent above the limit burdens the next one')
    .option('--drop-debt', 'it does not, whatever the window says')
    .addHelpText('after', examples('reset-window acme/research credits'))
    .action(
      run(
        async (session, { carryDebt, dropDebt }: ResetOptions, text: string, resource: string) => {
          const path = nodePath(text);
          const debt = carryDebt || dropDebt ? { carryDebt: carryDebt === true } : {};
          return tellAnswer(session, teamOf(path), (client) =>
            client.resetWindow(path, resource, debt),
          );
        },
      ),
    );
}
