import type { Command } from 'commander';
import type { ResourceLimits } from '../events/commands.ts';
import { PriorityInput } from '../events/priority.ts';
import { UsageError } from './errors.ts';
import { rateFrom } from './rate-text.ts';
import { amountOf, namedAmount } from './values.ts';

/** How amounts are given on a command line. */
export type AmountOptions = { readonly credits?: string; readonly item?: readonly string[] };

/** Adds `--credits` and `--item`. */
export function withAmounts(command: Command, credits: string): Command {
  return command
    .option('--credits <usd>', credits)
    .option('--item <name=amount>', 'of any resource, in its unit; may be repeated', collect);
}

/** Amounts by resource. @throws UsageError when there are none, or one is given twice */
export function amountsFrom({ credits, item = [] }: AmountOptions): Record<string, number> {
  const amounts: Record<string, number> = {};
  if (credits !== undefined) amounts['credits'] = amountOf('credits', credits, '--credits');
  for (const text of item) {
    const [resource, amount] = namedAmount(text, '--item');
    if (amounts[resource] !== undefined) {
      throw new UsageError(`${resource} is given twice.`, 'Name each resource once.');
    }
    amounts[resource] = amount;
  }
  if (Object.keys(amounts).length > 0) return amounts;
  throw new UsageError(
    'It does not say how much of what.',
    'Give --credits 0.05 or --item NAME=AMOUNT, such as --item tool_calls=1.',
  );
}

/** How limits are given on a command line. */
export type LimitOptions = {
  readonly credits?: string;
  readonly limit?: readonly string[];
  readonly guarantee?: readonly string[];
  readonly lend?: readonly string[];
  readonly overrunLimit?: readonly string[];
  readonly rate?: readonly string[];
};

/** Adds `--credits`, `--limit`, `--rate`, `--guarantee`, `--lend` and `--overrun-limit`. */
export function withLimits(command: Command): Command {
  return command
    .option('--credits <usd>', 'limit on credits; "none" takes it away')
    .option(
      '--limit <name=amount>',
      'limit on any resource, or NAME=none; may be repeated',
      collect,
    )
    .option(
      '--rate <name=limit/time>',
      'limit per time: rate.search=60/1m, with :bucket=10 evenly; may be repeated',
      collect,
    )
    .option('--guarantee <name=amount>', 'set aside from the parent; may be repeated', collect)
    .option(
      '--lend <name=amount>',
      'of a guaranteed capacity what others may use while it is idle: an amount or all (default)',
      collect,
    )
    .option(
      '--overrun-limit <name=amount>',
      'most that one settle may book above its hold before the run is frozen, or NAME=none',
      collect,
    );
}

/** Limits by resource; empty when none is given. @throws UsageError */
export function limitsFrom(options: LimitOptions): ResourceLimits {
  const { credits, limit = [], guarantee = [], lend = [], overrunLimit = [] } = options;
  const limits: Record<string, ResourceLimits[string]> = {};
  const set = (text: string, option: string, field: string, none: string | null) => {
    const isNone = none !== null && text.endsWith(`=${none}`);
    const plain = isNone ? `${text.slice(0, -(none.length + 1))}=0` : text;
    const [resource, amount] = namedAmount(plain, option);
    limits[resource] = { ...limits[resource], [field]: isNone ? null : amount };
  };
  if (credits !== undefined) set(`credits=${credits}`, '--credits', 'limit', 'none');
  for (const text of limit) set(text, '--limit', 'limit', 'none');
  for (const text of guarantee) set(text, '--guarantee', 'guarantee', null);
  for (const text of lend) set(text, '--lend', 'lend', 'all');
  for (const text of options.rate ?? []) {
    const [resource, limited] = rateFrom(text, '--rate');
    limits[resource] = limited;
  }
  for (const text of overrunLimit) set(text, '--overrun-limit', 'overrunLimit', 'none');
  return limits;
}

/** A priority by name or number. @throws UsageError */
export function priorityFrom(text: string, option: string): number {
  const parsed = PriorityInput.safeParse(/^-?\d+$/.test(text) ? Number(text) : text);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `${option}: '${text}' is no priority.`,
    'Write low, normal, high, critical or emergency, or a whole number (normal is 100).',
  );
}

/** For options that may be repeated. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
