import type { BursarEvent } from '../../events/events.ts';
import type { Account } from '../accounts/account.ts';
import type { Node } from '../nodes/node.ts';
import type { Position } from '../team.ts';
import { breached, type InvariantId } from './invariant-error.ts';

/**
 * The sums of one account kept a second time, for INV-1, 2, 4, 8 and 13. They follow from the
 * amounts that an event states and from nothing of the walk that keeps the account itself: `share`
 * is what the parent has counted of this account, so the tiers above are known from the tiers
 * beneath and not from the growth that the walk hands on.
 */
export interface SecondBooks {
  limit: number | null;
  base: number | null;
  granted: number;
  /** When its own window began; null where it has none. */
  sinceMs: number | null;
  guarantee: number;
  lend: number | null;
  /** Own sums: Σ of live allocations, of use, of what is being collected, of reservations. */
  held: number;
  spent: number;
  earmarked: number;
  booked: number;
  /** Set aside for emergencies and not drawn, and what that is to be. */
  reserved: number;
  reserveTarget: number;
  /** Debt of earlier windows. */
  carried: number;
  /** What of `committed` is none of the parent's. */
  uncounted: number;
  /** Σ of the children's `share`. */
  below: number;
  committed: number;
  share: number;
  heldTree: number;
  spentTree: number;
  spentTotal: number;
}

export function newSecondBooks(): SecondBooks {
  return {
    limit: null,
    base: null,
    granted: 0,
    sinceMs: null,
    guarantee: 0,
    lend: 0,
    held: 0,
    spent: 0,
    earmarked: 0,
    booked: 0,
    reserved: 0,
    reserveTarget: 0,
    carried: 0,
    uncounted: 0,
    below: 0,
    committed: 0,
    share: 0,
    heldTree: 0,
    spentTree: 0,
    spentTotal: 0,
  };
}

/**
 * Takes what an event says of one resource of a node into the second books, up to the root, and
 * holds each tier against the kept ones. O(depth), a map look-up and sixteen comparisons a tier,
 * nothing allocated. Proves for every account on the path, after this event:
 * - INV-4 `held` is what live allocations hold, here and beneath, and not negative
 * - INV-13 `spent` has grown by what the event booked, once on every tier (INV-8 where a closed
 *   node's use was handed up)
 * - INV-1 `committed` is own sums + Σ of what the children set aside, in safe integers
 * - INV-2 where it grew by an event that admits, it is within the limit
 * @param heldTree,spentTree change with descendants; differs from the own one where a node has
 *   closed and `from` is its parent
 * @param isLast whether the event says no more of this resource; else nothing is compared yet
 */
export function carry(
  event: BursarEvent,
  at: Position,
  from: Node,
  resource: string,
  held: number,
  spent: number,
  heldTree: number,
  spentTree: number,
  isLast = true,
): void {
  let growth = 0;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const account = node.accounts.get(resource);
    if (account === undefined) return noAccount(event, at, node, resource);
    const { second } = account;
    if (node === from) {
      second.held += held;
      second.spent += spent;
    } else {
      second.below += growth;
    }
    second.heldTree += heldTree;
    second.spentTree += spentTree;
    second.spentTotal += spentTree;
    const before = second.committed;
    growth = resum(second);
    const { committed } = second;
    if (!isLast) continue;
    if (!isEqual(account, second)) tellDifference(event, at, node, resource, account);
    if (second.limit !== null && committed > second.limit) {
      const isAsked =
        committed > before || (held > 0 && node === from && !isDrawn(event, resource));
      if (isAsked && !mayOverdraw(event)) tellOverdraw(event, at, node, resource, second);
    }
  }
}

/** Holds what an account has set aside in several steps to its limit, where it has grown in all. */
export function checkNetGrowth(
  event: BursarEvent,
  at: Position,
  node: Node,
  resource: string,
  before: number,
): void {
  const second = node.accounts.get(resource)?.second;
  if (second === undefined || second.limit === null) return;
  const { committed, limit } = second;
  if (committed > before && committed > limit) tellOverdraw(event, at, node, resource, second);
}

/** What of a guarantee is set aside though it is idle. */
export function keptBy({ guarantee, lend }: Pick<SecondBooks, 'guarantee' | 'lend'>): number {
  return lend === null ? 0 : Math.max(0, guarantee - lend);
}

/** What a reservation or the emergency reserve had set aside before is admitted already. */
function isDrawn(event: BursarEvent, resource: string): boolean {
  if (event.type !== 'AllocationGranted') return false;
  return (event.drawn ?? event.reserve?.drawn)?.[resource] !== undefined;
}

/** Counts an account anew from its sums; gives by how much its parent's part of it has grown. */
export function resum(second: SecondBooks): number {
  const { held, spent, earmarked, booked, reserved, carried, below, uncounted } = second;
  const committed = held + spent + earmarked + booked + reserved + carried + below;
  const kept = keptBy(second);
  const counted = committed - uncounted;
  const share = counted > kept ? counted : kept;
  const growth = share - second.share;
  second.committed = committed;
  second.share = share;
  return growth;
}

/** Holds one account against its second books. */
export function compare(event: BursarEvent, at: Position, node: Node, resource: string): void {
  const account = node.accounts.get(resource);
  if (account === undefined) return noAccount(event, at, node, resource);
  if (!isEqual(account, account.second)) tellDifference(event, at, node, resource, account);
}

