import type { Command } from 'commander';
import type { ResourceLimits } from '../events/commands.ts';
import { problemOf } from '../events/problem.ts';
import { Threshold, Window } from '../events/window.ts';
import { collect, type LimitOptions, limitsFrom } from './ask-options.ts';
import { UsageError } from './errors.ts';
import { namedAmount } from './values.ts';

/** How limits with windows and thresholds are given on a command line. */
export type TermOptions = LimitOptions & {
  readonly window?: readonly string[];
  readonly windowAt?: string;
  readonly weekStart?: string;
  readonly carryDebt?: boolean;
  readonly threshold?: readonly string[];
};

/** Adds `--window` with what belongs to it, and `--threshold`. */
export function withTerms(command: Command): Command {
  return command
    .option(
      '--window <name=every[@zone]>',
      'what is spent of it counts until the window ends: 1d, 1w, 1mo, 6h …, or manual',
      collect,
    )
    .option('--window-at <hh:mm>', 'with --window: local time at which a day begins')
    .option('--week-start <day>', 'with --window: mon (default), sun …')
    .option('--carry-debt', 'with --window: what is spent above the limit burdens the next one')
    .option(
      '--threshold <name=bound[:kind]>',
      'told when use reaches 80% or an amount, or no more than left<AMOUNT is left; or NAME=none',
      collect,
    );
}

/** Limits with windows and thresholds by resource; empty when none is given. @throws UsageError */
export function termsFrom(options: TermOptions): ResourceLimits {
  const limits: Record<string, ResourceLimits[string]> = { ...limitsFrom(options) };
  for (const text of options.window ?? []) {
    const [resource, window] = windowFrom(text, options);
    limits[resource] = { ...limits[resource], window };
  }
  for (const text of options.threshold ?? []) {
    const [resource, threshold] = thresholdFrom(text);
    const before = limits[resource]?.thresholds ?? [];
    const thresholds = threshold === null ? null : [...before, threshold];
    limits[resource] = { ...limits[resource], thresholds };
  }
  return limits;
}

function windowFrom(text: string, options: TermOptions): readonly [string, Window] {
  const [, resource = '', every, tz] = /^([^=]+)=([^@]+)(?:@(.+))?$/.exec(text) ?? [];
  const { windowAt, weekStart, carryDebt } = options;
  const parsed = Window.safeParse({ every, tz, at: windowAt, weekStart, carryDebt });
  if (parsed.success && resource !== '') return [resource, parsed.data];
  const { message } = parsed.success
    ? { message: 'must name a resource' }
    : problemOf(parsed.error);
  throw new UsageError(
    `--window: '${text}' is no window: it ${message}.`,
    'Write NAME=EVERY, such as credits=1d, credits=1mo@Europe/Berlin or credits=manual.',
  );
}

function thresholdFrom(text: string): readonly [string, Threshold | null] {
  const [, resource = '', bound = '', kind] = /^([^=]+)=([^:]+)(?::(.+))?$/.exec(text) ?? [];
  if (bound === 'none') return [resource, null];
  const parsed = Threshold.safeParse({ ...boundFrom(resource, bound), kind });
  if (parsed.success) return [resource, parsed.data];
  throw new UsageError(
    `--threshold: '${text}' is no threshold: it ${problemOf(parsed.error).message}.`,
    'Write NAME=80%, NAME=AMOUNT or NAME=left<AMOUNT, and :notice, :warning, :critical after it.',
  );
}

function boundFrom(resource: string, bound: string): Partial<Threshold> {
  const percent = /^(\d+)%$/.exec(bound)?.[1];
  if (percent !== undefined) return { usagePercent: Number(percent) };
  const isLeft = bound.startsWith('left<');
  const amount = namedAmount(`${resource}=${isLeft ? bound.slice(5) : bound}`, '--threshold')[1];
  return isLeft ? { balance: amount } : { usage: amount };
}
