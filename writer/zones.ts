/**
 * How far the local time of an IANA zone is ahead of UTC at an instant, ms, as the platform knows
 * it; undefined for a name that it does not know. Rules of zones change with the platform, so what
 * is computed from this is recorded and never computed again.
 */
export function zoneOffset(tz: string, atMs: number): number | undefined {
  const clock = clockOf(tz);
  if (clock === undefined) return undefined;
  const shown: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(atMs)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
  return localMs - Math.floor(atMs / 1_000) * 1_000;
}

const clocks = new Map<string, Intl.DateTimeFormat | undefined>();

function clockOf(tz: string): Intl.DateTimeFormat | undefined {
  if (!clocks.has(tz)) {
    // Whoever sends one wrong name after the other fills no memory.
    if (clocks.size >= CLOCKS_MAX) clocks.clear();
    clocks.set(tz, makeClock(tz));
  }
  return clocks.get(tz);
}

/** More than there are zones. */
const CLOCKS_MAX = 1_000;

function makeClock(timeZone: string): Intl.DateTimeFormat | undefined {
  const numeric = 'numeric';
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
