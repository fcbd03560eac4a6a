import { strict as assert } from 'node:assert';
import type { BalanceLine } from '../../events/balance-line.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { boundsOf, type QueueAgeKind } from '../../events/queue-age-rules.ts';
import { addDue } from '../accounts/climb.ts';
import { typeIn } from '../accounts/registry.ts';
import { stamp } from '../context.ts';
import type { Node } from '../nodes/node.ts';
import { matchesPattern } from '../rules/pattern.ts';
import { accountKey, accountOfKey, type Team } from '../team.ts';
import type { Timer } from '../timers.ts';
import type { Waiting } from './wait-queue.ts';

/** A queue for a capacity, by how long its members stand in it. */
export interface AgingQueue {
  readonly bounds: ReturnType<typeof boundsOf>;
  /** Everybody who stands in it, who came first before the others. */
  readonly standing: Set<Waiting>;
  /** What was told last of its age; null: nothing, or it is over. */
  told: QueueAgeKind | null;
  /** When it may be old enough for the next bound. */
  timer: Timer | null;
}

/** A request has joined a queue. */
export function joinAging(team: Team, waiting: Waiting): void {
  if (team.policy.queueAges.length === 0) return;
  const { path, resource } = waiting.account;
  const key = accountKey(path, resource);
  let queue = team.agingQueues.get(key);
  if (queue === undefined) {
    const bounds = boundsFor(team, resource);
    if (bounds.length === 0) return;
    queue = { bounds, standing: new Set(), told: null, timer: null };
    team.agingQueues.set(key, queue);
  }
  queue.standing.add(waiting);
  if (queue.timer === null) watch(team, key, queue);
}

/** A request has left one: what was told of its age may be over. */
export function leaveAging(team: Team, waiting: Waiting): void {
  if (team.agingQueues.size === 0) return;
  const key = accountKey(waiting.account.path, waiting.account.resource);
  const queue = team.agingQueues.get(key);
  if (queue === undefined) return;
  queue.standing.delete(waiting);
  if (queue.told !== null) team.agenda.ages.add(key);
  else if (queue.standing.size === 0) forget(team, key, queue);
}

/**
 * What is to be told of the age of a queue: of the bounds that its oldest has reached, the last. What
 * was told holds until the oldest is younger than that by a quarter, so that one request more or less
 * is told once.
 */
export function announceQueueAge(team: Team, key: string, atMs: number): BursarEvent[] {
  const queue = team.agingQueues.get(key);
  if (queue === undefined) return [];
  const { path, resource } = accountOfKey(key);
  const { bounds, standing, told } = queue;
  const oldest = oldestOf(queue);
  const ageMs = oldest === undefined ? -1 : atMs - oldest.joinedAtMs;
  const placeTold = bounds.findIndex(({ kind }) => kind === told);
  const reached = bounds.findLastIndex(({ ms }) => ageMs >= ms);
  const next = bounds[reached];
  if (reached > placeTold && oldest !== undefined && next !== undefined) {
    const account = { ...stamp('QueueAgeReached', team, atMs), path, resource };
    return [{ ...account, kind: next.kind, request: oldest.id, ageMs, waiting: standing.size }];
  }
  const held = bounds.findLastIndex(
    ({ ms }, i) => i <= placeTold && ageMs >= ms - Math.floor(ms / 4),
  );
  if (held < placeTold) {
    const still = bounds[held]?.kind;
    const cleared = { ...stamp('QueueAgeCleared', team, atMs), path, resource };
    return [still === undefined ? cleared : { ...cleared, still }];
  }
  watch(team, key, queue);
  return [];
}

/** Notes what was told of the age of a queue. */
export function queueAgeTold(
  team: Team,
  event: EventOf<'QueueAgeReached' | 'QueueAgeCleared'>,
): void {
  const key = accountKey(event.path, event.resource);
  const queue = team.agingQueues.get(key);
  assert(queue !== undefined, `policy wants the age of the queue of ${key} told`);
  queue.told = event.type === 'QueueAgeReached' ? event.kind : (event.still ?? null);
  if (queue.standing.size === 0 && queue.told === null) forget(team, key, queue);
  else watch(team, key, queue);
}

/** Under another policy it is watched anew: what was told of before is told again, if it is so. */
export function rewatchQueueAges(team: Team): void {
  for (const [key, queue] of team.agingQueues) forget(team, key, queue);
  if (team.policy.queueAges.length === 0) return;
  const all = [...team.waiting.values()].sort((a, b) => a.joinedAtMs - b.joinedAtMs);
  for (const waiting of all) joinAging(team, waiting);
}

/** Of a node that has closed nothing is told any more. */
export function forgetQueueAges(team: Team, { path }: Node): void {
  if (team.agingQueues.size === 0) return;
  for (const [key, queue] of team.agingQueues) {
    if (accountOfKey(key).path === path) forget(team, key, queue);
  }
}

/** What a balance shows of it. */
export function queueAgeView(
  team: Team,
  path: string,
  resource: string,
  nowMs: number,
): Pick<BalanceLine, 'queueAge'> {
  const queue = team.agingQueues.get(accountKey(path, resource));
  const oldest = queue && oldestOf(queue);
  if (queue === undefined || oldest === undefined) return {};
  return { queueAge: { ageMs: nowMs - oldest.joinedAtMs, told: queue.told } };
}

/** Has a queue looked at when its oldest reaches the next bound, if it is still there. */
function watch(team: Team, key: string, queue: AgingQueue): void {
  if (queue.timer !== null) team.timers.remove(queue.timer);
  const place = queue.bounds.findIndex(({ kind }) => kind === queue.told);
  const next = queue.bounds[place + 1];
  const oldest = oldestOf(queue);
  queue.timer =
    next === undefined || oldest === undefined
      ? null
      : addDue(team, oldest.joinedAtMs + next.ms, 'queueAge', key);
}

function oldestOf({ standing }: AgingQueue): Waiting | undefined {
  return standing.values().next().value;
}

function forget(team: Team, key: string, { timer }: AgingQueue): void {
  if (timer !== null) team.timers.remove(timer);
  team.agingQueues.delete(key);
  team.agenda.ages.delete(key);
}

/** The bounds of the first rule for a resource; none where it is no capacity. */
function boundsFor(team: Team, resource: string): AgingQueue['bounds'] {
  if (typeIn(team.resources, resource)?.class !== 'capacity') return [];
  const rule = team.policy.queueAges.find((one) => matchesPattern(resource, one.resource));
  return rule === undefined ? [] : boundsOf(rule);
}
