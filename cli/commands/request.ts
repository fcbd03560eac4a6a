import type { Command } from 'commander';
import type { AskInput } from '../../client/client.ts';
import type { Answer } from '../../events/answers.ts';
import { teamOf } from '../../events/names.ts';
import { answerText } from '../answer-text.ts';
import {
  type AmountOptions,
  amountsFrom,
  collect,
  priorityFrom,
  withAmounts,
} from '../ask-options.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withGovernor } from '../reach.ts';
import type { Runner, Session } from '../session.ts';
import { durationMs, namedAmount, nodePath, wholeNumber } from '../values.ts';

type RequestOptions = AmountOptions & {
  readonly min?: readonly string[];
  readonly id?: string;
  readonly priority?: string;
  readonly impact?: string;
  readonly ttl?: string;
  readonly maxWait?: string;
  readonly grace?: string;
  readonly deadline?: string;
  readonly expected?: string;
  readonly notPreemptible?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
};

export function addRequest(program: Command, { run }: Runner): void {
  const command = program
    .command('request <path>')
    .description('ask for resources on a node, before they are spent');
  withAmounts(command, 'credits, in USD')
    .option('--min <name=amount>', 'take less if there is not enough; may be repeated', collect)
    .option('--id <id>', 'idempotency key: the same id with the same ask is decided once')
    .option('--priority <name>', 'low, normal, high, critical, emergency or a number')
    .option('--impact <0-100>', 'what is at stake; breaks ties')
    .option('--ttl <duration>', 'lease; unless renewed or settled by then it ends (default 60s)')
    .option('--max-wait <duration>', 'wait in the queue for so long (default: do not queue)')
    .option('--grace <duration>', 'time it would need to yield, should it be preempted')
    .option('--deadline <duration>', 'of no use if not granted and done by then')
    .option('--expected <duration>', 'how long the work takes (default: the lease)')
    .option('--not-preemptible', 'may not be taken for more urgent work (default: it may)')
    .option('--no-wait', 'do not wait for the outcome of a queued request')
    .option('--dry-run', 'only say what would happen')
    .addHelpText(
      'after',
      examples(
        'request acme/research/run-42/step-7 --credits 0.05',
        'request acme/research/run-42 --item memory=512MiB --item concurrency=1 --max-wait 30s',
        'request acme/research/run-42 --credits 1 --min credits=0.25 --priority high',
      ),
    )
    .action(run(request));
}

async function request(session: Session, options: RequestOptions, text: string): Promise<ExitCode> {
  const path = nodePath(text);
  const ask = askFrom(options);
  const answer = await withGovernor<Answer>(session, teamOf(path), (client) => {
    if (options.dryRun) return client.dryRun(path, ask);
    const id = options.id === undefined ? {} : { id: options.id };
    if (!options.wait) return client.send({ op: 'request', path, ...ask, ...id });
    return client.request(path, ask, { ...id, signal: session.signal });
  });
  session.screen.result(answer, () => answerText(answer, session.screen.paint));
  return answer.outcome === 'denied' ? EXIT.failed : EXIT.ok;
}

function askFrom(options: RequestOptions): AskInput {
  const items: Record<string, { amount: number; min?: number }> = {};
  for (const [resource, amount] of Object.entries(amountsFrom(options)))
    items[resource] = { amount };
  for (const text of options.min ?? []) {
    const [resource, min] = namedAmount(text, '--min');
    items[resource] = { amount: items[resource]?.amount ?? min, min };
  }
  const duration = (name: string, value: string | undefined, option: string) =>
    value === undefined ? {} : { [name]: durationMs(value, option) };
  return {
    items,
    ...duration('ttlMs', options.ttl, '--ttl'),
    ...duration('maxWaitMs', options.maxWait, '--max-wait'),
    ...duration('graceMs', options.grace, '--grace'),
    ...duration('deadlineMs', options.deadline, '--deadline'),
    ...duration('expectedMs', options.expected, '--expected'),
    ...(options.priority === undefined
      ? {}
      : { priority: priorityFrom(options.priority, '--priority') }),
    ...(options.impact === undefined
      ? {}
      : { businessImpact: wholeNumber(options.impact, '--impact') }),
    ...(options.notPreemptible === undefined ? {} : { preemptible: false }),
  };
}
