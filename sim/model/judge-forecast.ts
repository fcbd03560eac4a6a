import type { EventOf } from '../../events/events.ts';
import type { Bench } from './bench.ts';
import { type Expected, expectedAt } from './forecasts.ts';
import { windowOver } from './spent.ts';
import type { State } from './state.ts';

/** told once, when what is left lasts no longer than the horizon and not beyond its window. */
export function judgeForecast({ state, event, find }: Bench<EventOf<'ExhaustionForecast'>>): void {
  const { path, resource, atMs } = event;
  const key = `${path}|${resource}`;
  if (state.watched.get(key)?.isRaised === true) find('X-01', 'it was told before', path);
  const expected = expectedAt(state, key, atMs);
  if (expected === null) return find('X-01', 'nothing is known of it', path);
  if (!isDue(state, key, expected, atMs)) find('X-01', `lasts ${expected.lastsMs} ms`, path);
  const { left, limit, ratePerHour, samples, lastsMs, earliestMs, latestMs } = expected;
  const should = {
    left,
    limit,
    ratePerHour,
    samples,
    exhaustsAtMs: atMs + lastsMs,
    earliestAtMs: atMs + earliestMs,
    latestAtMs: latestMs === null ? null : Math.min(atMs + latestMs, Number.MAX_SAFE_INTEGER),
  };
  for (const [field, value] of Object.entries(should)) {
    const told = event[field as keyof typeof should];
    if (told !== value) find('X-01', `${field} is ${value}, not ${told}`, path);
  }
}

/** And taken back when it lasts longer by a quarter. */
export function judgeForecastCleared({
  state,
  event,
  find,
}: Bench<EventOf<'ForecastCleared'>>): void {
  const { path, resource, atMs } = event;
  const key = `${path}|${resource}`;
  if (state.watched.get(key)?.isRaised !== true) find('X-01', 'it was not told', path);
  if (!isOver(state, key, atMs)) find('X-01', 'it is as near as it was', path);
}

/** What was spent and should have been told of by then, whenever it was looked at. */
export function judgeForecasts(state: State, atMs: number, find: Bench['find']): void {
  for (const [key, watched] of state.watched) {
    const { touchedAtMs, isRaised } = watched;
    if (touchedAtMs === null) continue;
    watched.touchedAtMs = null;
    const instants = [touchedAtMs, atMs];
    const isMissed = isRaised
      ? instants.every((at) => isOver(state, key, at))
      : instants.every((at) => {
          const expected = expectedAt(state, key, at);
          return expected !== null && isDue(state, key, expected, at);
        });
    if (isMissed) find('X-01', `a forecast of ${key} is ${isRaised ? 'still' : 'not'} told`);
  }
}

function isDue(state: State, key: string, { left, lastsMs }: Expected, atMs: number): boolean {
  const { horizonMs = 0 } = state.policy.forecast ?? {};
  return left > 0 && lastsMs <= horizonMs && atMs + lastsMs < windowEndOf(state, key);
}

function isOver(state: State, key: string, atMs: number): boolean {
  const expected = expectedAt(state, key, atMs);
  if (expected === null) return true;
  if (expected.left === 0) return false;
  const { horizonMs = 0 } = state.policy.forecast ?? {};
  const { lastsMs } = expected;
  if (lastsMs > horizonMs + Math.floor(horizonMs / 4)) return true;
  const leftMs = windowEndOf(state, key) - atMs;
  return lastsMs >= leftMs + Math.floor(leftMs / 4);
}

/** When the window over an account ends; Infinity without one. */
function windowEndOf({ nodes }: State, key: string): number {
  const bar = key.indexOf('|');
  const [path, resource] = [key.slice(0, bar), key.slice(bar + 1)];
  const node = nodes.get(path);
  const definer = node && windowOver(nodes, node, resource);
  const window = definer == null ? null : nodes.get(definer)?.accounts.get(resource)?.window;
  return window?.endsAtMs ?? Infinity;
}
