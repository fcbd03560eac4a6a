import { LIMITS } from '../events/limits.ts';
import type { Policy } from '../events/policy.ts';
import type { Priority } from '../events/priority.ts';
import { fits, Overlay } from './admission.ts';
import { holdersBeneath } from './beneath.ts';
import { cheapestFirst } from './cheapest-first.ts';
import type { Contest } from './contention.ts';
import { slackMsOf } from './deadline.ts';
import { growthOf, reportedOf } from './end.ts';
import { nodeOf } from './evolve-node.ts';
import type { Allocation, Team } from './team.ts';

/** Allocations that would have to yield so that a request fits. */
export interface PreemptionPlan {
  readonly victims: readonly Allocation[];
  /** Time the victims get, ms; 0: they lose it in this decision. */
  readonly graceMs: number;
}

/**
 * Whom to evict by the priority right, or undefined where it would not be enough or not legal.
 * Cheapest first (lower priority, then youngest, then id), until the request fits; then every
 * victim that turns out not to be needed is put back, dearest first. Victims are strictly legal by
 * policy, and a plan that a victim could turn round at once is not made.
 */
export function planPreemption(team: Team, contest: Contest): PreemptionPlan | undefined {
  const { candidate, short } = contest;
  const { withinNode, minRuntimeMs, graceMsMax } = team.policy.preemption;
  if (withinNode === 'never' || short.length === 0) return undefined;
  const { priority, atMs } = candidate;
  const legal = new Set<Allocation>();
  for (const { path, resource } of short) {
    for (const holder of holdersBeneath(nodeOf(team, path), resource)) {
      if (holder.ask.preemptible === false || holder.yieldsTo !== null) continue;
      if (atMs - holder.grantedAtMs < minRuntimeMs) continue;
      if (mayEvict(priority, atMs, holder, withinNode)) legal.add(holder);
    }
  }
  const victims = leastVictims(contest, cheapestFirst([...legal], isCheaper));
  if (victims === undefined || victims.length > LIMITS.victimsMax) return undefined;
  // The beneficiary as a holder, if it can be evicted as soon as it has its grant.
  const isSafe = candidate.ask.preemptible === false || minRuntimeMs > 0;
  const holder = { priority, grantedAtMs: atMs };
  if (!isSafe && victims.some((one) => mayEvict(one.priority, atMs, holder, withinNode))) {
    return undefined;
  }
  let graceMs = 0;
  for (const { ask } of victims) graceMs = Math.max(graceMs, ask.graceMs ?? 0);
  return { victims, graceMs: Math.min(graceMs, graceMsMax, slackMsOf(candidate.ask)) };
}

function leastVictims(contest: Contest, legal: Iterable<Allocation>): Allocation[] | undefined {
  const { wanted, place } = contest.candidate;
  const overlay = new Overlay();
  const chosen: Allocation[] = [];
  let isEnough = false;
  for (const victim of legal) {
    chosen.push(victim);
    giveBack(overlay, victim, 1);
    isEnough = fits(place.anchor, wanted, overlay);
    if (isEnough) break;
  }
  if (!isEnough) return undefined;
  const needed: Allocation[] = [];
  for (const victim of chosen.reverse()) {
    giveBack(overlay, victim, -1);
    if (fits(place.anchor, wanted, overlay)) continue;
    giveBack(overlay, victim, 1);
    needed.push(victim);
  }
  return needed.reverse();
}

/**
 * What an eviction returns: all of a capacity, of a consumable what was not reported as used; of
 * what was reported beyond the hold its end takes even more. `sign` -1 takes it back.
 */
function giveBack(overlay: Overlay, victim: Allocation, sign: 1 | -1): void {
  overlay.addAll(victim.node, growthOf(victim.items, reportedOf(victim)), sign);
}

type WithinNode = Policy['preemption']['withinNode'];

/** The priority right: compares base priorities, aging gives no right to evict. */
function mayEvict(
  priority: Priority,
  atMs: number,
  holder: Pick<Allocation, 'priority' | 'grantedAtMs'>,
  withinNode: WithinNode,
): boolean {
  switch (withinNode) {
    case 'never':
      return false;
    case 'lower':
      return holder.priority < priority;
    case 'lowerOrNewerEqual':
      return (
        holder.priority < priority || (holder.priority === priority && holder.grantedAtMs > atMs)
      );
    case 'any':
      return true;
    default:
      return withinNode satisfies never;
  }
}

/** What is evicted first: lower priority, less work lost (younger), id. */
function isCheaper(a: Allocation, b: Allocation): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority;
  if (a.grantedAtMs !== b.grantedAtMs) return a.grantedAtMs > b.grantedAtMs;
  return a.id < b.id;
}
