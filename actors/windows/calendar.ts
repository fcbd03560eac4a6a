import type { Window } from '../../events/window.ts';

/**
 * How far a zone's local time is ahead of UTC at an instant, ms; undefined for a zone that nobody
 * knows. Given to the deciders from outside, because zones are the platform's (writer/zones.ts).
 */
export type ZoneOffset = (tz: string, atMs: number) => number | undefined;

/** Knows UTC alone. */
export const utcOnly: ZoneOffset = (tz) => (tz === 'UTC' ? 0 : undefined);

/**
 * When the window in force at an instant ends: the first instant after it at which, in the zone of
 * the window, a new day, week, month, year or stretch of the day begins. A local time that a change
 * of the clocks leaves out comes with the end of the gap, one that it repeats comes first.
 * @returns null for a window that ends only by hand
 * @throws RangeError for a zone that is not known
 */
export function windowEndAfter(window: Window, atMs: number, offsetOf: ZoneOffset): number | null {
  if (window.every === 'manual') return null;
  const count = Number.parseInt(window.every, 10);
  const unit = window.every.slice(String(count).length) as Unit;
  const zone = new Zone(window, offsetOf);
  const today = zone.dayOf(atMs);
  switch (unit) {
    case 's':
    case 'm':
    case 'h':
      return stretchEnd(zone, today, count * UNIT_MS[unit], atMs);
    case 'd':
      if (count > 1) return zone.startOf(today + count);
      return zone.startOf(zone.startOf(today) > atMs ? today : today + 1);
    case 'w': {
      if (count > 1) return zone.startOf(today + count * 7);
      const first = today - ((today + THURSDAY - WEEKDAYS.indexOf(window.weekStart) + 7) % 7);
      return zone.startOf(zone.startOf(first) > atMs ? first : first + 7);
    }
    case 'mo':
      return monthStart(zone, today, 1, count, atMs);
    case 'y':
      return monthStart(zone, today, 12, count * 12, atMs);
    default:
      return unit satisfies never;
  }
}

type Unit = 's' | 'm' | 'h' | 'd' | 'w' | 'mo' | 'y';
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DAY_MS = 86_400_000;
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** The weekday of 1 January 1970, day 0. */
const THURSDAY = 4;

/** Stretches are counted from the start of the local day, and the day's end ends the last one. */
function stretchEnd(zone: Zone, today: number, stepMs: number, atMs: number): number {
  const day = zone.startOf(today) > atMs ? today - 1 : today;
  const startMs = zone.startOf(day);
  const nextMs = startMs + (Math.floor((atMs - startMs) / stepMs) + 1) * stepMs;
  return Math.min(nextMs, zone.startOf(day + 1));
}

/** The first day of a month, of which every `step`-th counts from January on. */
function monthStart(zone: Zone, today: number, step: number, count: number, atMs: number): number {
  const date = new Date(today * DAY_MS);
  const month = date.getUTCMonth() - (date.getUTCMonth() % step);
  const dayOfMonth = (ahead: number) => Date.UTC(date.getUTCFullYear(), month + ahead) / DAY_MS;
  const isAhead = zone.startOf(dayOfMonth(0)) > atMs;
  return zone.startOf(dayOfMonth((isAhead ? 0 : step) + count - step));
}

/** Local days of a zone that begin at a local time. */
class Zone {
  readonly #tz: string;
  readonly #offsetOf: ZoneOffset;
  readonly #atOfDayMs: number;

  constructor({ tz, at }: Window, offsetOf: ZoneOffset) {
    this.#tz = tz;
    this.#offsetOf = offsetOf;
    const [hours, minutes, seconds = 0] = at.split(':').map(Number) as [number, number, number?];
    this.#atOfDayMs = hours * UNIT_MS.h + minutes * UNIT_MS.m + seconds * UNIT_MS.s;
  }

  /** The local date of an instant, as days since 1970. */
  dayOf(atMs: number): number {
    return Math.floor((atMs + this.#offset(atMs)) / DAY_MS);
  }

  /** The first instant of a local date at which its clock shows the time of day, or later. */
  startOf(day: number): number {
    const localMs = day * DAY_MS + this.#atOfDayMs;
    const before = this.#offset(localMs - DAY_MS);
    const after = this.#offset(localMs + DAY_MS);
    const early = localMs - Math.max(before, after);
    if (this.#shows(early) === localMs) return early;
    const late = localMs - Math.min(before, after);
    if (this.#shows(late) === localMs) return late;
    return this.#jumpBetween(early, late, localMs);
  }

  /** In a gap: the instant at which the clock jumps past the time. */
  #jumpBetween(earlyMs: number, lateMs: number, localMs: number): number {
    let [before, after] = [earlyMs, lateMs];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#shows(middle) >= localMs) after = middle;
      else before = middle;
    }
    return after;
  }

  #shows(atMs: number): number {
    return atMs + this.#offset(atMs);
  }

  #offset(atMs: number): number {
    const offset = this.#offsetOf(this.#tz, atMs);
    if (offset === undefined) throw new RangeError(`${this.#tz} is no zone that is known here`);
    return offset;
  }
}
