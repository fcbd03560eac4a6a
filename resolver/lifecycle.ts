import { LIMITS } from '../events/limits.ts';
import { admitRound, type RoundPolicy, type Waiting } from './admit-round.ts';
import type { QuotaTree } from './quota-tree.ts';
import { type Eviction, Stage } from './stage.ts';
import { tried } from './trial.ts';
import type { Amounts, LiveAllocation, TimedRequest } from './types.ts';

export interface LifecyclePolicy extends RoundPolicy {
  /**
   * How often one may be evicted; after that its next grant cannot be evicted any more. A stable
   * plan may still be undone by third parties who take the room meanwhile. Default 3.
   */
  readonly protectedAfter?: number;
}

const PROTECTED_AFTER = 3;

/** How a story ends. */
export interface Lifecycle {
  /** Requests that hold what they asked for, or have held it to their own end. */
  readonly granted: readonly string[];
  /** Requests and evicted allocations that wait, and why. */
  readonly waiting: readonly Waiting[];
  readonly evictions: readonly Eviction[];
  /** Who holds what. */
  readonly live: readonly LiveAllocation[];
  /** What is held at and beneath each node. */
  readonly useOf: Readonly<Record<string, Amounts>>;
  /** False where `lifecycleRoundsMax` rounds did not suffice: evictions go round in circles. */
  readonly isQuiet: boolean;
}

/**
 * Plays requests over time until nothing changes any more. At each moment rounds of admission
 * follow one another: grants begin, evictions take place at once and those they are for begin, and
 * whoever was evicted asks again from then on. Changes nothing of what it is given.
 */
export function playLifecycle(
  tree: QuotaTree,
  requests: readonly TimedRequest[],
  live: readonly LiveAllocation[],
  policy: LifecyclePolicy,
): Lifecycle {
  return tried(tree, (trial) => {
    const stage = new Stage(trial, requests, live, policy.protectedAfter ?? PROTECTED_AFTER);
    let waiting: readonly Waiting[] = [];
    let rounds = 0;
    while (rounds < LIMITS.lifecycleRoundsMax && stage.advance()) {
      for (let isQuiet = false; !isQuiet && rounds < LIMITS.lifecycleRoundsMax; rounds += 1) {
        const round = admitRound(stage.tree, stage.asking(), stage.live(), policy);
        waiting = round.waiting;
        isQuiet = round.granted.length + round.plans.length === 0;
        for (const { request, victims } of round.plans) {
          for (const victim of victims) stage.evict(victim, request);
        }
        for (const id of round.granted) stage.begin(id);
        for (const { request } of round.plans) stage.begin(request);
      }
    }
    const isQuiet = rounds < LIMITS.lifecycleRoundsMax;
    return { ...outcomeOf(stage, requests), waiting, isQuiet };
  });
}

function outcomeOf(stage: Stage, requests: readonly TimedRequest[]) {
  const live = stage.live();
  const useOf: Record<string, Record<string, number>> = {};
  for (const node of stage.tree.nodeIds()) useOf[node] = {};
  for (const { node, amounts } of live) {
    for (const above of stage.tree.pathOf(node)) add(useOf[above] ?? {}, amounts);
  }
  const granted = requests.map(({ id }) => id).filter((id) => stage.served.has(id));
  return { granted, evictions: stage.evictions, live, useOf };
}

function add(sums: Record<string, number>, amounts: Amounts): void {
  for (const [resource, amount] of Object.entries(amounts)) {
    sums[resource] = (sums[resource] ?? 0) + amount;
  }
}
