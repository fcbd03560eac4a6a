import { newSecondBooks, type SecondBooks } from './second-books.ts';

/**
 * One resource of one node, and the walk that keeps every tier right (semantics §4).
 *
 *   committed(n) = own sums + Σ over children of max(guarantee(c), committed(c))
 *   available(n) = limit(n) − committed(n)
 *
 * The sums are kept, not recounted: a change climbs from the node to the root in O(depth), and a
 * parent takes only the growth of what its child sets aside. Accounts are mutated in place: a
 * copy per event and tier costs more than the decision itself (architecture.md, "XState").
 */
export interface Account {
  /** Ceiling, or null for none of its own. */
  limit: number | null;
  /** Set aside from the parent, whether used or not. */
  guarantee: number;
  /** Own live allocations. */
  held: number;
  /** Own use, with that of closed children. */
  spent: number;
  /** Own amounts that are being collected for a named request. */
  earmarked: number;
  /** Σ over children of max(guarantee, committed). */
  childrenCommitted: number;
  /** What the children set aside in an empty tree: Σ of max(guarantee, their own childrenIdle). */
  childrenIdle: number;
  committed: number;
  /** Held and spent with all descendants. */
  heldTree: number;
  spentTree: number;
  /** Highest `heldTree` ever. */
  peakHeld: number;
  /** Rung of the emergency ladder last announced; 0 is none. */
  rung: number;
  /** The same sums as they follow from the events alone; kept and compared by invariants.ts. */
  readonly second: SecondBooks;
}

/** An account that nothing was ever booked on. */
export function newAccount(): Account {
  return {
    limit: null,
    guarantee: 0,
    held: 0,
    spent: 0,
    earmarked: 0,
    childrenCommitted: 0,
    childrenIdle: 0,
    committed: 0,
    heldTree: 0,
    spentTree: 0,
    peakHeld: 0,
    rung: 0,
    second: newSecondBooks(),
  };
}

/** What the account takes from its parent. */
function contributionOf(account: Account): number {
  return Math.max(account.committed, account.guarantee);
}

/**
 * What of a growth a parent is asked for: nothing of what lies inside the guarantee. May be negative.
 * @param committed of the account as it is, or as it is taken to be
 */
export function askedAbove({ guarantee }: Account, committed: number, growth: number): number {
  return Math.max(guarantee, committed + growth) - Math.max(guarantee, committed);
}

/** What the account takes from its parent when nothing is held or spent anywhere. */
function idleContributionOf(account: Account): number {
  return Math.max(account.childrenIdle, account.guarantee);
}

/** Room left; negative where the account is short, Infinity where it has no limit. */
export function availableIn(account: Account): number {
  return account.limit === null ? Infinity : account.limit - account.committed;
}

/**
 * A change of one resource on its way from a node to the root. At the node where it starts, its
 * own sums change; every account above takes `growth`, by which the one below it grew.
 */
export interface ResourceClimb {
  readonly resource: string;
  readonly held: number;
  readonly spent: number;
  readonly earmarked: number;
  /** Change of the node's own guarantee. */
  readonly guaranteed: number;
  /** What a closed child had contributed, in use and idle: leaves the node where this starts. */
  readonly leftByChild: number;
  readonly idleLeft: number;
  /** Change of `spentTree`; a roll-up moves use within a tree and changes none. */
  readonly spentTree: number;
  /** By how much the account just taken asks more of its parent, in use and idle. */
  growth: number;
  idleGrowth: number;
}

/** A climb of changes of a node's own sums. */
export function climbOf(
  resource: string,
  held: number,
  spent: number,
  earmarked: number,
): ResourceClimb {
  return {
    resource,
    held,
    spent,
    earmarked,
    guaranteed: 0,
    leftByChild: 0,
    idleLeft: 0,
    spentTree: spent,
    growth: 0,
    idleGrowth: 0,
  };
}

/** A climb of a changed guarantee. */
export function guaranteeClimb(resource: string, change: number): ResourceClimb {
  return { ...climbOf(resource, 0, 0, 0), guaranteed: change };
}

/** The climb by which a closed child's use becomes its parent's own. Starts at the parent. */
export function rollUpClimb(resource: string, child: Account): ResourceClimb {
  return {
    resource,
    held: 0,
    spent: child.spentTree,
    earmarked: 0,
    guaranteed: 0,
    leftByChild: contributionOf(child),
    idleLeft: idleContributionOf(child),
    spentTree: 0,
    growth: 0,
    idleGrowth: 0,
  };
}

/** Takes a climb into the account of the node where it starts (`isOwn`) or of an ancestor. */
export function takeClimb(account: Account, climb: ResourceClimb, isOwn: boolean): void {
  const before = contributionOf(account);
  const idleBefore = idleContributionOf(account);
  if (isOwn) {
    account.held += climb.held;
    account.spent += climb.spent;
    account.earmarked += climb.earmarked;
    account.guarantee += climb.guaranteed;
    account.childrenCommitted -= climb.leftByChild;
    account.childrenIdle -= climb.idleLeft;
    account.committed += climb.held + climb.spent + climb.earmarked - climb.leftByChild;
  } else {
    account.childrenCommitted += climb.growth;
    account.committed += climb.growth;
    account.childrenIdle += climb.idleGrowth;
  }
  account.heldTree += climb.held;
  account.spentTree += climb.spentTree;
  if (account.heldTree > account.peakHeld) account.peakHeld = account.heldTree;
  climb.growth = contributionOf(account) - before;
  climb.idleGrowth = idleContributionOf(account) - idleBefore;
}

/**
 * Use of a limit in thousandths, rounded down; exact beyond 2^53 / 1000 too. What would leave the
 * range of exact integers is shown as the end of it: an event with more could not be read again.
 */
export function usePermille(used: number, limit: number): number {
  if (limit <= 0) return used > 0 ? 1000 : 0;
  if (used <= 9_000_000_000_000) return Math.floor((used * 1000) / limit);
  const permille = (BigInt(used) * 1000n) / BigInt(limit);
  return Number(permille < MAX ? permille : MAX);
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER);
