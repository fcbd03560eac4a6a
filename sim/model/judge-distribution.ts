import type { CommandOf } from '../../events/commands.ts';
import type { Division, Share } from '../../events/division.ts';
import type { EventOf } from '../../events/events.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { isClosing, isFrozen } from './barred.ts';
import type { Bench } from './bench.ts';
import { committed, pathRoom, setAside } from './books.ts';
import { guaranteeFits, promisedBeneath } from './guarantees.ts';
import { judgeCommand } from './judge-division-command.ts';
import { judgeRebalanced } from './judge-rebalance.ts';
import { wrongShares } from './judge-shares.ts';
import type { ModelNode } from './nodes.ts';
import { uncounted } from './spent.ts';
import type { State } from './state.ts';

type Distributed = EventOf<'Distributed'>;
type Distribute = CommandOf<'distribute'>;

/** T-08, T-14: a parent divides what it has over its open children, by a method, to the last unit. */
export function judgeDistributed({ state, event, sent, find }: Bench<Distributed>): void {
  const { path, sets, divisions } = event;
  if (!state.nodes.has(path)) return find('S §5', `${path} is not open`, path);
  if (isFrozen(state, path)) find('INV-9', 'divided beneath a freeze', path);
  if (isClosing(state, path)) find('INV-9', 'divided beneath a closing', path);
  if (event.why === 'rebalance') {
    for (const division of divisions) judgeShares(state, event, division, find);
    return judgeRebalanced(state, event, find);
  }
  const meant =
    sent?.of('distribute', event.by, event.id).filter((one) => isMeant(one, event)) ?? [];
  // Of several without an id any may be the one; what is wrong is told of the first.
  const command = meant.find((one) => isOwn(state, event, one)) ?? meant[0];
  if (sent !== null && command === undefined) find('S §5', 'nobody distributed it so', path);
  for (const division of divisions) judgeDivision(state, event, division, command, find);
  if (sets === 'guarantee') judgePromises(state, event, find);
}

function isMeant(command: Distribute, { path, sets, divisions }: Distributed): boolean {
  const resources = Object.keys(command.amounts).sort().join(' ');
  const divided = divisions.map(({ resource }) => resource).sort();
  return command.path === path && command.sets === sets && resources === divided.join(' ');
}

function judgeDivision(
  state: State,
  event: Distributed,
  division: Division,
  command: Distribute | undefined,
  find: Bench['find'],
): void {
  const { path, sets } = event;
  const { resource, total, shares } = division;
  const isLimit = sets === 'limit';
  const children = shares.map(({ child }) => state.nodes.get(`${path}/${child}`));
  const supply = supplyOf(state, path, children, resource, isLimit);
  if (total > supply)
    find('INV-2', `${total} ${resource} is divided where there is ${supply}`, path);
  judgeShares(state, event, division, find);
  if (isLimit && state.policy.overcommit === 'refuse') {
    judgeOvercommit(state, path, division, find);
  }
  if (command !== undefined) judgeCommand(state, path, division, command, supply, find);
}

/** The shares are what the method says, and nobody has less than it cannot lose. */
function judgeShares(
  state: State,
  { path, sets, why }: Distributed,
  division: Division,
  find: Bench['find'],
): void {
  const { resource, shares } = division;
  const isLimit = sets === 'limit';
  const children = shares.map(({ child }) => state.nodes.get(`${path}/${child}`));
  const effective = shares.map((share, place): Share => {
    const child = children[place];
    if (child === undefined) {
      find('S §5', `${share.child} is not open`, path);
      return share;
    }
    judgeShare(state, child, resource, share, isLimit, find);
    const limit = isLimit ? null : (child.accounts.get(resource)?.limit ?? null);
    return limit === null ? share : { ...share, max: Math.min(share.max ?? limit, limit) };
  });
  // What nobody needs of a guarantee is given back, unless it only moves.
  const isAllGiven = (isLimit && division.method !== 'previous') || why === 'rebalance';
  const wrong = wrongShares({ ...division, shares: effective }, isAllGiven);
  if (wrong !== undefined) find('A-01', `${resource} by ${division.method}: ${wrong}`, path);
}

/** Whether an event is all that a command asks for. */
function isOwn(state: State, { path, sets, divisions }: Distributed, command: Distribute): boolean {
  let isRight = true;
  const find = () => {
    isRight = false;
  };
  for (const division of divisions) {
    const children = division.shares.map(({ child }) => state.nodes.get(`${path}/${child}`));
    const supply = supplyOf(state, path, children, division.resource, sets === 'limit');
    judgeCommand(state, path, division, command, supply, find);
  }
  return isRight;
}

