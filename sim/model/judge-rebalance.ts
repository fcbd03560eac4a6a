import type { Division, Share } from '../../events/division.ts';
import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { isClosing, isFrozen } from './barred.ts';
import type { Bench } from './bench.ts';
import { isDivided, runOfBranch } from './branches.ts';
import { demandOf } from './judge-division-command.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';
import { isLike } from './tools.ts';

/**
 * what was divided moves between those who took part, by demand, not before its time, and only
 * if more than the dead zone moves; the sum stays.
 */
export function judgeRebalanced(
  state: State,
  { path, sets, divisions, atMs }: EventOf<'Distributed'>,
  find: Bench['find'],
): void {
  const rules = state.policy.rebalance;
  if (rules === null) return find('A-10', 'policy wants no rebalancing', path);
  if (rules.path !== undefined && !isWithin(path, rules.path)) find('A-10', 'elsewhere', path);
  for (const division of divisions) {
    const { resource, method, rule } = division;
    const last = state.nodes.get(path)?.divided.get(resource);
    if (last === undefined || last.sets !== sets) {
      find('A-10', `${resource} was not divided so before`, path);
      continue;
    }
    if (!rules.resources.some((pattern) => isLike(resource, pattern))) {
      find('A-10', `${resource} is to stay as it is`, path);
    }
    if (atMs < last.atMs + rules.everyMs) find('INV-10', 'rebalanced before its time', path);
    if (rule !== 'rebalance' || method !== rules.method) find('A-06', `${method} by ${rule}`, path);
    judgeSums(division, rules.deadZonePermille, path, find);
    const taking = takingPart(state, path, resource, last.shares, sets === 'limit');
    const named = division.shares.map(({ child }) => child);
    if (taking.join(' ') !== named.join(' ')) find('A-10', `${taking.join(', ')} take part`, path);
    for (const share of division.shares) {
      const child = state.nodes.get(`${path}/${share.child}`);
      const before = last.shares.get(share.child);
      if (child === undefined || before === undefined) continue;
      judgeTerms(state, child, resource, share, before, find);
    }
  }
}

function judgeSums(
  { resource, total, shares }: Division,
  deadZonePermille: number,
  path: string,
  find: Bench['find'],
): void {
  let [sum, moved] = [0n, 0n];
  for (const { was, is } of shares) {
    sum += BigInt(was ?? 0);
    if (is > (was ?? 0)) moved += BigInt(is - (was ?? 0));
  }
  if (sum !== BigInt(total)) find('INV-1', `${total} ${resource} of ${sum} is rebalanced`, path);
  if (moved * 1_000n <= sum * BigInt(deadZonePermille)) {
    find('A-10', `${moved} of ${sum} ${resource} moves, within the dead zone`, path);
  }
}

/** Those of the last division that are open and whose limits are of their parent's window. */
function takingPart(
  state: State,
  path: string,
  resource: string,
  shares: ReadonlyMap<string, Share>,
  isLimit: boolean,
): string[] {
  const isTaking = (node: ModelNode | undefined) => {
    const account = node?.accounts.get(resource);
    if (node === undefined || account === undefined || account.window !== null) return false;
    if (node.freezes.size > 0 || isClosing(state, node.path) || isFrozen(state, node.path)) {
      return false;
    }
    const run = runOfBranch(state, node.path);
    if (run !== undefined && isDivided(state, run, resource)) return false;
    return !isLimit || account.limit !== null;
  };
  return [...shares.keys()].filter((name) => isTaking(state.nodes.get(`${path}/${name}`))).sort();
}

function judgeTerms(
  state: State,
  child: ModelNode,
  resource: string,
  { need, weight, priority, min, max }: Share,
  before: Share,
  find: Bench['find'],
): void {
  const { path } = child;
  const demand = demandOf(state, child, resource);
  if (need !== demand) find('A-04', `${path} needs ${demand} ${resource}, not ${need}`, path);
  const isSame =
    weight === before.weight &&
    priority === before.priority &&
    min === before.min &&
    max === before.max;
  if (!isSame) find('A-10', `the terms of ${path} are others than before`, path);
}
