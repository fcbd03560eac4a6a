import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { climbOf } from '../accounts/account.ts';
import { addDue, climb, wakeDrawers, wakeOnPath } from '../accounts/climb.ts';
import { isHeldBack } from '../levels/held-back.ts';
import { slackMsOf } from '../nodes/deadline.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { leaveApprovals } from '../rules/approvals.ts';
import { accountKey, type Contest, type Team } from '../team.ts';
import { joinAging, leaveAging } from './queue-age.ts';
import { runKeyOf, strideOf } from './turns.ts';
import { type Waiting, WaitQueue } from './wait-queue.ts';

export function queued(team: Team, event: EventOf<'RequestQueued'>): void {
  join(team, event, {
    state: 'queued',
    queuedAtMs: event.queuedAtMs,
    attempt: event.attempt ?? 0,
    evictions: event.evictions ?? 0,
    earmarked: {},
    earmarkPath: event.ask.path,
    victims: [],
    right: null,
    graceEndsAtMs: null,
  });
  // A breaker may bar it from its first moment, in whatever place it stands.
  if (team.breakers.size > 0) team.agenda.barred.add(event.id);
  if (event.ask.topsUp !== undefined) team.agenda.rests.delete(event.ask.topsUp);
  // A demand that was put back may find room at once; for a rate it has to be known when.
  const { path, resource } = event.account;
  const isOfRate = nodeOf(team, path).rates?.has(resource) === true;
  if (event.after !== undefined || isOfRate) wakeQueue(team, event.account);
  team.runtime.resolver(team.name, event);
}

export function preempting(team: Team, event: EventOf<'PreemptionRequested'>): void {
  const anchor = anchorOf(team, event.ask.path);
  join(team, event, {
    state: 'preempting',
    queuedAtMs: event.atMs,
    attempt: 0,
    evictions: 0,
    earmarked: event.earmarked,
    earmarkPath: anchor.path,
    victims: event.victims,
    right: event.right,
    graceEndsAtMs: event.graceEndsAtMs,
  });
  for (const id of event.victims) {
    const victim = team.allocations.get(id);
    assert(victim !== undefined && victim.yieldsTo === null, `victim ${id} lives and is free`);
    victim.yieldsTo = event.id;
    victim.graceEndsAtMs = event.graceEndsAtMs;
    addDue(team, event.graceEndsAtMs, 'fence', id);
  }
  earmark(team, anchor, event, event.earmarked, 1);
  team.runtime.resolver(team.name, event);
}

export function reclaimed(team: Team, event: EventOf<'ResourcesReclaimed'>): void {
  const waiting = waitingFor(team, event.request);
  // With nothing set aside on it yet, its step may have closed meanwhile.
  const anchor = team.nodes.get(waiting.earmarkPath) ?? anchorOf(team, waiting.ask.path);
  waiting.earmarkPath = anchor.path;
  earmark(team, anchor, event, event.earmarked, 1);
  const sum: Record<string, number> = { ...waiting.earmarked };
  for (const [resource, amount] of Object.entries(event.earmarked)) {
    sum[resource] = (sum[resource] ?? 0) + amount;
  }
  waiting.earmarked = sum;
}

/** A waiting request joins the queue of another account, which has become the bottleneck. */
export function moved(team: Team, event: EventOf<'RequestMoved'>): void {
  const waiting = waitingFor(team, event.request);
  removeFromQueue(team, waiting, false);
  wakeQueue(team, waiting.account);
  waiting.account = event.account;
  waiting.joinedAtMs = event.atMs;
  waiting.pass = event.pass ?? 0;
  waiting.stride = event.pass === undefined ? 0 : strideAt(team, waiting);
  addToQueue(team, waiting);
  wakeQueue(team, waiting.account);
  wakeForChoice(team, waiting);
}

/**
 * A request waits no longer: what was set aside for it is free, victims that have not yielded yet
 * may stay.
 */
export function leaveQueue(team: Team, id: string, event: Leaving): void {
  const waiting = waitingFor(team, id);
  if (Object.keys(waiting.earmarked).length > 0) {
    earmark(team, nodeOf(team, waiting.earmarkPath), event, waiting.earmarked, -1);
    team.agenda.closings.add(waiting.earmarkPath);
  }
  for (const victimId of waiting.victims) {
    const victim = team.allocations.get(victimId);
    if (victim?.yieldsTo !== id) continue;
    victim.yieldsTo = null;
    victim.graceEndsAtMs = null;
    const claim = victim.topUp === null ? undefined : team.waiting.get(victim.topUp);
    if (claim !== undefined) wakeQueue(team, claim.account);
  }
  team.timers.remove(waiting.timeout);
  const isServed = event.type === 'AllocationGranted' || event.type === 'AllocationResized';
  removeFromQueue(team, waiting, isServed);
  team.waiting.delete(id);
  team.waiters.remove(waiting);
  forgetClaim(team, waiting);
  team.agenda.collects.delete(id);
  const wake = team.agenda.wakes.get(id);
  if (wake !== undefined) team.timers.remove(wake);
  team.agenda.wakes.delete(id);
  wakeQueue(team, waiting.account);
  wakeForChoice(team, waiting);
  const contest = contestOn(team, waiting);
  if (contest !== undefined) contest.outcome = outcomeOf(event);
}

/** No claim for the rest is kept for its allocation any more. */
function forgetClaim(team: Team, { id, ask }: Waiting): void {
  const grows = ask.topsUp === undefined ? undefined : team.allocations.get(ask.topsUp);
  if (grows?.topUp === id) grows.topUp = null;
}