/** What one child had, and what it cannot fall below. */
function judgeShare(
  state: State,
  child: ModelNode,
  resource: string,
  { was, is, floor, min }: Share,
  isLimit: boolean,
  find: Bench['find'],
): void {
  const { path } = child;
  const account = child.accounts.get(resource);
  const before = isLimit ? (account?.limit ?? null) : (account?.guarantee ?? 0);
  if (was !== before) find('S §5', `${path} had ${before} ${resource}, not ${was}`, path);
  if (isFrozen(state, path) || isClosing(state, path)) find('INV-9', `${path} takes part`, path);
  if (account?.window != null) find('S §4', `${path} has a window of its own`, path);
  const used = committed(state.nodes, child, resource);
  if (isLimit && is < used) find('INV-2', `${path} has committed ${used} and gets ${is}`, path);
  const isSpent = resourceTypeOf(resource, state.policy.resources)?.class === 'consumable';
  const promised = isSpent ? 0 : promisedBeneath(state, child, resource);
  const guarantees = [account?.guarantee ?? 0, account?.granted ?? 0, promised];
  const own = isLimit ? Math.max(used, ...guarantees) : isSpent ? used : promised;
  const least = Math.max(own, min ?? 0);
  const limit = isLimit ? null : (account?.limit ?? null);
  const due = limit === null ? least : Math.min(least, limit);
  if (floor !== due)
    find('S §5', `${path} cannot fall below ${due} ${resource}, not ${floor}`, path);
}

/** Free over the path, and what these children have taken of it; of lent guarantees the promises. */
function supplyOf(
  state: State,
  path: string,
  children: readonly (ModelNode | undefined)[],
  resource: string,
  isLimit: boolean,
): number {
  const { nodes } = state;
  const isSpent = resourceTypeOf(resource, state.policy.resources)?.class === 'consumable';
  const isPromise = !isLimit && !isSpent;
  let supply = isPromise ? promiseRoom(state, path, resource) : pathRoom(nodes, path, resource);
  for (const child of children) {
    if (child === undefined) continue;
    const account = child.accounts.get(resource);
    if (isPromise) {
      supply += Math.max(account?.guarantee ?? 0, promisedBeneath(state, child, resource));
      continue;
    }
    const taken = setAside(nodes, child, resource) + uncounted(nodes, child, resource);
    supply += isLimit ? taken : Math.min(taken, account?.limit ?? Number.POSITIVE_INFINITY);
  }
  return supply;
}

function promiseRoom(state: State, path: string, resource: string): number {
  let [room, unused] = [Number.POSITIVE_INFINITY, 0];
  for (const at of path
    .split('/')
    .map((_, i, names) => names.slice(0, names.length - i).join('/'))) {
    const node = state.nodes.get(at);
    if (node === undefined) continue;
    const promised = promisedBeneath(state, node, resource);
    const { limit = null, guarantee = 0 } = node.accounts.get(resource) ?? {};
    if (limit !== null) room = Math.min(room, unused + limit - promised);
    unused += Math.max(0, guarantee - promised);
  }
  return Math.max(0, room);
}

/** S §4, overcommit: no division brings the limits of all children together above the parent's. */
function judgeOvercommit(
  state: State,
  path: string,
  { resource, shares }: Division,
  find: Bench['find'],
): void {
  const parent = state.nodes.get(path);
  const limit = parent?.accounts.get(resource)?.limit ?? null;
  if (limit === null) return;
  const given = new Map(shares.map(({ child, is }) => [`${path}/${child}`, is]));
  let [sum, before] = [0n, 0n];
  for (const child of parent?.children ?? []) {
    const own = state.nodes.get(child)?.accounts.get(resource)?.limit ?? 0;
    sum += BigInt(given.get(child) ?? own);
    before += BigInt(own);
  }
  // They may have been above it before policy forbade it.
  if (sum > BigInt(limit) && sum > before)
    find('S §4', `children would have ${sum} ${resource} of ${limit}`, path);
}

/** S §4: guarantees are set aside from the parent, one after the other. */
function judgePromises(state: State, { path, divisions }: Distributed, find: Bench['find']): void {
  for (const { resource, shares } of divisions) {
    const sole = shares.filter(({ is, was }) => is > (was ?? 0));
    const others = shares.some(({ is, was }) => is < (was ?? 0));
    if (sole.length !== 1 || others) continue;
    const [grown] = sole as [Share];
    const set = {
      [resource]: { guarantee: grown.is, ...(grown.lend === null ? { lend: null } : {}) },
    };
    if (guaranteeFits(state, `${path}/${grown.child}`, set)) continue;
    find('S §4', `the guarantee of ${grown.child} does not fit`, path);
  }
}
