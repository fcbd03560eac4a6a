import { newSecondBooks, type SecondBooks } from '../checks/second-books.ts';
import type { Alerts } from '../emergencies/alerts.ts';
import type { GrantBook } from '../windows/grant-book.ts';
import type { WindowInForce } from '../windows/window.ts';

/**
 * One resource of one node, and the walk that keeps every tier right (semantics §4).
 *
 *   committed(n) = own sums + Σ over children of max(guarantee − lend, committed − uncounted)
 *   available(n) = limit(n) − committed(n)
 *
 * The sums are kept, not recounted: a change climbs from the node to the root in O(depth), and a
 * parent takes only the growth of what its child sets aside. Accounts are mutated in place: a
 * copy per event and tier costs more than the decision itself (architecture.md, "XState").
 */
export interface Account {
  /** Ceiling, or null for none of its own: the base limit and what grants add to it. */
  limit: number | null;
  /** The limit without grants, and what they add to it. */
  base: number | null;
  granted: number;
  /** What the node can count on: set aside from the parent but for what it lends. */
  guarantee: number;
  /** How much of the guarantee others may use while it is idle; null all of it. */
  lend: number | null;
  /** What one end of an allocation beneath may book above its hold; null: no bound here. */
  overrunLimit: number | null;
  /** Own live allocations. */
  held: number;
  /** Own use in this window, with that of closed children and of children's ended windows. */
  spent: number;
  /** Debt of earlier windows that burdens this one. */
  carried: number;
  /** What of `committed` the parent has no part in: debt, and use from before its own window. */
  uncounted: number;
  /** Own amounts that are being collected for a named request. */
  earmarked: number;
  /** Own reservations, as far as nothing is drawn from them. */
  booked: number;
  /** Set aside for emergencies and not drawn; of swarms alone. */
  reserved: number;
  /** What that is to be, and what of it was drawn and is not filled again (reserves/). */
  reserveTarget: number;
  reserveDrawn: number;
  /** Holders are asked to shrink until then; null: they are not. */
  shedUntilMs: number | null;
  /** Σ over children of max(guarantee − lend, committed). */
  childrenCommitted: number;
  /** The same in an empty tree: Σ of max(guarantee − lend, their own childrenIdle). */
  childrenIdle: number;
  /** What the children can count on, lent or not: Σ of max(guarantee, their childrenPromised). */
  childrenPromised: number;
  committed: number;
  /** Held and spent with all descendants. */
  heldTree: number;
  spentTree: number;
  /** The same whatever the window, and in the window before this one. */
  spentTotal: number;
  spentPast: number;
  /** Highest `heldTree` ever. */
  peakHeld: number;
  /** Rung of the emergency ladder last announced; 0 is none. */
  rung: number;
  /** What few accounts have: a window of its own, grants, thresholds of its own. */
  window: WindowInForce | null;
  grants: GrantBook | null;
  alerts: Alerts | null;
  /** The same sums as they follow from the events alone; kept and compared by invariants.ts. */
  readonly second: SecondBooks;
}

/** An account that nothing was ever booked on. */
export function newAccount(): Account {
  return {
    limit: null,
    base: null,
    granted: 0,
    guarantee: 0,
    lend: 0,
    overrunLimit: null,
    held: 0,
    spent: 0,
    carried: 0,
    uncounted: 0,
    earmarked: 0,
    booked: 0,
    reserved: 0,
    reserveTarget: 0,
    reserveDrawn: 0,
    shedUntilMs: null,
    childrenCommitted: 0,
    childrenIdle: 0,
    childrenPromised: 0,
    committed: 0,
    heldTree: 0,
    spentTree: 0,
    spentTotal: 0,
    spentPast: 0,
    peakHeld: 0,
    rung: 0,
    window: null,
    grants: null,
    alerts: null,
    second: newSecondBooks(),
  };
}

/** What of the guarantee is set aside whether used or not: all but what may be lent. */
export function setAsideOf({ guarantee, lend }: Pick<Account, 'guarantee' | 'lend'>): number {
  return lend === null || lend >= guarantee ? 0 : guarantee - lend;
}

/** What the account takes from its parent. */
export function contributionOf(account: Account): number {
  return Math.max(account.committed - account.uncounted, setAsideOf(account));
}

/** What of an account's use its parent counts: all but what lies before the parent's own window. */
export function countedAbove(account: Account): number {
  return account.spentTree - (account.uncounted - account.carried);
}

/** The limit that a base and grants make, within the exact integers. */
export function limitOf(base: number | null, granted: number): number | null {
  return base === null ? null : Math.min(base + granted, Number.MAX_SAFE_INTEGER);
}

/**
 * What of a growth a parent is asked for: nothing of what is set aside. May be negative.
 * @param committed of the account as it is, or as it is taken to be
 */
