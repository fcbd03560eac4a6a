import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Bench } from './bench.ts';
import { room } from './books.ts';
import { isSameAmounts } from './content.ts';
import type { Account, ModelNode } from './nodes.ts';
import { giveOut, TIERS } from './slow-start.ts';
import type { State } from './state.ts';

type Begun = Bench<EventOf<'RecoveryStarted' | 'RecoveryAdvanced'>>;

/** an interval begins when it is due, and gives out its part of the room that there is. */
export function judgeInterval({ state, event, find }: Begun): void {
  const { path, place, permille, tier, allow, nextAtMs, atMs } = event;
  const node = state.nodes.get(path);
  const rules = state.policy.recovery;
  if (node === undefined || (node.tier !== 'team' && node.tier !== 'swarm')) {
    return find('X-05', `${path} does not recover`, path);
  }
  if (rules === null) return find('X-05', 'the policy has no slow start', path);
  if (event.type === 'RecoveryStarted') {
    if (place !== 0) find('X-05', `begins with the interval ${place}`, path);
    if (node.recoverAfter === null) find('X-05', 'nothing calls for a slow start', path);
    else if (node.recoverAfter !== event.cause) find('X-05', `because of ${event.cause}`, path);
    if (node.stops.size > 0 || node.freezes.size > 0) find('X-05', 'it is barred', path);
  } else if (node.recovery === null) return find('X-05', 'no slow start is under way', path);
  else {
    if (place !== node.recovery.place + 1) find('X-05', `the interval ${place} is not next`, path);
    if (atMs < node.recovery.nextAtMs) find('X-05', 'an interval begins before its time', path);
    if (isLast(rules, place)) find('X-05', 'it goes on when it should be over', path);
  }
  const part = Math.min(1_000, rules.startPermille + place * rules.stepPermille);
  if (permille !== part) find('X-05', `${permille} ‰ are given out, not ${part}`, path);
  if (tier !== TIERS[Math.min(place, 2)]) find('X-05', `lets in ${tier}s`, path);
  if (nextAtMs !== atMs + rules.everyMs) find('X-05', 'it lasts another time', path);
  const due = partOfRoom(state, node, part);
  if (!isSameAmounts(due, allow)) {
    find('X-05', `gives out ${JSON.stringify(allow)}, not ${JSON.stringify(due)}`, path);
  }
}

export function judgeRecovered({ state, event, find }: Bench<EventOf<'RecoveryCompleted'>>): void {
  const recovery = state.nodes.get(event.path)?.recovery ?? null;
  if (recovery === null) return find('X-05', 'no slow start is under way', event.path);
  const took = event.atMs - recovery.startedAtMs;
  if (event.tookMs !== took) find('X-05', `took ${event.tookMs} ms, not ${took}`, event.path);
  const rules = state.policy.recovery;
  if (rules === null) return;
  if (event.atMs < recovery.nextAtMs) find('X-05', 'it is over before its time', event.path);
  if (!isLast(rules, recovery.place + 1)) find('X-05', 'it is over too early', event.path);
}

/** Takes what begins, moves and ends slow starts into the books. */
export function foldRecovery(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'AllocationGranted':
      return giveOut(state, event);
    case 'RecoveryStarted':
    case 'RecoveryAdvanced':
      return withNode(state, event.path, (node) => {
        const { place, tier, allow, nextAtMs, atMs } = event;
        const isFirst = event.type === 'RecoveryStarted';
        const startedAtMs = isFirst ? atMs : (node.recovery?.startedAtMs ?? atMs);
        node.recovery = { startedAtMs, place, tier, allow, given: {}, nextAtMs };
        node.recoverAfter = null;
      });
    case 'RecoveryCompleted':
    case 'Stopped':
      return withNode(state, event.path, abandon);
    case 'DegradationChanged':
      if (event.to <= event.from || event.to <= 2) return;
      return withNode(state, event.path, abandon);
    case 'StopLifted':
      return callFor(state, event.path, 'lifted');
    case 'Unfrozen':
      return event.by === undefined ? undefined : callFor(state, event.path, 'unfrozen');
    case 'ThresholdCrossed':
      if (event.kind === 'exhausted') note(state, event.path, event.resource);
      return;
    case 'AlertRaised':
      if (event.threshold.kind === 'exhausted') note(state, event.path, event.resource);
      return;
    case 'ThresholdRearmed':
    case 'AlertCleared':
      return rearm(state, event.path, event.resource);
    case 'WindowOpened':
      return forget(state, event.resource);
    case 'LimitsSet':
      for (const [resource, { thresholds }] of Object.entries(event.limits)) {
        if (thresholds !== undefined) forget(state, resource);
      }
      return;
    case 'PolicySet':
      if (event.policy.recovery !== null) return;
      for (const { exhaustedAt } of state.nodes.values()) exhaustedAt.clear();
      return;
    default:
      return;
  }
}

