import type { EventOf } from '../../events/events.ts';
import type { Amounts, RateMeter } from '../../events/resources.ts';
import { nearest, parentOf } from './books.ts';
import type { AccountName } from './line.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';

/** What one grant has counted of a rate. */
interface Count {
  readonly id: string;
  readonly atMs: number;
  readonly asked: number;
  amount: number;
}

/** A rate of one node: everything that it ever counted by this meter. */
export interface ModelRate {
  readonly per: RateMeter;
  readonly counts: Count[];
  /** Limits, with the time from which each is in force. */
  readonly limits: { readonly atMs: number; readonly limit: number }[];
  /** Of a bucket, corrections at the time of the settle. */
  readonly corrections: { readonly atMs: number; readonly amount: number }[];
}

/** A rate on the path of an ask, what it has left and what is asked of it. */
interface RateNeed {
  readonly node: ModelNode;
  readonly resource: string;
  readonly rate: ModelRate;
  readonly need: number;
  readonly room: number;
}

export function limitOf({ limits }: ModelRate): number {
  return limits.at(-1)?.limit ?? 0;
}

/** The most that can be granted at once. */
function burstOf(rate: ModelRate, limit = limitOf(rate)): number {
  return rate.per.burst ?? limit;
}

/** S §3, R-17: what is left at a time: of a window by its sum, of a bucket by all that ever flowed. */
function roomOf(rate: ModelRate, nowMs: number): number {
  const { per, counts } = rate;
  if (per.by === 'sliding') {
    const used = counts
      .filter(({ atMs }) => nowMs - atMs < per.ms)
      .reduce((sum, { amount }) => sum + amount, 0);
    return limitOf(rate) - used;
  }
  return Number(levelOf(rate, nowMs) / BigInt(per.ms));
}

/** The level of a bucket, times its `ms`: played again from its beginning. */
function levelOf({ per, counts, limits, corrections }: ModelRate, nowMs: number): bigint {
  type Step = { readonly atMs: number; readonly take?: number; readonly limit?: number };
  const steps: Step[] = [
    ...limits,
    ...counts.map(({ atMs, asked }) => ({ atMs, take: asked })),
    ...corrections.map(({ atMs, amount }) => ({ atMs, take: amount })),
  ];
  const inOrder = steps.map((step, place) => ({ step, place }));
  inOrder.sort((a, b) => a.step.atMs - b.step.atMs || a.place - b.place);
  const ms = BigInt(per.ms);
  const first = limits[0]?.limit ?? 0;
  let limit = BigInt(first);
  let full = BigInt(per.burst ?? first) * ms;
  let level = full;
  let at = limits[0]?.atMs ?? nowMs;
  const flow = (toMs: number) => {
    level += BigInt(toMs - at) * limit;
    if (level > full) level = full;
    at = toMs;
  };
  for (const { step } of inOrder) {
    flow(step.atMs);
    if (step.limit !== undefined) {
      limit = BigInt(step.limit);
      full = BigInt(per.burst ?? step.limit) * ms;
    } else level -= BigInt(step.take ?? 0) * ms;
    if (level > full) level = full;
  }
  flow(nowMs);
  return level;
}

/** Every rate that an ask meets, innermost first. */
export function rateNeeds(state: State, path: string, rates: Amounts, nowMs: number): RateNeed[] {
  const found: RateNeed[] = [];
  for (const [resource, need] of Object.entries(rates)) {
    for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
      const rate = node.rates.get(resource);
      if (rate !== undefined) found.push({ node, resource, rate, need, room: roomOf(rate, nowMs) });
    }
  }
  return found;
}

/** The rates that have no room for an ask now. */
export function shortRates(state: State, path: string, rates: Amounts): RateNeed[] {
  return rateNeeds(state, path, rates, state.nowMs).filter(({ need, room }) => need > room);
}

/** The same as the names of accounts, for those who may wait there. */
export function shortRateAccounts(state: State, path: string, rates: Amounts): AccountName[] {
  return shortRates(state, path, rates).map(({ node, resource }) => ({
    path: node.path,
    resource,
  }));
}

/** whether some rate could never grant so much at once. */
export function neverRated(state: State, path: string, rates: Amounts): boolean {
  return rateNeeds(state, path, rates, state.nowMs).some(
    ({ rate, need }) =>
      need > burstOf(rate) ||
      (rate.per.by === 'bucket' && limitOf(rate) === 0 && need > roomOf(rate, state.nowMs)),
  );
}

/** Sets or takes away the limit of a rate; another meter counts anew. */
export function setRate(
  node: ModelNode,
  resource: string,
  per: RateMeter,
  limit: number | null,
  atMs: number,
): void {
  if (limit === null) {
    node.rates.delete(resource);
    return;
  }
  const before = node.rates.get(resource);
  const isSame =
    before?.per.ms === per.ms && before.per.by === per.by && before.per.burst === per.burst;
  if (before !== undefined && isSame) before.limits.push({ atMs, limit });
  else {
    node.rates.set(resource, { per, counts: [], limits: [{ atMs, limit }], corrections: [] });
  }
}

/** Counts a grant on every tier. */
export function countRates(state: State, event: EventOf<'AllocationGranted'>): void {
  const { id, atMs, rates = {} } = event;
  for (const { rate, need } of rateNeeds(state, event.ask.path, rates, atMs)) {
    rate.counts.push({ id, atMs, asked: need, amount: need });
  }
}

/** What a live allocation has counted and where it still counts. */
export function countedBy(state: State, id: string): { resource: string; asked: number }[] {
  return [...state.nodes.values()].flatMap(({ rates }) =>
    [...rates].flatMap(([resource, { counts }]) =>
      counts.filter((one) => one.id === id).map(({ asked }) => ({ resource, asked })),
    ),
  );
}

/** What was really used is stated: a window corrects it where it was counted, a bucket now. */
export function correctRates(state: State, event: EventOf<'AllocationEnded'>): void {
  for (const [resource, actual] of Object.entries(event.rates ?? {})) {
    for (const { rates } of state.nodes.values()) {
      const rate = rates.get(resource);
      const count = rate?.counts.find(({ id }) => id === event.allocation);
      if (rate === undefined || count === undefined || count.asked === 0) continue;
      const most = Math.max(count.asked, burstOf(rate));
      count.amount = Math.min(actual, most);
      rate.corrections.push({ atMs: event.atMs, amount: count.amount - count.asked });
    }
  }
}
