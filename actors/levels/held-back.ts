import type { Priority } from '../../events/priority.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { wakeOnPath } from '../accounts/climb.ts';
import { deepestOpen, locate } from '../nodes/locate.ts';
import { wakePools } from '../pools/wake-pools.ts';
import type { Waiting } from '../queue/wait-queue.ts';
import { accountKey, type Team } from '../team.ts';
import { levelBar, partCapPermille } from './level-bar.ts';

/**
 * Whether a request waits out of the line: a level does not admit it and lets it wait, or it is a
 * claim for the rest of a part while parts are capped.
 */
export function isHeldBack(
  team: Team,
  ask: ResourceAllocationRequest,
  priority: Priority,
  state: Waiting['state'],
): boolean {
  if (team.policy.degradation === null || state === 'preempting') return false;
  const place = locate(team, ask.path);
  if (typeof place === 'string') return false;
  if (levelBar(team, place, priority, ask.items)?.refused === 'queue') return true;
  return ask.topsUp !== undefined && partCapPermille(team, place.anchor) < 1_000;
}

/** Who waits beneath a node: the levels in force keep some out of the line, and let others in. */
export function refreshHeld(team: Team, path: string): void {
  for (const waiting of team.waiters.beneath(path)) {
    const { ask, priority, state, account } = waiting;
    const isHeld = isHeldBack(team, ask, priority, state);
    if (isHeld === waiting.isHeld) continue;
    team.nodes.get(account.path)?.queues?.get(account.resource)?.hold(waiting, isHeld);
    team.agenda.queues.add(accountKey(account.path, account.resource));
    wakePools(team, ask);
    const anchor = deepestOpen(team, ask.path);
    if (anchor !== undefined) wakeOnPath(team, anchor);
  }
}
