import { Heap } from './heap.ts';
import { compareBigints, compareIds } from './ratio.ts';

/**
 * One node of a tree that is filled by dominant shares, as its parent sees it. Shares are
 * fixed-point fractions of what there is.
 */
export interface DrfBranch {
  readonly id: string;
  readonly parent: DrfBranch | null;
  readonly weightMilli: number;
  /** Those that still want something and can get it, the next to serve first. */
  readonly open: Heap<DrfBranch>;
  /** Those that are served: of what they hold the parent answers for all. */
  readonly closed: DrfBranch[];
  /** Fraction held of each resource; of a group as its parent counts it. */
  shares: readonly bigint[];
  /** The largest of them. */
  dominant: bigint;
  /** The dominant share of the smallest task that would be served next. */
  next: bigint;
  /** What the order goes by: largest first, over weight. */
  keys: readonly bigint[];
}

/** Bits after the point; shares that differ by less than the last of {@link TIE_BITS} are equal. */
const SHARE_BITS = 128n;
const TIE_BITS = 64n;

export function openBranch(id: string, parent: DrfBranch | null, weightMilli: number): DrfBranch {
  const open = new Heap<DrfBranch>([], isServedBefore);
  return {
    id,
    parent,
    weightMilli,
    open,
    closed: [],
    shares: [],
    dominant: 0n,
    next: 0n,
    keys: [],
  };
}

/** `use / capacity` as a share; nothing where there is no bound to share. */
export function shareOf(use: number, capacity: number): bigint {
  if (!(capacity > 0) || capacity === Infinity || use <= 0) return 0n;
  return (BigInt(use) << SHARE_BITS) / BigInt(capacity);
}

export function largest(shares: readonly bigint[]): bigint {
  return shares.reduce((most, share) => (share > most ? share : most), 0n);
}

/** Sets what a branch holds. */
export function setShares(branch: DrfBranch, shares: readonly bigint[]): void {
  branch.shares = shares;
  branch.dominant = largest(shares);
  const weight = BigInt(branch.weightMilli === 0 ? 1000 : branch.weightMilli);
  branch.keys = shares
    .map((share) => roundToTie((share * 1000n) / weight))
    .sort((a, b) => compareBigints(b, a));
}

/**
 * What a group holds for its parent (Bhattacharya et al., Hierarchical Scheduling for Diverse
 * Datacenter Workloads, SoCC 2013): its open children are rescaled to the smallest dominant share
 * among them, so that one that holds much of another resource does not starve its siblings; served
 * ones count with what they hold. A child with nothing counts as if it had its next task: at 0 it
 * would let a group with many children pass for one without any. A resource of which nothing is
 * left decides nothing any more.
 */
export function regroup(group: DrfBranch, isUsedUp: readonly boolean[]): void {
  const growing = group.open.items();
  const least = growing.reduce<bigint | null>((low, { dominant, next }) => {
    const reach = dominant > next ? dominant : next;
    return low === null || reach < low ? reach : low;
  }, null);
  group.next = least ?? 0n;
  const shares = isUsedUp.map(() => 0n);
  const add = (share: bigint, place: number): void => {
    shares[place] = (shares[place] ?? 0n) + share;
  };
  for (const { shares: held, dominant } of growing) {
    if (dominant === 0n) continue;
    const scaled = dominant < group.next ? dominant : group.next;
    for (const [place, share] of held.entries()) add((share * scaled) / dominant, place);
  }
  for (const { shares: held } of group.closed) held.forEach(add);
  setShares(
    group,
    shares.map((share, place) => (isUsedUp[place] ? 0n : share)),
  );
}

/** Smallest dominant share over weight, then the next-largest share, then the id. */
function isServedBefore(a: DrfBranch, b: DrfBranch): boolean {
  if ((a.weightMilli === 0) !== (b.weightMilli === 0)) return b.weightMilli === 0;
  for (const [place, key] of a.keys.entries()) {
    const order = compareBigints(key, b.keys[place] ?? 0n);
    if (order !== 0) return order < 0;
  }
  return compareIds(a.id, b.id) < 0;
}

function roundToTie(share: bigint): bigint {
  const dropped = SHARE_BITS - TIE_BITS;
  return (share + (1n << (dropped - 1n))) >> dropped;
}
