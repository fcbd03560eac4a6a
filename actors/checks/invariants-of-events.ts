import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Priority } from '../../events/priority.ts';
import { ALLOCATIONS, type Amounts } from '../../events/resources.ts';
import { mayPreempt } from '../../resolver/may-preempt.ts';
import type { Account } from '../accounts/account.ts';
import { hasUnusedGuarantee, preemptionAt } from '../contests/preemption-policy.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import type { Waiting } from '../queue/wait-queue.ts';
import type { Allocation, Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';
import { keptBy, newSecondBooks } from './second-books.ts';

/**
 * INV-7: an id is decided once. An event may carry an id that is known only where it goes on with
 * what the id began: the outcome of a request that waits, or the demand of an unclaimed grant that
 * is put back, in either case with the same content. Else a repeat of the id would be answered by
 * another event than before. One look-up.
 */
export function checkId(team: Team, event: BursarEvent, at: Position): void {
  const { id } = event as { readonly id?: string };
  if (id === undefined) return;
  const used = team.ids.get(id);
  if (used === undefined) return;
  const { digest, by } = event as { readonly digest?: number; readonly by?: string };
  // Logs of before 2026-11-22 put a demand back without the digest of its content.
  const isSame = used.digest === digest || (isPutBack(event) && digest === undefined);
  if (isSame && used.by === by && goesOn(team, event)) return;
  breached(event, at, {
    invariant: 'INV-7',
    path: 'path' in event ? event.path : team.name,
    what: `the place in the log where the id ${id} is decided`,
    expected: `${used.at.seq}-${used.at.index}`,
    found: `${at.seq}-${at.index}`,
  });
}

function goesOn(team: Team, event: BursarEvent): boolean {
  switch (event.type) {
    case 'AllocationGranted':
    case 'RequestDenied':
      return team.waiting.has(event.id) || team.approvals.has(event.id);
    case 'PreemptionRequested':
      return team.approvals.has(event.id);
    case 'RequestQueued':
      if (team.approvals.has(event.id)) return true;
      return isPutBack(event) && team.tombstones.get(event.id)?.as === 'unclaimed';
    default:
      return false;
  }
}

function isPutBack(event: BursarEvent): boolean {
  return event.type === 'RequestQueued' && event.after === 'unclaimed';
}

/**
 * INV-9: nothing is admitted on or beneath a node that is frozen, closing, or stopped for its
 * priority. Looks at freezes, closings and stops themselves, not at what the machines allow.
 * O(depth).
 * @param priority null for what stops do not concern: nodes and guarantees
 */
export function checkAdmission(
  team: Team,
  event: BursarEvent,
  path: string,
  priority: Priority | null,
  at: Position,
): void {
  let node: Node | undefined = team.nodes.get(path) ?? deepestOpen(team, path);
  for (; node !== undefined; node = node.parent) {
    const isFrozen = node.freezes !== undefined && node.freezes.size > 0;
    if (isFrozen || node.phase !== 'open') return admitted(event, at, node, node.phase);
    if (node.stops === undefined || priority === null) continue;
    for (const { below } of node.stops.values()) {
      if (below === null || priority < below) admitted(event, at, node, 'stopped');
    }
  }
}

/** INV-9: a guarantee that takes more of the parent is admitted there. */
export function checkGuarantees(team: Team, event: EventOf<'LimitsSet'>, at: Position): void {
  const node = team.nodes.get(event.path);
  if (node?.parent === undefined) return;
  for (const resource in event.limits) {
    const set = event.limits[resource] ?? {};
    const before = node.accounts.get(resource)?.second ?? newSecondBooks();
    const { guarantee = before.guarantee, lend = before.lend } = set;
    if (keptBy({ guarantee, lend }) <= before.share) continue;
    return checkAdmission(team, event, node.parent.path, null, at);
  }
}

function admitted(event: BursarEvent, at: Position, { path }: Node, found: string): never {
  const what = 'what admits something new';
  return breached(event, at, { invariant: 'INV-9', path, what, expected: 'open', found });
}

/** INV-10: logical time never falls. */
export function checkTime(team: Team, event: BursarEvent, at: Position): void {
  if (event.atMs >= team.lastAtMs) return;
  const place = { invariant: 'INV-10', path: team.name, what: 'the time of an event' } as const;
  breached(event, at, { ...place, expected: `${team.lastAtMs} at least`, found: event.atMs });
}

/**
 * INV-3 and INV-10: what ends lives, and what ends by itself does so not before its time; INV-14: who
 * is preempted yields to a request that preempts. O(1), for a fence O(depth).
 */
export function checkEnd(
  team: Team,
  event: EventOf<'AllocationEnded'>,
  allocation: Allocation | undefined,
  at: Position,
): void {
  if (allocation === undefined) {
    const tomb = team.tombstones.get(event.allocation);
    return breached(event, at, {
      invariant: 'INV-3',
      path: tomb?.path ?? team.name,
      what: `the allocation ${event.allocation} before it ends`,
      expected: 'live',
      found: tomb?.as ?? 'unknown',
    });
  }
  switch (event.as) {
    case 'expired':
      notBefore(event, at, allocation, 'the lease', allocation.expiresAtMs);
      break;
    case 'unclaimed':
      notBefore(event, at, allocation, 'the time to claim', allocation.claimUntilMs);
      break;
    case 'preempted': {
      notBefore(event, at, allocation, 'the grace', allocation.graceEndsAtMs);
      const { yieldsTo } = allocation;
      const isAsked = yieldsTo !== null && team.waiting.get(yieldsTo)?.state === 'preempting';
      if (!isAsked) {
        const what = `the request to which ${allocation.id} yields`;
        const place = { invariant: 'INV-14', path: allocation.node.path, what } as const;
        breached(event, at, { ...place, expected: 'one that preempts', found: yieldsTo });
      }
      break;
    }
    case 'reclaimed':
      checkReclaim(event, allocation, allocation.items, at);
      break;
    case 'timed_out':
      notBefore(event, at, allocation, 'the deadline of its node', allocation.node.deadlineAtMs);
      break;
    case 'fenced':
      notBefore(event, at, allocation, 'the time to end by itself', fenceAtMs(team, allocation));
      break;
    default:
      break;
  }
}

/**
 * INV-14: what is taken back is held beneath a node that is short of it, or under pressure and past
 * the time that its holders had. O(depth × resources).
 */
export function checkReclaim(
  event: BursarEvent,
  { id, node }: Allocation,
  taken: Amounts,
  at: Position,
): void {
  for (let above: Node | undefined = node; above !== undefined; above = above.parent) {
    for (const resource in taken) {
      const second = above.accounts.get(resource)?.second;
      if (second?.limit != null && second.committed > second.limit) return;
      const { shedUntilMs = null } = above.accounts.get(resource) ?? {};
      if (shedUntilMs !== null && shedUntilMs <= event.atMs) return;
    }
  }
  const what = `what ${id} gives back`;
  const place = { invariant: 'INV-14', path: node.path, what } as const;
  breached(event, at, { ...place, expected: 'what a limit above it is short of', found: 'other' });
}

/**
 * INV-18: an allocation that grows without a command meets a claim of its own, by as much as that
 * asks. O(resources).
 */
export function checkGrowth(
  team: Team,
  event: EventOf<'AllocationResized'>,
  { id, node, items }: Allocation,
  topUp: string,
  at: Position,
): void {
  const claim = team.waiting.get(topUp);
  const place = { invariant: 'INV-18', path: node.path } as const;
  if (claim?.ask.topsUp !== id) {
    const what = `the claim ${topUp} by which ${id} grows`;
    const found = claim?.ask.topsUp ?? 'none';
    return breached(event, at, { ...place, what, expected: `one of ${id}`, found });
  }
  for (const resource of new Set([...Object.keys(claim.ask.items), ...Object.keys(event.items)])) {
    const what = `the growth of ${id} in ${resource}`;
    const found = (event.items[resource] ?? items[resource] ?? 0) - (items[resource] ?? 0);
    const expected = claim.ask.items[resource]?.amount ?? 0;
    if (found !== expected) breached(event, at, { ...place, what, expected, found });
  }
}

function notBefore(
  event: BursarEvent,
  at: Position,
  { id, node }: Allocation,
  what: string,
  dueAtMs: number | null,
): void {
  if (dueAtMs !== null && event.atMs >= dueAtMs) return;
  breached(event, at, {
    invariant: 'INV-10',
    path: node.path,
    what: `the end of ${id}, before ${what} is over,`,
    expected: dueAtMs === null ? 'never' : `${dueAtMs} at least`,
    found: event.atMs,
  });
}

/** When an allocation may be fenced: by a stop that it counts in, or a closing above it. */
function fenceAtMs(team: Team, { node, stops }: Allocation): number | null {
  let atMs: number | null = null;
  const take = (ms: number | null | undefined) => {
    if (ms != null && (atMs === null || ms < atMs)) atMs = ms;
  };
  for (const { path, stop } of stops) take(team.nodes.get(path)?.stops?.get(stop)?.ackUntilMs);
  for (let above: Node | undefined = node; above !== undefined; above = above.parent) {
    take(above.fenceAtMs);
  }
  return atMs;
}

/**
 * INV-14: the right that a preemption names gives it: by policy, by the priorities of both sides,
 * past the victim's minimum run time, of somebody who holds what is short, where it is short.
 * O(victims × resources + depth).
 */
export function checkPreemption(
  team: Team,
  event: EventOf<'PreemptionRequested'>,
  at: Position,
): void {
  const { minRuntimeMs } = team.policy.preemption;
  const { ask, priority, right, victims, reasons } = event;
  const refuse = (what: string, expected: string, found: string | number | boolean): never =>
    breached(event, at, { invariant: 'INV-14', path: ask.path, what, expected, found });
  if (victims.length === 0) refuse('the number of victims', '1 at least', 0);
  const freed = new Map<Account, number>();
  for (const [index, id] of victims.entries()) {
    const victim = team.allocations.get(id);
    if (victim === undefined) return refuse(`the victim ${id}`, 'live', 'gone');
    if (victim.yieldsTo !== null) refuse(`the victim ${id}`, 'free', `of ${victim.yieldsTo}`);
    if (victim.ask.preemptible === false) refuse(`the victim ${id}`, 'preemptible', false);
    if (victim.reservation !== null) refuse(`what ${id} holds`, 'its own', 'reserved');
    const ranMs = event.atMs - victim.grantedAtMs;
    if (ranMs < minRuntimeMs) refuse(`the time that ${id} ran`, `${minRuntimeMs} at least`, ranMs);
    const reason = reasons?.[index] ?? (right === 'reclaim' ? 'reclaim-nominal' : 'priority');
    if (!hasRight(team, event, victim, reason, freed)) {
      refuse(`the priority of ${id}, taken by ${reason}`, `below ${priority}`, victim.priority);
    }
    if (!holdsWhatIsShort(team, ask, victim)) refuse(`what ${id} holds`, 'what is short', 'other');
    free(freed, victim);
  }
}

/** Adds what a victim gives to the accounts over it. */
function free(freed: Map<Account, number>, { node: from, items }: Allocation): void {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    for (const resource in items) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      freed.set(account, (freed.get(account) ?? 0) + (items[resource] as number));
    }
  }
}

