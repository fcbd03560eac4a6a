import type { Refusal } from '../../events/answers.ts';
import type { CommandOf, ResourceLimits } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { parentPathOf } from '../../events/names.ts';
import { refuse } from '../../events/refusals.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { openBranches } from './branching.ts';
import { isDivided } from './share-branches.ts';

/** Refuses to open what is no branch: not a run beneath the run that it names, one too many. */
export function branchRefusal(team: Team, command: CommandOf<'open'>): Refusal | undefined {
  const { path, branchOf, branchBy, tier, limits } = command;
  if (branchOf === undefined) {
    if (branchBy === undefined) return undefined;
    return refuse('malformed', 'branchBy goes with branchOf', { field: 'branchBy' });
  }
  const run = team.nodes.get(branchOf);
  if (branchOf !== parentPathOf(path) || tier === 'step' || run?.tier !== 'run') {
    const message = `${path} is no run beneath the run ${branchOf}: it cannot be its branch`;
    return refuse('malformed', message, { field: 'branchOf' });
  }
  if (openBranches(run).length >= LIMITS.branchesMax) {
    return refuse('malformed', `${branchOf} has ${LIMITS.branchesMax} branches; close one first`);
  }
  return (
    sharedRefusal(team, run, path, namedIn(limits ?? {})) ??
    tooManyShares(team, run, openBranches(run).length + 1, [])
  );
}

/** Refuses to limit more of a run than its branches can be given shares of. */
export function sharesRefusal(
  team: Team,
  run: Node,
  resources: readonly string[],
): Refusal | undefined {
  const more = resources.filter((resource) => !isDivided(team, run, resource));
  if (run.branching === undefined || more.length === 0) return undefined;
  return tooManyShares(team, run, openBranches(run).length, more);
}

/** All shares of a run are set in one decision, which has to fit into a block. */
function tooManyShares(
  team: Team,
  run: Node,
  branchCount: number,
  more: readonly string[],
): Refusal | undefined {
  const divided = [...run.accounts.keys()].filter((resource) => isDivided(team, run, resource));
  const count = branchCount * (divided.length + more.length);
  if (count <= LIMITS.sharesMax) return undefined;
  const message = `${run.path} would divide ${divided.length + more.length} resources over ${branchCount} branches, more than ${LIMITS.sharesMax} shares: close branches, or limit less of it`;
  return refuse('malformed', message);
}

/** Refuses to set by hand what the run of a branch divides: it would be lost with the next share. */
export function sharedRefusal(
  team: Team,
  run: Node | undefined,
  path: string,
  resources: readonly string[],
): Refusal | undefined {
  const shared = run && resources.find((resource) => isDivided(team, run, resource));
  if (shared === undefined) return undefined;
  const message = `${path} is a branch: its limit of ${shared} is its share of ${run?.path}'s; change that`;
  return refuse('malformed', message, { field: 'path' });
}

/** The run that divides its limits over a node; undefined of a node that is no branch. */
export function dividerOf(node: Node | undefined): Node | undefined {
  return node?.isBranch ? node.parent : undefined;
}

/** The resources of which a limit is named. */
export function namedIn(limits: ResourceLimits): readonly string[] {
  return Object.keys(limits).filter((resource) => {
    const { limit, per, window } = limits[resource] ?? {};
    return window !== undefined || (limit !== undefined && per === undefined);
  });
}
