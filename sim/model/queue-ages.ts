import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { QueueAgeKind } from '../../events/queue-age-rules.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import type { State, Waiting } from './state.ts';
import { isLike } from './tools.ts';

const RISING: readonly QueueAgeKind[] = ['notice', 'warning', 'critical'];

/** S §8: capacities alarm on the age of their queue, once a bound is reached. */
export function judgeQueueAge({ state, event, find }: Bench<EventOf<'QueueAgeReached'>>): void {
  const { path, resource, kind, atMs } = event;
  const told = state.lateQueues.get(`${path}|${resource}`);
  if (told !== undefined && RISING.indexOf(kind) <= RISING.indexOf(told)) {
    find('S §8', `the ${kind} of the queue for ${resource} was told before`, path);
  }
  const queue = standingIn(state, path, resource);
  const joined = queue.map(({ joinedAtMs }) => joinedAtMs);
  const ageMs = atMs - Math.min(...joined);
  const worst = RISING.filter((one) => ageMs >= boundOf(state, resource, one)).at(-1);
  if (worst !== kind) find('S §8', `${ageMs} ms for ${resource} are ${worst ?? 'nothing'}`, path);
  if (event.ageMs !== ageMs) find('S §8', `the oldest has stood there for ${ageMs} ms`, path);
  if (event.waiting !== queue.length) find('S §8', `${queue.length} wait for ${resource}`, path);
  const named = queue.find(({ id }) => id === event.request);
  if (named === undefined || atMs - named.joinedAtMs !== ageMs) {
    find('S §8', `${event.request} is not the oldest that waits for ${resource}`, path);
  }
}

/** S §8: and are armed again when the oldest is younger by a quarter. */
export function judgeQueueAgeCleared({
  state,
  event,
  find,
}: Bench<EventOf<'QueueAgeCleared'>>): void {
  const { path, resource, atMs, still } = event;
  const told = state.lateQueues.get(`${path}|${resource}`);
  if (told === undefined) return find('S §8', `nothing was told of ${resource}`, path);
  const holds = holding(state, path, resource, told, atMs);
  if (holds === told) find('S §8', `the ${told} of the queue for ${resource} still holds`, path);
  if (holds !== still) find('S §8', `${holds ?? 'nothing'} holds of ${resource}`, path);
}

/** What should have been told of queues by now. */
export function judgeQueueAges(state: State, atMs: number, find: Bench['find']): void {
  if (state.policy.queueAges.length === 0) return;
  const accounts = new Map(
    [...state.waiting.values()].map(({ account }) => [keyOf(account), account]),
  );
  for (const [key, { path, resource }] of accounts) {
    const told = state.lateQueues.get(key);
    const joined = standingIn(state, path, resource).map(({ joinedAtMs }) => joinedAtMs);
    const ageMs = atMs - Math.min(...joined);
    for (const kind of RISING.slice(told === undefined ? 0 : RISING.indexOf(told) + 1)) {
      if (ageMs < boundOf(state, resource, kind)) continue;
      find('S §8', `${ageMs} ms in the queue for ${resource} and no ${kind}`, path);
    }
  }
  for (const [key, told] of state.lateQueues) {
    const bar = key.indexOf('|');
    const [path, resource] = [key.slice(0, bar), key.slice(bar + 1)];
    if (holding(state, path, resource, told, atMs) === told) continue;
    find('S §8', `the ${told} of the queue for ${resource} does not hold any more`, path);
  }
}

/** Takes into the books what was told of a queue, and what is watched anew. */
export function foldQueueAge(
  state: State,
  event: EventOf<'QueueAgeReached' | 'QueueAgeCleared' | 'NodeClosed' | 'PolicySet'>,
): void {
  switch (event.type) {
    case 'PolicySet':
      return state.lateQueues.clear();
    case 'NodeClosed':
      for (const key of state.lateQueues.keys()) {
        if (isWithin(key.slice(0, key.indexOf('|')), event.path)) state.lateQueues.delete(key);
      }
      return;
    case 'QueueAgeReached':
      state.lateQueues.set(keyOf(event), event.kind);
      return;
    case 'QueueAgeCleared':
      if (event.still === undefined) state.lateQueues.delete(keyOf(event));
      else state.lateQueues.set(keyOf(event), event.still);
      return;
    default:
      return event satisfies never;
  }
}

/** The worst kind up to the one told of which the oldest is not younger by a quarter. */
function holding(
  state: State,
  path: string,
  resource: string,
  told: QueueAgeKind,
  atMs: number,
): QueueAgeKind | undefined {
  const joined = standingIn(state, path, resource).map(({ joinedAtMs }) => joinedAtMs);
  return RISING.slice(0, RISING.indexOf(told) + 1)
    .filter((kind) => {
      const bound = boundOf(state, resource, kind);
      return joined.some((at) => atMs - at >= bound - Math.floor(bound / 4));
    })
    .at(-1);
}

function standingIn({ waiting }: State, path: string, resource: string): Waiting[] {
  return [...waiting.values()].filter(
    ({ account }) => account.path === path && account.resource === resource,
  );
}

/** Infinity where nothing is told. */
function boundOf({ policy }: State, resource: string, kind: QueueAgeKind): number {
  if (resourceTypeOf(resource, policy.resources)?.class !== 'capacity') return Infinity;
  const rule = policy.queueAges.find((one) => isLike(resource, one.resource));
  return rule?.[`${kind}Ms`] ?? Infinity;
}

function keyOf({ path, resource }: { readonly path: string; readonly resource: string }): string {
  return `${path}|${resource}`;
}