/**
 * Whether the right by which a victim is taken gives it, as far as two sides alone can tell.
 * @param freed what the victims before it give
 */
function hasRight(
  team: Team,
  { ask: { path, items }, priority, atMs }: EventOf<'PreemptionRequested'>,
  victim: Allocation,
  reason: string,
  freed: ReadonlyMap<Account, number>,
): boolean {
  const from = deepestOpen(team, path);
  if (from === undefined) return false;
  const { preemption, boost } = preemptionAt(team, from);
  const request = { priority, boost, createdAtMs: atMs };
  const holder = {
    priority: victim.priority,
    grantedAtMs: victim.grantedAtMs,
    boost: preemptionAt(team, victim.node).boost,
  };
  const { withinNode, whileBorrowing, reclaim } = preemption;
  if (reason === 'fair-share') return true;
  if (reason === 'reclaim-nominal') {
    return (
      hasUnusedGuarantee(from, Object.keys(items), freed) && mayPreempt(reclaim, request, holder)
    );
  }
  return (
    mayPreempt(withinNode, request, holder) || mayPreempt(whileBorrowing.policy, request, holder)
  );
}

/** Whether a victim holds something asked for beneath a node of the ask's path that cannot take it. */
function holdsWhatIsShort(
  team: Team,
  { path, items }: EventOf<'PreemptionRequested'>['ask'],
  victim: Allocation,
): boolean {
  for (let node = deepestOpen(team, path); node !== undefined; node = node.parent) {
    if (!isWithin(victim.node.path, node.path)) continue;
    for (const resource of [...Object.keys(items), ALLOCATIONS]) {
      if ((victim.items[resource] ?? 0) === 0) continue;
      const account = node.accounts.get(resource);
      if (account === undefined || account.limit === null) continue;
      const bound = resource === ALLOCATIONS ? 1 : (team.policy.bounds[resource] ?? 0);
      const amount = items[resource]?.amount ?? bound;
      if (amount > account.limit - account.committed) return true;
    }
  }
  return false;
}

