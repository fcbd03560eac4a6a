import type { BudgetTier } from './budgets.ts';
import { addAmount } from './money.ts';
import {
  ROW_OUTCOMES,
  type RowOutcome,
  type RowOutcomeKind,
  type TimeSpread,
  timeSpreadOf,
} from './outcome.ts';

/** How many rows ended in the same way for the same reason. */
export type ReasonCount = {
  readonly outcome: RowOutcomeKind;
  readonly reason: string;
  readonly tier: BudgetTier | null;
  readonly rows: number;
};

/** Sums over all rows for one resource, in its unit. */
export type ResourceSums = {
  /** By the rows that were asked, granted or not. */
  readonly asked: number;
  readonly held: number;
  readonly used: number;
  /** Held by rows that used less: sum of held − used. */
  readonly unspent: number;
  /** Used beyond the hold: sum of used − held. */
  readonly overrun: number;
};

/** Adds up rows as they end. Keeps sums only: a workload may have millions of rows. */
export class RowTally {
  readonly #counts = new Map<RowOutcomeKind, number>();
  readonly #reasons = new Map<string, ReasonCount>();
  readonly #sums = new Map<string, ResourceSums>();
  readonly #usedByPath = new Map<string, Record<string, number>>();
  readonly #waitsMs: number[] = [];

  add(row: RowOutcome): void {
    this.#counts.set(row.outcome, this.count(row.outcome) + 1);
    if (row.waitMs > 0) this.#waitsMs.push(row.waitMs);
    if (row.reason !== null) this.#addReason(row, row.reason);
    this.#addSums(row);
    this.#addUse(row);
  }

  count(outcome: RowOutcomeKind): number {
    return this.#counts.get(outcome) ?? 0;
  }

  /** Rows with any outcome: must be the rows of the workload. */
  total(): number {
    return ROW_OUTCOMES.reduce((sum, outcome) => sum + this.count(outcome), 0);
  }

  /** Most frequent first. */
  reasons(): ReasonCount[] {
    return [...this.#reasons.values()].sort((a, b) => b.rows - a.rows);
  }

  sumsOf(resource: string): ResourceSums {
    return this.#sums.get(resource) ?? { asked: 0, held: 0, used: 0, unspent: 0, overrun: 0 };
  }

  /** Of the rows that waited at all. */
  waits(): TimeSpread {
    return timeSpreadOf(this.#waitsMs);
  }

  /**
   * What was settled on each node, descendants included, as the agents know it. The governor's own
   * books must say the same.
   */
  usedByPath(): ReadonlyMap<string, Readonly<Record<string, number>>> {
    return this.#usedByPath;
  }

  #addReason({ outcome, shortTier: tier }: RowOutcome, reason: string): void {
    const key = `${outcome} ${reason} ${tier}`;
    const rows = (this.#reasons.get(key)?.rows ?? 0) + 1;
    this.#reasons.set(key, { outcome, reason, tier, rows });
  }

  #addSums({ asked, held, used }: RowOutcome): void {
    for (const resource of new Set(
      [asked, held, used].flatMap((amounts) => Object.keys(amounts)),
    )) {
      const before = this.sumsOf(resource);
      const heldNow = held[resource] ?? 0;
      const usedNow = used[resource] ?? 0;
      this.#sums.set(resource, {
        asked: addAmount(before.asked, asked[resource] ?? 0),
        held: addAmount(before.held, heldNow),
        used: addAmount(before.used, usedNow),
        unspent: addAmount(before.unspent, Math.max(heldNow - usedNow, 0)),
        overrun: addAmount(before.overrun, Math.max(usedNow - heldNow, 0)),
      });
    }
  }

  /** Team, swarm and run; a step is a row of its own. */
  #addUse({ path, used }: RowOutcome): void {
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1) {
      const node = names.slice(0, depth).join('/');
      const sums = this.#usedByPath.get(node) ?? {};
      for (const [resource, amount] of Object.entries(used)) {
        sums[resource] = addAmount(sums[resource] ?? 0, amount);
      }
      this.#usedByPath.set(node, sums);
    }
  }
}
