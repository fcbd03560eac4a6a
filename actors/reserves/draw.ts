import type { AccountName, EventOf } from '../../events/events.ts';
import { ExecutionPriority, type Priority } from '../../events/priority.ts';
import { askedAbove, availableIn } from '../accounts/account.ts';
import { roomFor } from '../accounts/admission.ts';
import { type Candidate, queuesBefore } from '../contests/contention.ts';
import { levelsOn } from '../levels/level-bar.ts';
import type { Node } from '../nodes/node.ts';
import type { Ranked } from '../queue/wait-queue.ts';
import { ratesFit } from '../rates/rates.ts';
import { slowStartFits } from '../recovery/slow-start.ts';
import type { Team } from '../team.ts';
import { keepsReserves } from './reserve.ts';

/** What a grant takes from the reserve of its swarm. */
export type ReserveDraw = NonNullable<EventOf<'AllocationGranted'>['reserve']>;

/**
 * What a request takes from the emergency reserve of its swarm so that it is granted whole: what it
 * lacks there or above, and no more. Undefined where it may not, where that does not cover it, or
 * where it lacks room beneath the swarm. Those who wait on the swarm or above are passed by: what
 * is in the reserve is not theirs, and nothing else is taken then. O(resources × depth).
 */
export function planDraw(
  team: Team,
  candidate: Candidate,
  rank: Ranked & { readonly account?: AccountName },
): ReserveDraw | undefined {
  if (!keepsReserves(team.policy)) return undefined;
  const { place, wanted, rates, asked, atMs } = candidate;
  const swarm = swarmAbove(place.anchor);
  if (swarm === undefined || !mayDraw(team, swarm, candidate.priority, wanted)) return undefined;
  if (!ratesFit(place.anchor, rates, atMs) || !slowStartFits(candidate)) return undefined;
  const claimed = new Set<string>();
  for (const { node, resource } of queuesBefore(team, place.anchor, asked, rank)) {
    if (node.path.length > swarm.path.length) return undefined;
    claimed.add(resource);
  }
  const drawn: Record<string, number> = {};
  for (const resource in wanted) {
    const needed = neededAt(swarm, place.anchor, resource, wanted[resource] as number);
    if (needed === undefined) return undefined;
    const free = claimed.has(resource) ? 0 : roomFor(swarm, resource, needed);
    const lacking = needed - free;
    if (lacking > (swarm.accounts.get(resource)?.reserved ?? 0)) return undefined;
    if (lacking > 0) drawn[resource] = lacking;
  }
  for (const resource of claimed) if (drawn[resource] === undefined) return undefined;
  for (const _ in drawn) return { path: swarm.path, drawn };
  return undefined;
}

/**
 * For whom a reserve is: for emergencies always, for what is critical where a level in force on
 * swarm or team says so (semantics §8). Where policy has no levels, once an account of what is asked
 * for is exhausted on either.
 */
function mayDraw(
  team: Team,
  swarm: Node,
  priority: Priority,
  wanted: Readonly<Record<string, number>>,
): boolean {
  if (priority >= ExecutionPriority.emergency) return true;
  if (priority < ExecutionPriority.critical) return false;
  for (const { rules } of levelsOn(team, swarm)) if (rules.reserve) return true;
  if (team.policy.degradation !== null) return false;
  for (let node: Node | undefined = swarm; node !== undefined; node = node.parent) {
    for (const resource in wanted) {
      const rung = node.accounts.get(resource)?.rung ?? 0;
      const reached = team.policy.ladder.slice(0, rung);
      if (reached.some(({ kind }) => kind === 'exhausted')) return true;
    }
  }
  return false;
}

/** What is asked of a swarm where everything beneath it has room; else undefined. */
function neededAt(swarm: Node, from: Node, resource: string, amount: number): number | undefined {
  let needed = amount;
  for (let node = from; node !== swarm && needed > 0; node = node.parent as Node) {
    const account = node.accounts.get(resource);
    if (account === undefined) continue;
    if (needed > availableIn(account)) return undefined;
    needed = askedAbove(account, account.committed, needed);
  }
  return Math.max(0, needed);
}

function swarmAbove(from: Node): Node | undefined {
  let node: Node | undefined = from;
  while (node !== undefined && node.tier !== 'swarm') node = node.parent;
  return node;
}
