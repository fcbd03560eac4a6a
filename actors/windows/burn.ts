import type { GrantRecord } from '../../events/window.ts';

/** A grant of an account: a top-up that begins, ends and is burnt in its turn (semantics §4). */
export interface Grant {
  /** The id of its top-up. */
  readonly id: string;
  readonly amount: number;
  readonly terms: GrantRecord;
  /** When it was recorded: before that it counts for nobody. */
  readonly createdAtMs: number;
  voidedAtMs: number | null;
}

/** What of an account's use is covered at an instant. */
export interface Cover {
  /** What is left of each grant in force, by id. */
  readonly left: Map<string, number>;
  /** Used and burnt by no grant: on the base limit, and what is above it is debt. */
  uncovered: number;
  /** Burnt, and forgiven as debt, since the window began. */
  covered: number;
  /** Debt of earlier windows that burdens this one. */
  carried: number;
}

/** What changes at an instant, besides grants that begin, end or come again by their terms. */
export interface Cut {
  readonly atMs: number;
  /** The base limit from here on; null: none, so that there is no debt. */
  readonly base: number | null;
  /** A window ends here; whether its debt is carried over. */
  readonly reset: 'none' | 'forgiving' | 'carrying';
  /** Whether a grant that comes again leaves the debt to be paid. */
  readonly keepsDebt: boolean;
}

/** Nothing used, nothing granted. */
export function noCover(): Cover {
  return { left: new Map(), uncovered: 0, covered: 0, carried: 0 };
}

/**
 * The cover after a cut: what is over leaves, a window's end rolls over, grants that come again are
 * whole, those that begin join, and then the grants in force pay what is owed.
 * @param past the cut before, whose base was in force till now
 */
export function cutCover(before: Cover, past: Cut, cut: Cut, grants: readonly Grant[]): Cover {
  const { base } = past;
  // Of several cuts at one instant the first makes whole what comes again then.
  const againAtMs = past.atMs < cut.atMs ? cut.atMs : null;
  const cover: Cover = { ...before, left: new Map() };
  if (cut.reset !== 'none') {
    cover.carried = cut.reset === 'carrying' ? debtOf(before, base) : 0;
    cover.uncovered = cover.carried;
    cover.covered = 0;
  }
  for (const grant of grants) {
    if (!isInForce(grant, cut.atMs)) continue;
    const isAgain = againAtMs !== null && comesAgain(grant, againAtMs);
    const left = before.left.get(grant.id);
    cover.left.set(grant.id, isAgain ? grant.amount : leftAfter(grant, left, cut));
    if (isAgain && !cut.keepsDebt) {
      const debt = debtOf(cover, cut.base);
      cover.uncovered -= debt;
      cover.covered += debt;
    }
  }
  burn(cover, debtOf(cover, cut.base), grants, true);
  return cover;
}

/** The cover after a use: grants in force burn in their order, the rest is uncovered. */
export function useCover(before: Cover, usage: number, grants: readonly Grant[]): Cover {
  const cover: Cover = { ...before, left: new Map(before.left) };
  burn(cover, usage, grants, false);
  return cover;
}

/** What grants add to the limit: what they have covered, and what may still be burnt. */
export function grantedBy({ covered, left }: Cover): number {
  let sum = covered;
  for (const amount of left.values()) sum += amount;
  return sum;
}

/** Used above what grants and base limit cover; the next grant pays it. */
export function debtOf({ uncovered }: Cover, base: number | null): number {
  return base === null ? 0 : Math.max(0, uncovered - base);
}

/** Order of burning: priority, earlier end, earlier creation, id. */
export function compareGrants(a: Grant, b: Grant): number {
  if (a.terms.priority !== b.terms.priority) return a.terms.priority - b.terms.priority;
  const [endA, endB] = [a.terms.endsAtMs ?? Infinity, b.terms.endsAtMs ?? Infinity];
  if (endA !== endB) return endA < endB ? -1 : 1;
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs - b.createdAtMs;
  return a.id < b.id ? -1 : 1;
}

/** Whether a grant may be burnt at an instant; its end is exclusive. */
export function isInForce(grant: Grant, atMs: number): boolean {
  const { startsAtMs, endsAtMs } = grant.terms;
  if (atMs < startsAtMs || atMs < grant.createdAtMs) return false;
  return atMs < (endsAtMs ?? Infinity) && atMs < (grant.voidedAtMs ?? Infinity);
}

/** The next instant after another at which a grant begins, comes again or ends, or Infinity. */
export function nextChangeMs(grant: Grant, afterMs: number): number {
  const { startsAtMs, endsAtMs, recurrence } = grant.terms;
  if (grant.voidedAtMs !== null || (endsAtMs !== null && endsAtMs <= afterMs)) return Infinity;
  if (afterMs < startsAtMs) return startsAtMs;
  const end = endsAtMs ?? Infinity;
  if (recurrence === undefined) return end;
  const { everyMs, anchorMs } = recurrence;
  return Math.min(end, anchorMs + (Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs);
}

function leftAfter(grant: Grant, left: number | undefined, cut: Cut): number {
  const { amount, terms } = grant;
  if (left === undefined) return terms.left ?? amount;
  if (cut.reset === 'none') return left;
  const { min, max } = terms.rollover ?? { min: 0, max: 0 };
  return Math.min(max, Math.max(min, left));
}

function comesAgain({ terms }: Grant, atMs: number): boolean {
  const { startsAtMs, recurrence } = terms;
  if (recurrence === undefined || atMs <= startsAtMs) return false;
  return (atMs - recurrence.anchorMs) % recurrence.everyMs === 0;
}

/** Burns an amount: of use, what no grant takes is uncovered; of debt it is so already. */
function burn(cover: Cover, amount: number, grants: readonly Grant[], isDebt: boolean): void {
  let rest = amount;
  for (const { id } of grants) {
    const left = cover.left.get(id);
    if (left === undefined || left === 0 || rest === 0) continue;
    const burnt = Math.min(left, rest);
    cover.left.set(id, left - burnt);
    cover.covered += burnt;
    rest -= burnt;
  }
  cover.uncovered += isDebt ? rest - amount : rest;
}