/**
 * What else must be true of an event before it: INV-3 of a late settle, INV-10 of what the writer
 * does by itself when a time has come, INV-15 of thresholds. O(1).
 */
export function checkTold(
  team: Team,
  event: BursarEvent,
  waiting: Waiting | undefined,
  at: Position,
): void {
  switch (event.type) {
    case 'LateSettled': {
      const tomb = team.tombstones.get(event.allocation);
      if (tomb !== undefined && !tomb.isSettled) return;
      const found = tomb === undefined ? 'unknown' : 'settled already';
      const what = `the ended allocation ${event.allocation}`;
      const place = { invariant: 'INV-3', path: event.path, what } as const;
      return breached(event, at, { ...place, expected: 'not settled', found });
    }
    case 'RequestDenied': {
      if (waiting === undefined || event.reason !== 'wait_timeout') return;
      if (event.atMs >= waiting.untilMs) return;
      const what = `the end of the patience of ${event.id}`;
      const place = { invariant: 'INV-10', path: event.ask.path, what } as const;
      return breached(event, at, { ...place, expected: waiting.untilMs, found: event.atMs });
    }
    case 'Unfrozen': {
      if (event.by !== undefined) return;
      const untilMs = team.nodes.get(event.path)?.freezes?.get(event.freeze)?.untilMs;
      if (untilMs == null || event.atMs >= untilMs) return;
      const what = `the end of the freeze ${event.freeze}`;
      const place = { invariant: 'INV-10', path: event.path, what } as const;
      return breached(event, at, { ...place, expected: untilMs, found: event.atMs });
    }
    case 'ThresholdCrossed':
      return rungIs(team, event, event.rung - 1, at);
    case 'ThresholdRearmed':
      return rungIs(team, event, event.rung, at);
    default:
      return;
  }
}

function rungIs(
  team: Team,
  event: EventOf<'ThresholdCrossed' | 'ThresholdRearmed'>,
  expected: number,
  at: Position,
): void {
  const { path, resource } = event;
  const found = team.nodes.get(path)?.accounts.get(resource)?.rung ?? 0;
  if (found === expected) return;
  const what = 'the rung that was announced before';
  breached(event, at, { invariant: 'INV-15', path, resource, what, expected, found });
}
