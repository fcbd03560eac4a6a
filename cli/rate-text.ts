import type { ResourceLimits } from '../events/commands.ts';
import { ResourceName } from '../events/names.ts';
import type { RateLine } from '../events/rate-line.ts';
import { countText, durationText } from '../workload/number-text.ts';
import { UsageError } from './errors.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';
import { durationMs, wholeNumber } from './values.ts';

const RATE = /^([^=]+)=(none|(\d+)\/([^:]+?)(?::(bucket)(?:=(\d+))?)?)$/;

/**
 * A limit per time: `rate.search=60/1m` in any minute, `rate.search=60/1m:bucket=10` evenly with at
 * most 10 saved up, `rate.search=none` no longer. @throws UsageError
 */
export function rateFrom(text: string, option: string): [string, ResourceLimits[string]] {
  const [, resource = '', what, limit = '', time = '', bucket, burst] = RATE.exec(text) ?? [];
  if (!ResourceName.safeParse(resource).success) {
    throw new UsageError(
      `${option}: '${text}' is no NAME=LIMIT/TIME.`,
      'Write a rate such as rate.search=60/1m, rate.search=60/1m:bucket=10 or rate.search=none.',
    );
  }
  if (what === 'none') return [resource, { limit: null }];
  const ms = durationMs(time, option);
  const by = bucket === undefined ? ('sliding' as const) : ('bucket' as const);
  const saved = burst === undefined ? {} : { burst: wholeNumber(burst, option, 1) };
  return [resource, { limit: wholeNumber(limit, option), per: { ms, by, ...saved } }];
}

function nextText(retryAfterMs: number | null | undefined): string {
  if (retryAfterMs === undefined) return '';
  return retryAfterMs === null ? 'never' : durationText(retryAfterMs);
}

/** A rate, from the writer as it stands now, or from a projection as it is limited. */
export type ShownRate = Pick<RateLine, 'resource' | 'limit' | 'ms' | 'by' | 'burst'> &
  Partial<RateLine>;

/** The rates of a node as a table. */
export function ratesTable(rates: readonly ShownRate[], paint: Colours): string {
  const rows = rates.map(({ resource, unit = '', limit, ms, by, burst, ...line }) => [
    resource,
    `${countText(limit)} ${unit} in ${durationText(ms)}`,
    by === 'sliding' ? 'any such time' : `evenly, ${countText(burst)} at once`,
    line.counted === undefined ? '' : countText(line.counted),
    line.effectiveAvailable === undefined ? '' : countText(line.effectiveAvailable),
    nextText(line.retryAfterMs),
  ]);
  const head = ['rate', 'limit', 'over', 'counted', 'available', 'next in'];
  return tableText(head, rows, ['left', 'left', 'left', 'right', 'right', 'right'], paint);
}
