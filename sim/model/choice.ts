import { depthOf, isWithin } from '../../events/names.ts';
import type { Policy } from '../../events/policy.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { termsOf } from './ask-terms.ts';
import { committed, nearest, parentOf, setAside, treeSum } from './books.ts';
import { type Bidder, fairest } from './fairest.ts';
import { agedPriority, order, type Ranked } from './rank.ts';
import { spentTree, uncounted, windowOver } from './spent.ts';
import type { State, Waiting } from './state.ts';

interface Account {
  readonly path: string;
  readonly resource: string;
}

type Named = Exclude<Policy['queueing'], 'default'>;

/**
 * S §7, named policies: who of those that wait for an account has the better claim than one request
 * at this moment; undefined where it has the best itself. One request of each node competes, the
 * first by the plain order; emergencies alone where there are any.
 */
export function choose(
  state: State,
  account: Account,
  others: readonly Waiting[],
  self: Ranked,
): Waiting | undefined {
  const { policy } = state;
  const heads = new Map<string, Bidder>();
  for (const one of [...others, self].sort((a, b) => order(policy, a, b))) {
    if (one.isPreempting) continue;
    const bidder = bidderOf(state, account, one);
    if (!heads.has(bidder.seat)) heads.set(bidder.seat, bidder);
  }
  const all = [...heads.values()];
  const urgent = all.filter(({ one }) => one.priority >= ExecutionPriority.emergency);
  const best = BEST[policy.queueing as Named](state, account, urgent.length > 0 ? urgent : all);
  return others.find((one) => one === best?.one);
}

const BEST: Readonly<
  Record<Named, (state: State, account: Account, all: readonly Bidder[]) => Bidder | undefined>
> = {
  classic: (state, account, all) =>
    least(all, (a, b) => reach(state, account, a) - reach(state, account, b) || plain(state, a, b)),
  fair: (state, { path }, all) => fairest(state, path, all, (a, b) => plain(state, a, b)),
  budget: (state, account, all) =>
    least(
      all,
      (a, b) =>
        agedPriority(state.policy, b.one) - agedPriority(state.policy, a.one) ||
        compareUse(useOf(state, account, a), useOf(state, account, b)) ||
        plain(state, a, b),
    ),
};

/** What all policies end in: priority, then the longer wait, then who came first. */
function plain({ policy }: State, a: Bidder, b: Bidder): number {
  return (
    agedPriority(policy, b.one) - agedPriority(policy, a.one) ||
    a.one.queuedAtMs - b.one.queuedAtMs ||
    a.one.arrival - b.one.arrival
  );
}

/** A step sits with its run, unless it has limits or guarantees of what is asked. */
function bidderOf(state: State, account: Account, one: Ranked): Bidder {
  const wants: Record<string, number> = {};
  const { want, unbounded } = termsOf(one.ask, state);
  for (const [resource, amount] of unbounded.length > 0 ? [] : Object.entries(want)) {
    if (resourceTypeOf(resource, state.policy.resources)?.class !== 'rate')
      wants[resource] = amount;
  }
  const node = nearest(state.nodes, one.ask.path);
  const isOwn = Object.keys(wants).some((resource) => {
    const own = node?.accounts.get(resource);
    return own !== undefined && (own.limit !== null || own.guarantee > 0);
  });
  const sits = node?.tier === 'step' && !isOwn ? parentOf(state.nodes, node) : node;
  const isBeneath = sits !== undefined && isWithin(sits.path, account.path);
  return { one, wants, seat: isBeneath ? sits.path : account.path };
}

/** How far out it borrows: 0 within the quota of its own node, else the more the further. */
function reach(state: State, account: Account, { seat, wants }: Bidder): number {
  let furthest = 0;
  for (const [resource, amount] of Object.entries(wants)) {
    let need = amount;
    for (let at = state.nodes.get(seat); at && need > 0; at = parentOf(state.nodes, at)) {
      const own = at.accounts.get(resource);
      const isOutermost = at.path === account.path;
      const quota = isOutermost ? (own?.limit ?? Infinity) : (own?.guarantee ?? 0);
      const used = committed(state.nodes, at, resource);
      const far = at.path === seat ? 0 : 100 - depthOf(at.path);
      const before = setAside(state.nodes, at, resource);
      if (used + need <= quota || isOutermost) {
        furthest = Math.max(furthest, far);
        break;
      }
      const counted = used - uncounted(state.nodes, at, resource);
      need = Math.max(before, counted + need) - before;
    }
  }
  return furthest;
}

/** What the run has of its limit, or of the account's where it has none. */
function useOf(state: State, { path, resource }: Account, { one }: Bidder): [bigint, bigint] {
  const run = state.nodes.get(one.ask.path.split('/').slice(0, 3).join('/'));
  const limitOf = (of: string | undefined) =>
    state.nodes.get(of ?? '')?.accounts.get(resource)?.limit ?? null;
  const limit = limitOf(run?.path) ?? limitOf(path);
  if (limit === null) return [0n, 1n];
  const used = run === undefined ? 0 : usedOf(state, run.path, resource);
  return [BigInt(Math.max(0, used)), BigInt(Math.max(1, limit))];
}

function usedOf({ nodes }: State, path: string, resource: string): number {
  const node = nodes.get(path);
  if (node === undefined) return 0;
  const spent = spentTree(nodes, node, resource, windowOver(nodes, node, resource));
  return treeSum(nodes, node, resource, 'held') + spent;
}

function compareUse([a, of]: [bigint, bigint], [b, all]: [bigint, bigint]): number {
  return a * all < b * of ? -1 : a * all > b * of ? 1 : 0;
}

function least(all: readonly Bidder[], by: (a: Bidder, b: Bidder) => number): Bidder | undefined {
  return [...all].sort(by)[0];
}
