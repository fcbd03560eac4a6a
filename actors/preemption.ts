import type { Policy } from '../events/policy.ts';
import type { Priority } from '../events/priority.ts';
import { resourceTypeOf } from '../events/resources.ts';
import { fits, Overlay } from './admission.ts';
import { type Contest, holdersOf } from './contention.ts';
import type { Allocation, Team } from './team.ts';

/** Allocations that would have to yield so that a request fits. */
export interface PreemptionPlan {
  readonly victims: readonly Allocation[];
  /** Time the victims get, ms; 0: they lose it in this decision. */
  readonly graceMs: number;
}

/** Above this many victims a plan is not pruned any further: the search is quadratic. */
const PRUNE_MAX = 64;

/**
 * Whom to evict by the priority right, or undefined where it would not be enough or not legal.
 * Cheapest first (lower priority, then youngest, then id), until the request fits; then every
 * victim that turns out not to be needed is put back. Victims are strictly legal by policy, and a
 * plan that a victim could turn round at once is not made.
 */
export function planPreemption(team: Team, contest: Contest): PreemptionPlan | undefined {
  const { candidate } = contest;
  const { withinNode, minRuntimeMs, graceMsMax } = team.policy.preemption;
  if (withinNode === 'never' || contest.short.length === 0) return undefined;
  const resources = new Set(contest.short.map(({ resource }) => resource));
  const candidates = new Set<Allocation>();
  for (const { path, resource } of contest.short) {
    const node = team.nodes.get(path);
    if (node === undefined) continue;
    for (const holder of holdersOf(team, node, resource)) {
      if (holder.ask.preemptible === false || holder.yieldsTo !== null) continue;
      if (candidate.atMs - holder.grantedAtMs < minRuntimeMs) continue;
      if (!mayEvict(candidate.priority, candidate.atMs, holder, withinNode)) continue;
      candidates.add(holder);
    }
  }
  const victims = leastVictims(contest, [...candidates].sort(byCost), resources);
  if (victims === undefined) return undefined;
  const isReversible = victims.some((victim) =>
    mayEvictBack(victim, candidate.priority, candidate.atMs, withinNode),
  );
  if (isReversible) return undefined;
  const graceMs = Math.min(graceMsMax, Math.max(0, ...victims.map(({ ask }) => ask.graceMs ?? 0)));
  const { deadlineMs, expectedMs } = candidate.ask;
  const slackMs = deadlineMs === undefined ? Infinity : deadlineMs - (expectedMs ?? 0);
  return { victims, graceMs: Math.max(0, Math.min(graceMs, slackMs)) };
}

function leastVictims(
  contest: Contest,
  candidates: readonly Allocation[],
  resources: ReadonlySet<string>,
): Allocation[] | undefined {
  const { wanted, place } = contest.candidate;
  const chosen: Allocation[] = [];
  const isEnough = (victims: readonly Allocation[]) => {
    const overlay = new Overlay();
    for (const victim of victims) giveBack(overlay, victim, resources);
    return fits(place.anchor, wanted, overlay);
  };
  const overlay = new Overlay();
  for (const victim of candidates) {
    chosen.push(victim);
    giveBack(overlay, victim, resources);
    if (fits(place.anchor, wanted, overlay)) break;
  }
  if (!fits(place.anchor, wanted, overlay)) return undefined;
  if (chosen.length > PRUNE_MAX) return chosen;
  for (const victim of [...chosen].reverse()) {
    const without = chosen.filter((other) => other !== victim);
    if (isEnough(without)) chosen.splice(chosen.indexOf(victim), 1);
  }
  return chosen;
}

/** What an eviction returns: all of a capacity, of a consumable what was not reported as used. */
function giveBack(overlay: Overlay, victim: Allocation, resources: ReadonlySet<string>): void {
  for (const [resource, amount] of Object.entries(victim.items)) {
    if (!resources.has(resource)) continue;
    const used =
      resourceTypeOf(resource)?.class === 'consumable' ? (victim.reported[resource] ?? 0) : 0;
    overlay.add(victim.node, resource, -Math.max(0, amount - used));
  }
}

type WithinNode = Policy['preemption']['withinNode'];

/** The priority right: compares base priorities, aging gives no right to evict. */
function mayEvict(
  priority: Priority,
  atMs: number,
  holder: Allocation,
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

/** Whether the victim, asking again, could evict the beneficiary. */
function mayEvictBack(
  victim: Allocation,
  priority: Priority,
  grantedAtMs: number,
  withinNode: WithinNode,
): boolean {
  if (withinNode === 'any') return true;
  if (victim.priority > priority) return true;
  return (
    withinNode === 'lowerOrNewerEqual' &&
    victim.priority === priority &&
    grantedAtMs > victim.grantedAtMs
  );
}

/** Cheapest first: lower priority, less work lost (younger), id. */
function byCost(a: Allocation, b: Allocation): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.grantedAtMs !== b.grantedAtMs) return b.grantedAtMs - a.grantedAtMs;
  return a.id < b.id ? -1 : 1;
}
