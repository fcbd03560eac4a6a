import { msOfDuration } from '../events/duration-ms.ts';
import { NodeName, NodePath, ResourceName } from '../events/names.ts';
import { problemOf } from '../events/problem.ts';
import { resourceTypeOf } from '../events/resources.ts';
import { AmountError } from '../workload/errors.ts';
import { microFromUsdText, usdText } from '../workload/money.ts';
import { countText, durationText } from '../workload/number-text.ts';
import { UsageError } from './errors.ts';

/** `500ms`, `10s`, `5m`, `2h`, `1d` in ms. @throws UsageError */
export function durationMs(text: string, option: string): number {
  const ms = msOfDuration(text.trim());
  if (ms !== undefined) return ms;
  throw new UsageError(
    `${option}: '${text}' is no duration.`,
    'Write a number and its unit: 500ms, 10s, 5m, 2h or 1d.',
  );
}

/** A whole number, of `max` at most. @throws UsageError */
export function wholeNumber(
  text: string,
  option: string,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const number = /^\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  const range = max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`;
  throw new UsageError(
    `${option}: '${text}' is no whole number from ${min} ${range}.`,
    'Write digits only, such as 8.',
  );
}

const BYTES = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/;
const BYTES_OF: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * An amount as people write it, in the resource's unit: credits in USD (`0.05`), memory in bytes
 * (`512MiB`), times as durations (`30s`), everything else as a whole number. @throws UsageError
 */
export function amountOf(resource: string, text: string, option: string): number {
  const unit = resourceTypeOf(resource)?.unit;
  if (unit === 'microcredits') return microcredits(text, option);
  if (unit === 'bytes') return bytes(text, option);
  if (unit === 'ms' && !/^\d+$/.test(text)) return durationMs(text, option);
  return wholeNumber(text, option);
}

/** An amount for people; the opposite of {@link amountOf}. */
export function showAmount(resource: string, amount: number): string {
  const unit = resourceTypeOf(resource)?.unit;
  if (unit === 'microcredits') return usdText(amount);
  if (unit === 'bytes') return showBytes(amount);
  return unit === 'ms' ? durationText(amount) : countText(amount);
}

/** `credits $0.05, tool_calls 1`; a dash for nothing. */
export function showAmounts(amounts: Readonly<Record<string, number>>): string {
  const shown = Object.entries(amounts).map(
    ([resource, amount]) => `${resource} ${showAmount(resource, amount)}`,
  );
  return shown.length === 0 ? '–' : shown.join(', ');
}

/** `name=amount` as both. @throws UsageError */
export function namedAmount(text: string, option: string): readonly [string, number] {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new UsageError(
      `${option}: '${text}' is no NAME=AMOUNT.`,
      'Write a resource and how much of it, such as tool_calls=1 or memory=512MiB.',
    );
  }
  const resource = text.slice(0, equals);
  // A team may have resources of its own; the governor knows them.
  if (!ResourceName.safeParse(resource).success) {
    throw new UsageError(
      `${option}: there is no resource '${resource}'.`,
      'Resources are credits, tool_calls, compute_ms, memory, concurrency, tool.NAME, slot.NAME, rate.NAME, and those of the policy.',
    );
  }
  return [resource, amountOf(resource, text.slice(equals + 1), option)];
}

function microcredits(text: string, option: string): number {
  try {
    return microFromUsdText(text.trim().replace(/^\$/, ''));
  } catch (cause) {
    if (!(cause instanceof AmountError)) throw cause;
    throw new UsageError(`${option}: ${cause.message}.`, 'Write USD, such as 0.05.', cause);
  }
}

function bytes(text: string, option: string): number {
  const [, number, unit = 'B'] = BYTES.exec(text.trim()) ?? [];
  const amount = Math.round(Number(number) * (BYTES_OF[unit] ?? Number.NaN));
  if (Number.isSafeInteger(amount)) return amount;
  throw new UsageError(
    `${option}: '${text}' is no amount of memory.`,
    'Write bytes, or a number with kB, MB, GB, KiB, MiB or GiB.',
  );
}

function showBytes(amount: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = BYTES_OF[unit] ?? 1;
    if (amount >= size) return `${Number((amount / size).toFixed(1))} ${unit}`;
  }
  return `${countText(amount)} B`;
}

/** A path of the tree, or the name of a team. @throws UsageError */
export function nodePath(text: string): string {
  const parsed = NodePath.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `'${text}' is no path: it ${problemOf(parsed.error).message}.`,
    'Write team/swarm/run/step, each of A-Z a-z 0-9 _ -, such as acme/research/run-42.',
  );
}

/** The name of a team, if one is given. @throws UsageError */
export function teamName(text: string | undefined): string | undefined {
  if (text === undefined || NodeName.safeParse(text).success) return text;
  throw new UsageError(
    `--team: '${text}' is no name of a team.`,
    'Write its name alone, of A-Z a-z 0-9 _ -, such as acme.',
  );
}

/** A wall-clock time for people: local date and time with ms. */
export function showTime(unixMs: number): string {
  const date = new Date(unixMs);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
