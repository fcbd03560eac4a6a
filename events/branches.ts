import { z } from 'zod';
import { NodePath } from './names.ts';

/**
 * How a run divides what it has over its parallel branches (T-15).
 * - fair: equal shares.
 * - proportional: by the weights of the branches.
 * - priority: equal shares for those of the highest `priorityMax`; the others keep what they use.
 * None gets less than it has committed.
 */
export const BranchMethod = z.enum(['fair', 'proportional', 'priority']);
export type BranchMethod = z.infer<typeof BranchMethod>;

/** What the opening of a branch says. */
export const branchFields = {
  /** The run whose limits it shares with the other branches: its direct parent. */
  branchOf: NodePath.optional(),
  /** How that divides them from now on; absent, as before, at first `fair`. */
  branchBy: BranchMethod.optional(),
};

/** Limits that are the share of a branch: of which run, by which method. */
export const BranchShare = z.strictObject({ of: NodePath, by: BranchMethod });