/** A contest begins on an account that has none. */
export function detected(team: Team, event: EventOf<'ContentionDetected'>): void {
  const { account, contest: id } = event;
  const contest: Contest = { id, account, strategy: null, outcome: 'queued' };
  team.contests.set(accountKey(account.path, account.resource), contest);
  team.contestsById.set(id, contest);
}

export function contestOver(team: Team, id: string): void {
  const contest = team.contestsById.get(id);
  if (contest === undefined) return;
  team.contestsById.delete(id);
  team.contests.delete(accountKey(contest.account.path, contest.account.resource));
}

/** Events with which a request waits no longer. */
type Leaving = EventOf<
  'AllocationGranted' | 'AllocationResized' | 'RequestDenied' | 'RequestCancelled'
>;

/** The deepest node of a path that is open: a step may not be there yet. */
function anchorOf(team: Team, path: string): Node {
  const node = deepestOpen(team, path);
  assert(node !== undefined, `some node of ${path} is open`);
  return node;
}

function outcomeOf(event: Leaving): Contest['outcome'] {
  switch (event.type) {
    case 'AllocationGranted':
      if (event.via === 'preemption') return 'preempted';
      return event.partial ? 'partial' : 'granted';
    case 'AllocationResized':
      return 'granted';
    case 'RequestDenied':
      return 'denied';
    case 'RequestCancelled':
      return 'cancelled';
    default:
      return event satisfies never;
  }
}

function contestOn(team: Team, { account }: Waiting): Contest | undefined {
  return team.contests.get(accountKey(account.path, account.resource));
}

function wakeQueue(team: Team, { path, resource }: Waiting['account']): void {
  team.agenda.queues.add(accountKey(path, resource));
}

/** Who waits has changed: others may be next, or may draw, there and on the whole path. */
function wakeForChoice(team: Team, { ask }: Waiting): void {
  const anchor = anchorOf(team, ask.path);
  wakeOnPath(team, anchor);
  wakeDrawers(team, anchor);
}

function earmark(
  team: Team,
  anchor: Node,
  event: Parameters<typeof climb>[3],
  amounts: Amounts,
  sign: 1 | -1,
): void {
  const climbs = Object.entries(amounts).map(([resource, amount]) =>
    climbOf(resource, 0, 0, sign * amount),
  );
  if (climbs.length > 0) climb(team, anchor, sign > 0 ? 'earmarked' : 'unearmarked', event, climbs);
}

/** When a waiting request gives up: at the end of its patience, or when it can no longer be met. */
export function givesUpAtMs(waiting: Pick<Waiting, 'untilMs' | 'latestStartMs'>): number {
  return Math.min(waiting.untilMs, waiting.latestStartMs + 1);
}

function join(
  team: Team,
  event: EventOf<'RequestQueued' | 'PreemptionRequested'>,
  rest: Pick<
    Waiting,
    | 'state'
    | 'queuedAtMs'
    | 'attempt'
    | 'evictions'
    | 'earmarked'
    | 'earmarkPath'
    | 'victims'
    | 'right'
    | 'graceEndsAtMs'
  >,
): void {
  assert(!team.waiting.has(event.id), `${event.id} does not wait twice`);
  leaveApprovals(team, event.id);
  const anchor = anchorOf(team, event.ask.path);
  const latestStartMs = event.atMs + slackMsOf(event.ask, anchor, event.atMs);
  const { untilMs } = event;
  const waiting: Waiting = {
    id: event.id,
    agent: event.by,
    ask: event.ask,
    account: event.account,
    priority: event.priority,
    sinceMs: event.atMs,
    joinedAtMs: event.atMs,
    untilMs,
    latestStartMs,
    arrival: team.arrivals,
    pass: 0,
    stride: 0,
    digest: event.digest,
    isHeld: isHeldBack(team, event.ask, event.priority, rest.state),
    timeout: addDue(team, givesUpAtMs({ untilMs, latestStartMs }), 'wait', event.id),
    ...rest,
  };
  if (event.type === 'RequestQueued' && event.pass !== undefined) {
    waiting.pass = event.pass;
    waiting.stride = strideAt(team, waiting);
  }
  team.arrivals += 1;
  team.waiting.set(waiting.id, waiting);
  team.waiters.add(waiting);
  addToQueue(team, waiting);
  wakeForChoice(team, waiting);
}

/** How far after this request the next of its run comes, at the account where it waits. */
function strideAt(team: Team, { ask, account }: Waiting): number {
  const amount = ask.items[account.resource]?.amount ?? team.policy.bounds[account.resource] ?? 0;
  const limit = nodeOf(team, account.path).accounts.get(account.resource)?.limit ?? null;
  const run = team.nodes.get(runKeyOf(ask.path));
  return strideOf(amount, limit, run?.weightMilli ?? LIMITS.weightMilliDefault);
}

function addToQueue(team: Team, waiting: Waiting): void {
  const node = nodeOf(team, waiting.account.path);
  node.queues ??= new Map();
  let queue = node.queues.get(waiting.account.resource);
  if (queue === undefined) {
    queue = new WaitQueue(team.policy.aging);
    node.queues.set(waiting.account.resource, queue);
  }
  queue.add(waiting);
  joinAging(team, waiting);
}

function removeFromQueue(team: Team, waiting: Waiting, isServed: boolean): void {
  const node = nodeOf(team, waiting.account.path);
  const queue = node.queues?.get(waiting.account.resource);
  queue?.remove(waiting, isServed);
  leaveAging(team, waiting);
  if (queue?.isEmpty) node.queues?.delete(waiting.account.resource);
}

function waitingFor(team: Team, id: string): Waiting {
  const waiting = team.waiting.get(id);
  assert(waiting !== undefined, `${id} waits`);
  return waiting;
}
