import { borrowLevel } from './borrow-level.ts';
import { priorityOf } from './may-preempt.ts';
import type { QueueHead } from './order-heads.ts';
import { queuedAtOf } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Planner } from './reversals.ts';
import { tried } from './trial.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan, Victim } from './types.ts';

/** The head of a node's queue, as it stands before a round. */
export interface Head extends QueueHead {
  readonly request: PendingRequest;
  readonly state: 'fits' | 'evicts' | 'no-room' | 'never-fits';
  /** Whom it evicts, where it does. */
  readonly plan?: PreemptionPlan;
}

export function headOf(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  planner: Planner,
): Head {
  const { node, amounts } = request;
  const head = {
    id: request.id,
    request,
    priority: priorityOf(request),
    createdAtMs: queuedAtOf(request),
    borrowLevels: borrowLevel(tree, node, amounts).level,
  };
  if (isBeyondAll(tree, request)) return { ...head, state: 'never-fits' };
  if (tree.fits(node, amounts)) return { ...head, state: 'fits' };
  const plan = planner(tree, request, live);
  if (plan === undefined) return { ...head, state: 'no-room' };
  // It counts as near to its quota as it will be when its victims have left.
  const borrowLevels = levelAfter(tree, request, live, plan.victims);
  return { ...head, state: 'evicts', plan, borrowLevels };
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
