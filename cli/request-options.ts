import type { Command } from 'commander';
import type { AskInput } from '../client/client.ts';
import {
  type AmountOptions,
  amountsFrom,
  collect,
  priorityFrom,
  withAmounts,
} from './ask-options.ts';
import { durationMs, namedAmount, wholeNumber } from './values.ts';

/** How a request is given on a command line. */
export type AskTexts = AmountOptions & {
  readonly min?: readonly string[];
  readonly anyOf?: readonly string[];
  readonly priority?: string;
  readonly impact?: string;
  readonly ttl?: string;
  readonly maxWait?: string;
  readonly grace?: string;
  readonly deadline?: string;
  readonly expected?: string;
  readonly notPreemptible?: boolean;
  readonly topUpLater?: boolean;
  readonly reservation?: string;
};

/** Adds the options of a request but for its path and id. */
export function withAsk(command: Command): Command {
  return withAmounts(command, 'credits, in USD')
    .option('--min <name=amount>', 'take less if there is not enough; may be repeated', collect)
    .option(
      '--any-of <pools=amount>',
      'of one of several pools, whichever has the least to do: pool.a,pool.b=2; may be repeated',
      collect,
    )
    .option('--priority <name>', 'low, normal, high, critical, emergency or a number')
    .option('--impact <0-100>', 'what is at stake; breaks ties')
    .option('--ttl <duration>', 'lease; unless renewed or settled by then it ends (default 60s)')
    .option('--max-wait <duration>', 'wait in the queue for so long (default: do not queue)')
    .option('--grace <duration>', 'time it would need to yield, should it be preempted')
    .option('--deadline <duration>', 'of no use if not granted and done by then')
    .option('--expected <duration>', 'how long the work takes (default: the lease)')
    .option('--reservation <id>', 'draw from what was reserved under this id')
    .option('--top-up-later', 'granted in part, wait for the rest and grow by it')
    .option('--not-preemptible', 'may not be taken for more urgent work (default: it may)');
}

/** `pool.a,pool.b=2` as a group of pools. @throws UsageError */
function groupFrom(text: string): { pools: string[]; amount: number; min?: number } {
  const [names = '', ...rest] = text.split('=');
  const pools = names.split(',');
  const [, amount] = namedAmount([pools[0], ...rest].join('='), '--any-of');
  return { pools, amount };
}

/** The ask that the options spell. @throws UsageError */
export function askFrom(options: AskTexts): AskInput {
  const items: Record<string, { amount: number; min?: number }> = {};
  const isPooled = options.anyOf !== undefined;
  const isNamed = options.credits !== undefined || options.item !== undefined;
  const amounts = isPooled && !isNamed ? {} : amountsFrom(options);
  for (const [resource, amount] of Object.entries(amounts)) items[resource] = { amount };
  const anyOf = options.anyOf?.map(groupFrom);
  for (const text of options.min ?? []) {
    const [resource, min] = namedAmount(text, '--min');
    const group = anyOf?.find(({ pools }) => pools.includes(resource));
    if (group !== undefined) group.min = min;
    else items[resource] = { amount: items[resource]?.amount ?? min, min };
  }
  const duration = (name: string, value: string | undefined, option: string) =>
    value === undefined ? {} : { [name]: durationMs(value, option) };
  return {
    items,
    ...(anyOf === undefined ? {} : { anyOf }),
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
    ...(options.reservation === undefined ? {} : { reservationId: options.reservation }),
    ...(options.topUpLater === undefined ? {} : { topUpLater: true }),
    ...(options.notPreemptible === undefined ? {} : { preemptible: false }),
  };
}