/** Between two decisions nothing is left that calls for a slow start, or for the end of one. */
export function judgeRecoveries({ nodes, policy }: State, find: Bench['find']): void {
  for (const { path, recoverAfter, recovery } of nodes.values()) {
    if (policy.recovery !== null && recoverAfter !== null) {
      find('X-05', `a slow start is due (${recoverAfter})`, path);
    }
    if (policy.recovery === null && recovery !== null) find('X-05', 'a slow start goes on', path);
  }
}

function isLast(rules: { startPermille: number; stepPermille: number }, place: number): boolean {
  return place >= TIERS.length && rules.startPermille + place * rules.stepPermille >= 1_000;
}

function partOfRoom({ nodes }: State, node: ModelNode, permille: number): Record<string, number> {
  const part: Record<string, number> = {};
  for (const [resource, { limit }] of node.accounts) {
    if (limit === null) continue;
    const left = Math.max(0, room(nodes, node, resource));
    part[resource] = Number((BigInt(left) * BigInt(permille)) / 1_000n);
  }
  return part;
}

function abandon(node: ModelNode): void {
  node.recovery = null;
  node.recoverAfter = null;
}

function callFor({ nodes, policy }: State, path: string, cause: ModelNode['recoverAfter']): void {
  const node = nodes.get(path);
  if (policy.recovery === null || node === undefined) return;
  if (node.tier !== 'team' && node.tier !== 'swarm') return;
  if (node.stops.size > 0 || node.freezes.size > 0 || node.isClosing) return;
  node.recoverAfter = cause;
}

function note({ nodes, policy }: State, path: string, resource: string): void {
  const node = nodes.get(path);
  const limit = node?.accounts.get(resource)?.limit ?? null;
  if (policy.recovery !== null && limit !== null) node?.exhaustedAt.set(resource, limit);
}

/** an account is exhausted no more, with a higher limit than it was exhausted at. */
function rearm(state: State, path: string, resource: string): void {
  const node = state.nodes.get(path);
  const account = node?.accounts.get(resource);
  const before = node?.exhaustedAt.get(resource);
  if (node === undefined || account === undefined || before === undefined) return;
  if (state.policy.recovery === null || isExhausted(state, account)) return;
  node.exhaustedAt.delete(resource);
  if (account.limit === null || account.limit > before) callFor(state, path, 'top_up');
}

/** what a new window or other thresholds have ended was not ended by a top-up. */
function forget(state: State, resource: string): void {
  for (const { accounts, exhaustedAt } of state.nodes.values()) {
    const account = accounts.get(resource);
    if (account !== undefined && !isExhausted(state, account)) exhaustedAt.delete(resource);
  }
}

function isExhausted({ policy }: State, { hasThresholds, told, rung }: Account): boolean {
  const kinds = hasThresholds
    ? Object.values(told)
    : policy.ladder.slice(0, rung).map(({ kind }) => kind);
  return kinds.includes('exhausted');
}

function withNode(state: State, path: string, take: (node: ModelNode) => void): void {
  const node = state.nodes.get(path);
  if (node !== undefined) take(node);
}