/** What of an account's use its parent has counted. */
export function countedOf({ spentTree, uncounted, carried }: SecondBooks): number {
  return spentTree - (uncounted - carried);
}

/** Whether a path's books are as they were left: an event that changes none has changed none. */
export function isUntouched(from: Node, resource: string): boolean {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const account = node.accounts.get(resource);
    if (account !== undefined && !isEqual(account, account.second)) return false;
  }
  return true;
}

/** A closed node's use becomes its parent's own; what it had set aside leaves with it. */
export function handUp(event: BursarEvent, at: Position, closed: Node, parent: Node): void {
  for (const [resource, { second }] of closed.accounts) {
    const found = second.held + second.earmarked + second.booked;
    if (found !== 0) {
      const what = 'what a closed node still holds, collects or has reserved';
      const { path } = closed;
      breached(event, at, { invariant: 'INV-8', path, resource, what, expected: 0, found });
    }
    const account = parent.accounts.get(resource);
    if (account === undefined) noAccount(event, at, parent, resource);
    else {
      account.second.spent += countedOf(second);
      account.second.below -= second.share;
    }
  }
}

/** The events that book use, which is never refused for want of room. */
function mayOverdraw({ type }: BursarEvent): boolean {
  return (
    type === 'AllocationEnded' ||
    type === 'LateSettled' ||
    type === 'Charged' ||
    type === 'Adjusted' ||
    type === 'WindowOpened' ||
    type === 'GrantsCounted'
  );
}

function isEqual(account: Account, second: SecondBooks): boolean {
  return (
    account.committed === second.committed &&
    account.held === second.held &&
    account.spent === second.spent &&
    account.heldTree === second.heldTree &&
    account.spentTree === second.spentTree &&
    account.childrenCommitted === second.below &&
    account.earmarked === second.earmarked &&
    account.carried === second.carried &&
    account.uncounted === second.uncounted &&
    account.spentTotal === second.spentTotal &&
    account.limit === second.limit &&
    account.guarantee === second.guarantee &&
    account.lend === second.lend &&
    account.booked === second.booked &&
    account.reserved === second.reserved &&
    account.reserveTarget === second.reserveTarget &&
    second.held >= 0 &&
    second.spent >= 0 &&
    second.earmarked >= 0 &&
    second.booked >= 0 &&
    second.reserved >= 0 &&
    second.carried >= 0 &&
    second.uncounted >= second.carried &&
    second.committed <= Number.MAX_SAFE_INTEGER
  );
}

/** The fields in which the books are compared, and whose invariant each is. */
const FIELDS: readonly (readonly [
  invariant: InvariantId,
  field: Exclude<keyof SecondBooks, 'share' | 'below' | 'sinceMs'> & keyof Account,
])[] = [
  ['INV-4', 'held'],
  ['INV-4', 'heldTree'],
  ['INV-13', 'spent'],
  ['INV-13', 'spentTree'],
  ['INV-13', 'spentTotal'],
  ['INV-13', 'carried'],
  ['INV-13', 'uncounted'],
  ['INV-1', 'earmarked'],
  ['INV-1', 'limit'],
  ['INV-1', 'booked'],
  ['INV-20', 'reserved'],
  ['INV-20', 'reserveTarget'],
  ['INV-1', 'guarantee'],
  ['INV-1', 'lend'],
  ['INV-1', 'committed'],
];

function tellDifference(
  event: BursarEvent,
  at: Position,
  { path }: Node,
  resource: string,
  account: Account,
): never {
  const { second } = account;
  for (const [own, field] of FIELDS) {
    const invariant = invariantOf(own, field, event);
    const [found, expected] = [account[field], second[field]];
    const place = { invariant, path, resource, what: field };
    if (found !== expected) breached(event, at, { ...place, expected, found });
    const isOut = found !== null && (found < 0 || found > Number.MAX_SAFE_INTEGER);
    if (isOut) breached(event, at, { ...place, expected: 'an amount within the range', found });
  }
  const what = 'what the children set aside';
  const [found, expected] = [account.childrenCommitted, second.below];
  return breached(event, at, { invariant: 'INV-1', path, resource, what, expected, found });
}

/** A denial books nothing, so whatever it changed is its own fault; closing hands use up. */
function invariantOf(own: InvariantId, field: string, event: BursarEvent): InvariantId {
  if (event.type === 'RequestDenied' && event.waited !== true) return 'INV-6';
  if (own !== 'INV-13') return own;
  if (event.type === 'NodeClosed') return 'INV-8';
  const closesStep = event.type === 'AllocationEnded' && event.closesStep === true;
  return closesStep && field === 'spent' ? 'INV-8' : own;
}

function tellOverdraw(
  event: BursarEvent,
  at: Position,
  { path }: Node,
  resource: string,
  { committed, limit }: SecondBooks,
): never {
  return breached(event, at, {
    invariant: 'INV-2',
    path,
    resource,
    what: 'what is set aside after an admission',
    expected: `${limit} at most`,
    found: committed,
  });
}

function noAccount(event: BursarEvent, at: Position, { path }: Node, resource: string): never {
  const what = 'the account';
  const place = { invariant: 'INV-1', path, resource, what } as const;
  return breached(event, at, { ...place, expected: 'there', found: 'missing' });
}
