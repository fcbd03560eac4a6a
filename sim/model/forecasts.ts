import type { BursarEvent, Earlier } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { isWithin } from '../../events/names.ts';
import { type Amounts, resourceTypeOf } from '../../events/resources.ts';
import { spentTree, windowOver } from './spent.ts';
import type { State } from './state.ts';

/** What was spent of one resource of a team or swarm since its policy was set. */
export interface Watched {
  /** Time of the earliest use that was counted. */
  sinceMs: number;
  uses: { readonly usedAtMs: number; readonly amount: number }[];
  isRaised: boolean;
  /** When it was spent last and nobody has judged since what was to be told. */
  touchedAtMs: number | null;
}

/** What a forecast has to say. Null: too little is known, or there is no limit. */
export interface Expected {
  readonly left: number;
  readonly limit: number;
  readonly lastsMs: number;
  readonly earliestMs: number;
  readonly latestMs: number | null;
  readonly ratePerHour: number;
  readonly samples: number;
}

/** Counts what an event books, before the books have taken it. */
export function watch(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'PolicySet':
      return state.watched.clear();
    case 'NodeClosed':
      for (const key of state.watched.keys()) {
        if (isWithin(key.slice(0, key.indexOf('|')), event.path)) state.watched.delete(key);
      }
      return;
    case 'AllocationEnded': {
      const live = state.live.get(event.allocation);
      if (live !== undefined) spend(state, live.path, event.atMs, event.booked, event.earlier);
      return;
    }
    case 'Charged':
      return spend(state, event.path, event.atMs, event.amounts, event.earlier);
    case 'LateSettled':
    case 'Adjusted': {
      const [more, less] =
        event.type === 'Adjusted' ? [event.more, event.less] : [event.booked, event.returned ?? {}];
      const { path, atMs, earlier, earlierReturned } = event;
      return spend(state, path, atMs, more, earlier, less, earlierReturned);
    }
    default:
      return;
  }
}

function spend(
  state: State,
  path: string,
  atMs: number,
  more: Amounts,
  earlier: Earlier = [],
  less: Amounts = {},
  earlierLess: Earlier = [],
): void {
  if (state.policy.forecast === null) return;
  for (const resource of new Set([...Object.keys(more), ...Object.keys(less)])) {
    if (resourceTypeOf(resource)?.class !== 'consumable') continue;
    const of = (parts: Earlier) =>
      parts.map(({ usedAtMs, amounts }) => ({ usedAtMs, amount: amounts[resource] ?? 0 }));
    const [before, beforeLess] = [of(earlier), of(earlierLess)];
    const sum = (parts: readonly { amount: number }[]) =>
      parts.reduce((total, { amount }) => total + amount, 0);
    const now = (more[resource] ?? 0) - sum(before) - ((less[resource] ?? 0) - sum(beforeLess));
    const uses = [
      { usedAtMs: atMs, amount: now },
      ...before,
      ...beforeLess.map(({ usedAtMs, amount }) => ({ usedAtMs, amount: -amount })),
    ];
    for (const node of state.nodes.values()) {
      if (node.tier !== 'team' && node.tier !== 'swarm') continue;
      if (isWithin(path, node.path)) count(state, `${node.path}|${resource}`, uses, atMs);
    }
  }
}

function count(state: State, key: string, uses: Watched['uses'], atMs: number): void {
  for (const one of uses) {
    if (one.amount === 0) continue;
    let watched = state.watched.get(key);
    if (watched === undefined) {
      watched = { sinceMs: Infinity, uses: [], isRaised: false, touchedAtMs: null };
      state.watched.set(key, watched);
    }
    watched.touchedAtMs = atMs;
    if (one.usedAtMs < windowStart(state, atMs)) continue;
    watched.uses.push(one);
    watched.sinceMs = Math.min(watched.sinceMs, one.usedAtMs);
  }
}

function pieceMs(state: State): number {
  return Math.floor((state.policy.forecast?.windowMs ?? 0) / LIMITS.forecastPieces);
}

/** twelve pieces of one grid, the last of them running. */
function windowStart(state: State, nowMs: number): number {
  const piece = pieceMs(state);
  return (Math.floor(nowMs / piece) - LIMITS.forecastPieces + 1) * piece;
}

/** What a forecast of an account would say at an instant. */
export function expectedAt(state: State, key: string, nowMs: number): Expected | null {
  const bar = key.indexOf('|');
  const [path, resource] = [key.slice(0, bar), key.slice(bar + 1)];
  const node = state.nodes.get(path);
  const account = node?.accounts.get(resource);
  const watched = state.watched.get(key);
  const rules = state.policy.forecast;
  const limit = account?.limit ?? null;
  if (node === undefined || account === undefined || watched === undefined) return null;
  if (limit === null || rules === null) return null;
  const start = windowStart(state, nowMs);
  const uses = watched.uses.filter(({ usedAtMs }) => usedAtMs >= start);
  const samples = uses.filter(({ amount }) => amount > 0).length;
  const fromMs = Math.max(Math.min(watched.sinceMs, nowMs), start);
  const pieces = sums(uses, fromMs, nowMs, pieceMs(state));
  const spent = pieces.reduce((total, one) => total + one, 0n);
  if (samples < rules.leastSamples || spent <= 0n) return null;
  const over = BigInt(Math.max(nowMs - fromMs, pieceMs(state)));
  const used = spentTree(state.nodes, node, resource, windowOver(state.nodes, node, resource));
  const left = BigInt(Math.max(0, limit - used - account.carried));
  const error = errorOf(pieces, spent);
  const low = spent > error ? spent - error : 0n;
  return {
    left: Number(left),
    limit,
    lastsMs: exact((left * over) / spent),
    earliestMs: exact((left * over) / (spent + error)),
    latestMs: low === 0n ? null : exact((left * over) / low),
    ratePerHour: exact((spent * 3_600_000n) / over),
    samples,
  };
}

function sums(uses: Watched['uses'], fromMs: number, nowMs: number, piece: number): bigint[] {
  const first = Math.floor(fromMs / piece);
  const all = Array.from({ length: Math.floor(nowMs / piece) - first + 1 }, () => 0n);
  for (const { usedAtMs, amount } of uses) {
    const at = Math.max(0, Math.floor(usedAtMs / piece) - first);
    all[at] = (all[at] ?? 0n) + BigInt(amount);
  }
  return all;
}

/** Two standard errors of a sum of pieces that differ; of one piece, all of it. */
function errorOf(pieces: readonly bigint[], spent: bigint): bigint {
  const n = BigInt(pieces.length);
  if (n === 1n) return spent;
  const squares = pieces.reduce((total, one) => total + one * one, 0n);
  const variance = (n * squares - spent * spent) / (n - 1n);
  let [low, high] = [0n, variance + 1n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= variance) low = middle;
    else high = middle;
  }
  return 2n * low;
}

function exact(value: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value < most ? value : most);
}