export function askedAbove(account: Account, committed: number, growth: number): number {
  const setAside = setAsideOf(account);
  return Math.max(setAside, committed + growth) - Math.max(setAside, committed);
}

/** What the account takes from its parent when nothing is held or spent anywhere. */
export function idleContributionOf(account: Account): number {
  return Math.max(account.childrenIdle, setAsideOf(account));
}

/** What the parent has promised to the account, lent or not. */
export function promisedTo(account: Account): number {
  return Math.max(account.childrenPromised, account.guarantee);
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
  readonly booked: number;
  readonly reserved: number;
  /** The node's guarantee and what it lends of it, as they are set; undefined: as they were. */
  readonly guarantee: Guarantee | undefined;
  /** What a closed child had contributed, in use, idle and promised: leaves where this starts. */
  readonly leftByChild: number;
  readonly idleLeft: number;
  readonly promisedLeft: number;
  /** Change of `spentTree`; a roll-up moves use within a tree and changes none. */
  readonly spentTree: number;
  /** By how much the account just taken asks more of its parent, in use and idle. */
  growth: number;
  idleGrowth: number;
  promisedGrowth: number;
}

/** What a node can count on, and how much of it others may use meanwhile (null: all). */
export type Guarantee = Pick<Account, 'guarantee' | 'lend'>;

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
    booked: 0,
    reserved: 0,
    guarantee: undefined,
    leftByChild: 0,
    idleLeft: 0,
    promisedLeft: 0,
    spentTree: spent,
    growth: 0,
    idleGrowth: 0,
    promisedGrowth: 0,
  };
}

/** A climb of what reservations keep. */
export function bookedClimb(resource: string, booked: number): ResourceClimb {
  return { ...climbOf(resource, 0, 0, 0), booked };
}

/** A climb of what is set aside for emergencies. */
export function reservedClimb(resource: string, reserved: number): ResourceClimb {
  return { ...climbOf(resource, 0, 0, 0), reserved };
}

/** A climb of a guarantee, or of its lending, as it is set. */
export function guaranteeClimb(resource: string, guarantee: Guarantee): ResourceClimb {
  return { ...climbOf(resource, 0, 0, 0), guarantee };
}

/** The climb by which a closed child's use becomes its parent's own. Starts at the parent. */
export function rollUpClimb(resource: string, child: Account): ResourceClimb {
  return {
    ...climbOf(resource, 0, countedAbove(child), 0),
    leftByChild: contributionOf(child),
    idleLeft: idleContributionOf(child),
    promisedLeft: promisedTo(child),
    spentTree: 0,
  };
}

/**
 * The climb by which the use of a window that has ended becomes own use of the tier above.
 * @param change of what the account with the window contributes
 */
export function handUpClimb(resource: string, spent: number, change: number): ResourceClimb {
  return { ...climbOf(resource, 0, spent, 0), leftByChild: -change, spentTree: 0 };
}

/** Takes a climb into the account of the node where it starts (`isOwn`) or of an ancestor. */
export function takeClimb(account: Account, climb: ResourceClimb, isOwn: boolean): void {
  const before = contributionOf(account);
  const idleBefore = idleContributionOf(account);
  const promisedBefore = promisedTo(account);
  if (isOwn) {
    account.held += climb.held;
    account.spent += climb.spent;
    account.earmarked += climb.earmarked;
    account.booked += climb.booked;
    account.reserved += climb.reserved;
    if (climb.guarantee !== undefined) {
      account.guarantee = climb.guarantee.guarantee;
      account.lend = climb.guarantee.lend;
    }
    account.childrenCommitted -= climb.leftByChild;
    account.childrenIdle -= climb.idleLeft;
    account.childrenPromised -= climb.promisedLeft;
    // Summed before it is added: what a child hands up stands in it twice for a moment, and twice
    // an amount may leave the exact integers.
    const { held, spent, earmarked, booked, reserved } = climb;
    account.committed += held + spent + earmarked + booked + reserved - climb.leftByChild;
  } else {
    account.childrenCommitted += climb.growth;
    account.committed += climb.growth;
    account.childrenIdle += climb.idleGrowth;
    account.childrenPromised += climb.promisedGrowth;
  }
  account.heldTree += climb.held;
  if (climb.spentTree !== 0) {
    account.spentTree += climb.spentTree;
    account.spentTotal += climb.spentTree;
    account.grants?.use(climb.spentTree);
  }
  if (account.heldTree > account.peakHeld) account.peakHeld = account.heldTree;
  climb.growth = contributionOf(account) - before;
  climb.idleGrowth = idleContributionOf(account) - idleBefore;
  climb.promisedGrowth = promisedTo(account) - promisedBefore;
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
