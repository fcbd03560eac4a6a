import type { EventOf } from '../../events/events.ts';
import { parentPathOf } from '../../events/names.ts';
import { ALLOCATIONS, resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { committed, setAside } from './books.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';

type Shared = Bench<EventOf<'LimitsSet'>>;

/** T-15: a node opens as a branch: its run divides anew. */
export function openBranch(state: State, event: EventOf<'NodeOpened'>): void {
  const run = state.nodes.get(event.branchOf ?? '');
  const node = state.nodes.get(event.path);
  if (run === undefined || node === undefined) return;
  node.isBranch = true;
  run.branchBy = event.branchBy ?? run.branchBy;
  owe(state, run);
}

/** Every open branch of a run is owed a share. */
export function owe(state: State, run: ModelNode | undefined): void {
  if (run === undefined) return;
  run.owed = new Set(branchesOf(state, run).map(({ path }) => path));
}

/** The run of which a node is a branch. */
export function runOfBranch(state: State, path: string): ModelNode | undefined {
  if (state.nodes.get(path)?.isBranch !== true) return undefined;
  return state.nodes.get(parentPathOf(path) ?? '');
}

function branchesOf(state: State, run: ModelNode): ModelNode[] {
  return [...run.children].flatMap((path) => {
    const child = state.nodes.get(path);
    return child?.isBranch && !child.isClosing ? [child] : [];
  });
}

/** Whether a run divides a resource: it has a limit of its own, of which a part is of use. */
export function isDivided(state: State, run: ModelNode, resource: string): boolean {
  const limit = run.accounts.get(resource)?.limit ?? null;
  if (limit === null || resource === ALLOCATIONS) return false;
  if (resource.startsWith('slot.') && limit === 1) return false;
  return resourceTypeOf(resource, state.policy.resources)?.exclusive !== true;
}

/** T-15: the share of a branch; with the last of them the whole is divided, and by the method. */
export function judgeShare({ state, event, find }: Shared): void {
  const run = runOfBranch(state, event.path);
  const branch = state.nodes.get(event.path);
  const { of, by } = event.branch ?? {};
  if (run === undefined || branch === undefined || run.path !== of) {
    return find('T-15', `${event.path} is no branch of ${of}`, event.path);
  }
  if (event.by !== undefined) find('T-15', 'a share is nobody’s command', event.path);
  if (by !== run.branchBy) find('T-15', `shared by ${by}, not ${run.branchBy}`, event.path);
  if (!run.owed.has(branch.path)) find('T-15', 'nothing is due to it', event.path);
  const resources = [...run.accounts.keys()].filter(
    (one) => isDivided(state, run, one) && !branch.accounts.get(one)?.window,
  );
  const named = Object.keys(event.limits);
  if ([...named].sort().join() !== resources.sort().join()) {
    find('T-15', `shares [${named}], not [${resources}]`, event.path);
  }
  if (run.owed.size > 1) return;
  for (const resource of resources) judgeWhole({ state, event, find }, run, resource);
}

/** The whole of one resource over all branches, when the last of them has its share. */
function judgeWhole(
  { state, event, find }: Pick<Shared, 'state' | 'event' | 'find'>,
  run: ModelNode,
  resource: string,
): void {
  const parts = branchesOf(state, run)
    .filter(({ accounts }) => !accounts.get(resource)?.window)
    .map((node) => {
      const account = node.accounts.get(resource);
      const base = node.path === event.path ? event.limits[resource]?.limit : account?.base;
      const used = Math.max(0, committed(state.nodes, node, resource));
      return {
        node,
        share: (base ?? 0) + (account?.granted ?? 0),
        floor: Math.max(used, account?.guarantee ?? 0),
        aside: setAside(state.nodes, node, resource),
      };
    });
  const limit = run.accounts.get(resource)?.limit ?? 0;
  let left = limit - committed(state.nodes, run, resource);
  for (const { aside, share } of parts) left += aside - share;
  const isWhole = parts.every(({ share, floor }) => share <= floor) ? left <= 0 : left === 0;
  if (!isWhole) find('T-15', `${left} ${resource} of ${run.path} are left undivided`, run.path);
  for (const { node, share, floor } of parts) {
    const { granted = 0 } = node.accounts.get(resource) ?? {};
    if (share < floor && share > granted) find('T-15', `${share} is below ${floor}`, node.path);
  }
  judgeMethod(state, run, resource, parts, find);
}

/** Nobody who has more than its least has more by weight than another; a unit for rounding. */
function judgeMethod(
  { policy }: State,
  run: ModelNode,
  resource: string,
  parts: readonly { readonly node: ModelNode; readonly share: number; readonly floor: number }[],
  find: Shared['find'],
): void {
  const levelOf = ({ priorityMax }: ModelNode) => priorityMax ?? policy.priorityMax;
  const top = Math.max(...parts.map(({ node }) => levelOf(node)));
  const weightOf = ({ weightMilli }: ModelNode) =>
    BigInt(run.branchBy === 'proportional' ? weightMilli : 1_000);
  for (const { node, share, floor } of parts) {
    if (share <= floor) continue;
    if (run.branchBy === 'priority' && levelOf(node) < top) {
      find('T-15', `${node.path} has ${share} ${resource}, others rank before it`, node.path);
    }
    for (const other of parts) {
      if (run.branchBy === 'priority' && levelOf(other.node) < top) continue;
      const [mine, its] = [BigInt(share - 1), BigInt(other.share + 1)];
      if (mine * weightOf(other.node) < its * weightOf(node)) continue;
      find('T-15', `${node.path} has ${share} beside ${other.share} of ${resource}`, node.path);
    }
  }
}

/** T-15: what is owed to a branch is shared at once. */
export function judgeOwed(state: State, find: Bench['find']): void {
  for (const run of state.nodes.values()) {
    if (run.owed.size === 0 || run.isClosing) continue;
    const isSome = [...run.accounts.keys()].some((resource) => isDivided(state, run, resource));
    const owed = [...run.owed].filter((path) => state.nodes.get(path)?.isClosing === false);
    if (isSome && owed.length > 0) find('T-15', `${owed} of ${run.path} have no share`, run.path);
  }
}
