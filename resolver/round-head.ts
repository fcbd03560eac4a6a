import { borrowLevel } from './borrow-level.ts';
import { priorityOf } from './may-preempt.ts';
import { compareAge } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Planner } from './reversals.ts';
import { tried } from './trial.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan, Victim } from './types.ts';

/** The head of a node's queue, as it stands before a round. */
export interface Head {
  readonly request: PendingRequest;
  readonly state: 'fits' | 'evicts' | 'no-room' | 'never-fits';
  /** Whom it evicts, where it does. */
  readonly plan?: PreemptionPlan;
  /** From how far up it borrows, after what it evicts has left; see borrow-level.ts. */
  readonly level: number;
}

export function headOf(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  planner: Planner,
): Head {
  const { node, amounts } = request;
  const { level } = borrowLevel(tree, node, amounts);
  if (isBeyondAll(tree, request)) return { request, state: 'never-fits', level };
  if (tree.fits(node, amounts)) return { request, state: 'fits', level };
  const plan = planner(tree, request, live);
  if (plan === undefined) return { request, state: 'no-room', level };
  return { request, state: 'evicts', plan, level: levelAfter(tree, request, live, plan.victims) };
}

/** The classic order among heads: nearest loan, higher priority, longer in the queue, id. */
export function compareHeads(a: Head, b: Head): number {
  return (
    a.level - b.level ||
    priorityOf(b.request) - priorityOf(a.request) ||
    compareAge(a.request, b.request)
  );
}

/** Whether a request would not fit an empty tree. */
function isBeyondAll(tree: QuotaTree, { node, amounts }: PendingRequest): boolean {
  return Object.entries(amounts).some(
    ([resource, amount]) => amount > tree.capacity(node, resource),
  );
}

function levelAfter(
  tree: QuotaTree,
  { node, amounts }: PendingRequest,
  live: readonly LiveAllocation[],
  victims: readonly Victim[],
): number {
  const takeOf = new Map(victims.map(({ id, take }) => [id, take]));
  return tried(tree, (trial) => {
    for (const holder of live) {
      if (!takeOf.has(holder.id)) continue;
      trial.remove({ node: holder.node, amounts: takeOf.get(holder.id) ?? holder.amounts });
    }
    return borrowLevel(tree, node, amounts).level;
  });
}
