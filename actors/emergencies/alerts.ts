import type { Threshold } from '../../events/window.ts';
import type { Account } from '../accounts/account.ts';

/** The two measures of an account that have thresholds. */
export type AlertOf = 'usage' | 'balance';

/** The thresholds of an account's own, and which was told last of either kind; -1: none. */
export interface Alerts {
  readonly thresholds: readonly Threshold[];
  usage: number;
  balance: number;
}

/** What a threshold looks at. */
export function alertOf({ balance }: Threshold): AlertOf {
  return balance === undefined ? 'usage' : 'balance';
}

/** Thresholds of which nothing was told yet. */
export function newAlerts(thresholds: readonly Threshold[]): Alerts {
  return { thresholds, usage: -1, balance: -1 };
}

/** A change of what is to be told: a threshold raised, or the one told before cleared. */
export type AlertChange =
  | { readonly of: AlertOf; readonly raised: number }
  | { readonly of: AlertOf; readonly cleared: number; readonly still: number };

/**
 * What is to be told of an account now, or undefined. A bound is reached when use is above it or
 * less than it is left (OpenMeter's rule). Values and percentages compare by value: of those reached,
 * the highest use and the lowest balance are told, on a tie the later in the list. One that was told
 * holds until use has fallen by a twentieth of it, so that what comes and goes at a bound is told
 * once.
 */
export function alertChangeOf(account: Account): AlertChange | undefined {
  const { alerts } = account;
  if (alerts === null) return undefined;
  for (const of of ['usage', 'balance'] as const) {
    const told = alerts[of];
    const reached = reachedIn(account, alerts.thresholds, of);
    if (reached === told) continue;
    const [next, last] = [boundAt(account, alerts, reached), boundAt(account, alerts, told)];
    if (reached !== -1 && (told === -1 || last === undefined || isWorse(of, next, last))) {
      return { of, raised: reached };
    }
    if (told !== -1 && !holds(account, of, last)) return { of, cleared: told, still: reached };
  }
  return undefined;
}

/** Spent and held with descendants. */
export function usageOf(account: Account): number {
  return account.spentTree + account.heldTree;
}

/** Place of the threshold to tell, or -1. */
function reachedIn(account: Account, thresholds: readonly Threshold[], of: AlertOf): number {
  let worst = -1;
  let worstBound: bigint | undefined;
  for (const [place, threshold] of thresholds.entries()) {
    const bound = boundOf(account, threshold, of);
    if (bound === undefined || !isReached(account, of, bound)) continue;
    if (worstBound !== undefined && isWorse(of, worstBound, bound)) continue;
    worst = place;
    worstBound = bound;
  }
  return worst;
}

function boundAt(account: Account, alerts: Alerts, place: number): bigint | undefined {
  const threshold = alerts.thresholds[place];
  if (threshold === undefined) return undefined;
  return boundOf(account, threshold, alertOf(threshold));
}

/** The bound in hundredths of the resource's unit; undefined where it is of another kind. */
function boundOf(
  { limit }: Account,
  { usage, usagePercent, balance }: Threshold,
  of: AlertOf,
): bigint | undefined {
  if (of === 'usage' && usage !== undefined) return BigInt(usage) * 100n;
  // Of a limit of nothing there are no parts, and nothing that could get low.
  if (limit === null || limit === 0) return undefined;
  if (of === 'balance') return balance === undefined ? undefined : BigInt(balance) * 100n;
  return usagePercent === undefined ? undefined : BigInt(usagePercent) * BigInt(limit);
}

function isReached(account: Account, of: AlertOf, bound: bigint): boolean {
  const used = BigInt(usageOf(account)) * 100n;
  if (of === 'usage') return used > bound;
  const left = BigInt(account.limit ?? 0) * 100n - used;
  // A balance never falls below nothing, so that one is reached at its bound.
  return left < bound || (bound === 0n && left <= 0n);
}

function isWorse(of: AlertOf, a: bigint | undefined, b: bigint | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return of === 'usage' ? a > b : a < b;
}

/** Whether one that was told still holds, with its margin. */
function holds(account: Account, of: AlertOf, bound: bigint | undefined): boolean {
  if (bound === undefined) return false;
  const margin = bound / 20n;
  return isReached(account, of, of === 'usage' ? bound - margin : bound + margin);
}
