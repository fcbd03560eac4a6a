import type { ResourceLimits } from '../../events/commands.ts';
import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { conflictTypeOf } from '../../resolver/conflict-type.ts';
import type { Shares } from '../../resolver/share-claim.ts';
import { shareMaxMin } from '../../resolver/share-max-min.ts';
import { type Account, contributionOf } from '../accounts/account.ts';
import { stamp } from '../context.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { type Branching, openBranches } from './branching.ts';

/**
 * Divides what a run has over its open branches (T-15), where something has changed since it did so
 * last: one event a branch, all in one decision. Each resource that the run itself limits is divided
 * whole: its limit less what the run and its other children have committed. A share is a limit, no
 * guarantee: whatever the run spends besides is spent out of it. Empty where nothing is due.
 */
export function shareBranches(team: Team, path: string, atMs: number): EventOf<'LimitsSet'>[] {
  const run = team.nodes.get(path);
  const { branching } = run ?? {};
  if (run === undefined || !branching?.isDue || run.phase === 'closing') return [];
  const branches = openBranches(run);
  const limits = new Map(branches.map((branch) => [branch, {} as ResourceLimits]));
  for (const [resource, account] of run.accounts) {
    if (!isDivided(team, run, resource)) continue;
    // What has a window of its own is bounded by that.
    const sharing = branches.filter(({ accounts }) => !accounts.get(resource)?.window);
    const shares = divide(team, branching.by, resource, account, sharing);
    for (const branch of sharing) {
      const { granted = 0 } = branch.accounts.get(resource) ?? {};
      const limit = Math.max(0, (shares.get(branch.path) ?? 0) - granted);
      (limits.get(branch) as ResourceLimits)[resource] = { limit };
    }
  }
  const share = { of: path, by: branching.by };
  return branches.flatMap((branch) => {
    const own = limits.get(branch) as ResourceLimits;
    if (Object.keys(own).length === 0) return [];
    return [{ ...stamp('LimitsSet', team, atMs), path: branch.path, limits: own, branch: share }];
  });
}

/** Whether a run divides a resource: it limits that itself, and a part of it is of use. */
export function isDivided(team: Team, run: Node, resource: string): boolean {
  const limit = run.accounts.get(resource)?.limit ?? null;
  if (limit === null || resource === ALLOCATIONS) return false;
  return conflictTypeOf(resource, limit, team.policy.resources) !== 'exclusive_access_required';
}

/** The shares of one resource by branch; never less than a branch has committed. */
function divide(
  team: Team,
  by: Branching['by'],
  resource: string,
  { limit, committed }: Account,
  branches: readonly Node[],
): Shares {
  const floors = new Map(branches.map((branch) => [branch.path, floorOf(branch, resource)]));
  let total = (limit ?? 0) - committed;
  for (const { accounts } of branches) {
    const account = accounts.get(resource);
    if (account !== undefined) total += contributionOf(account);
  }
  const first = by === 'priority' ? highest(team, branches) : branches;
  for (const { path } of branches) total -= floors.get(path) ?? 0;
  if (total <= 0) return floors;
  for (const { path } of first) total += floors.get(path) ?? 0;
  const claims = first.map(({ path, weightMilli }) => ({
    id: path,
    demand: null,
    floor: floors.get(path) ?? 0,
    weightMilli: by === 'proportional' ? weightMilli : LIMITS.weightMilliDefault,
  }));
  return new Map([...floors, ...shareMaxMin(total, claims)]);
}

/** What a branch has committed, or counts on. */
function floorOf({ accounts }: Node, resource: string): number {
  const { committed = 0, guarantee = 0 } = accounts.get(resource) ?? {};
  return Math.max(0, committed, guarantee);
}

/** Those in which the highest priority may be claimed. */
function highest(team: Team, branches: readonly Node[]): readonly Node[] {
  const levelOf = ({ priorityMax }: Node) => priorityMax ?? team.policy.priorityMax;
  const top = Math.max(...branches.map(levelOf));
  return branches.filter((branch) => levelOf(branch) === top);
}
