import type { BranchMethod } from '../../events/branches.ts';
import type { EventOf } from '../../events/events.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** How a run divides its limits over its branches. */
export interface Branching {
  by: BranchMethod;
  /** Something has changed since they were divided last. */
  isDue: boolean;
}

/** A node opens as a branch of its parent. */
export function branchOpened(
  team: Team,
  node: Node,
  { branchOf, branchBy }: EventOf<'NodeOpened'>,
): void {
  const { parent } = node;
  if (branchOf === undefined || parent === undefined) return;
  node.isBranch = true;
  parent.branching = { by: branchBy ?? parent.branching?.by ?? 'fair', isDue: true };
  team.agenda.branches.add(parent.path);
}

/** A branch closes or has closed, or has another weight: the run divides anew. */
export function branchLeaves(team: Team, { isBranch, parent }: Node): void {
  if (isBranch && parent !== undefined) branchesDue(team, parent);
}

/** What a run has for its branches has changed. */
export function branchesDue(team: Team, node: Node): void {
  if (node.branching === undefined) return;
  node.branching.isDue = true;
  team.agenda.branches.add(node.path);
}

/** The limits of a run are divided anew, or somebody has set limits that it divides. */
export function limitsChanged(
  team: Team,
  node: Node,
  { branch, weightMilli }: EventOf<'LimitsSet'>,
): void {
  if (weightMilli !== undefined) branchLeaves(team, node);
  if (branch !== undefined && node.parent?.branching !== undefined) {
    node.parent.branching.isDue = false;
  }
  branchesDue(team, node);
}

/** The branches of a run that are open, by name. */
export function openBranches(run: Node): readonly Node[] {
  return [...run.children]
    .filter(({ isBranch, phase }) => isBranch && (phase === 'open' || phase === 'frozen'))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
