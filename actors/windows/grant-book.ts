import { strict as assert } from 'node:assert';
import { LIMITS } from '../../events/limits.ts';
import type { Timer } from '../timers.ts';
import {
  type Cover,
  type Cut,
  compareGrants,
  cutCover,
  debtOf,
  type Grant,
  grantedBy,
  nextChangeMs,
  noCover,
  useCover,
} from './burn.ts';

/** A stretch of an account's history in which no grant and no window changed. */
interface Stretch {
  readonly cut: Cut;
  /** Right after its cut, before anything was used in it. */
  opening: Cover;
  usage: number;
}

/** What the book shows of a stretch. */
export interface StretchView {
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly usage: number;
  /** At its end. */
  readonly left: ReadonlyMap<string, number>;
  readonly debt: number;
}

/**
 * The grants of one account and its use, stretch by stretch. What grants cover within a stretch
 * follows from the total that was used in it, so late use is added to the stretch of its own time
 * and everything after that is counted again. Bounded by LIMITS.grantSegmentsMax: use from before
 * the first stretch kept counts at its start.
 */
export class GrantBook {
  /** In the order in which they burn. */
  readonly #grants: Grant[] = [];
  readonly #stretches: Stretch[] = [];
  /** Rings when time alone changes something next; kept by whoever folds events. */
  timer: Timer | null = null;
  /** Older stretches were forgotten: what was used before the first one is not outside its window. */
  #isCut = false;

  /** @param used of the window that is in force, of which it is not known when */
  constructor(cut: Cut, used: number, carried: number) {
    const opening = { ...noCover(), uncovered: carried, carried };
    this.#stretches.push({ cut, opening, usage: used });
  }

  get grants(): readonly Grant[] {
    return this.#grants;
  }

  /** What is covered now. */
  get cover(): Cover {
    return this.#endOf(this.#last);
  }

  /** What the grants add to the limit. */
  get granted(): number {
    return grantedBy(this.cover);
  }

  get debt(): number {
    return debtOf(this.cover, this.#last.cut.base);
  }

  get carried(): number {
    return this.#last.opening.carried;
  }

  /** When time alone changes something next, or Infinity. */
  get nextChangeMs(): number {
    const { atMs } = this.#last.cut;
    return this.#grants.reduce(
      (next, grant) => Math.min(next, nextChangeMs(grant, atMs)),
      Infinity,
    );
  }

  /** A grant joins; it counts from the next cut on. */
  add(grant: Grant): void {
    this.#grants.push(grant);
    this.#grants.sort(compareGrants);
  }

  /** The present stretch ends, and what has changed takes effect. */
  cut(atMs: number, change: Partial<Omit<Cut, 'atMs'>> = {}): void {
    const last = this.#last;
    assert(atMs >= last.cut.atMs, 'history is cut at its end');
    const cut: Cut = { ...last.cut, atMs, reset: 'none', ...change };
    const before = this.#stretches.at(-2);
    const isEmpty = last.cut.atMs === atMs && last.usage === 0;
    if (before !== undefined && isEmpty && (cut.reset === 'none' || last.cut.reset === 'none')) {
      const reset = cut.reset === 'none' ? last.cut.reset : cut.reset;
      const merged = { ...cut, reset };
      const opening = cutCover(this.#endOf(before), before.cut, merged, this.#grants);
      this.#stretches[this.#stretches.length - 1] = { cut: merged, opening, usage: 0 };
      return;
    }
    const opening = cutCover(this.#endOf(last), last.cut, cut, this.#grants);
    this.#stretches.push({ cut, opening, usage: 0 });
    if (this.#stretches.length > LIMITS.grantSegmentsMax) this.#forgetFirst();
  }

  /** What the next cut will make of the cover. */
  after(atMs: number): { readonly granted: number; readonly carried: number } {
    const { cut } = this.#last;
    const next: Cut = { ...cut, atMs, reset: 'none' };
    const cover = cutCover(this.cover, cut, next, this.#grants);
    return { granted: grantedBy(cover), carried: cover.carried };
  }

  /** Counts a use, or with a negative amount one that was not, at its own time; absent: now. */
  use(amount: number, usedAtMs = Infinity): void {
    if (usedAtMs < this.#at(0).cut.atMs && !this.#isCut) return;
    let index = this.#stretches.length - 1;
    while (index > 0 && this.#at(index).cut.atMs > usedAtMs) index -= 1;
    const stretch = this.#at(index);
    // Of a stretch that is forgotten nothing can be taken back.
    stretch.usage = Math.max(0, stretch.usage + amount);
    for (let next = index + 1; next < this.#stretches.length; next += 1) {
      const before = this.#at(next - 1);
      const after = this.#at(next);
      after.opening = cutCover(this.#endOf(before), before.cut, after.cut, this.#grants);
    }
  }

  /** The kept history, oldest first, without stretches that took no time and saw no use. */
  history(): StretchView[] {
    const views = this.#stretches.map((stretch, index) => {
      const end = this.#endOf(stretch);
      return {
        fromMs: stretch.cut.atMs,
        toMs: this.#stretches[index + 1]?.cut.atMs ?? null,
        usage: stretch.usage,
        left: end.left,
        debt: debtOf(end, stretch.cut.base),
      };
    });
    return views.filter(({ fromMs, toMs, usage }) => usage > 0 || (fromMs !== toMs && fromMs > 0));
  }

  get #last(): Stretch {
    return this.#at(this.#stretches.length - 1);
  }

  #at(index: number): Stretch {
    return this.#stretches[index] as Stretch;
  }

  #endOf({ opening, usage }: Stretch): Cover {
    return useCover(opening, usage, this.#grants);
  }

  /** What lies before the first stretch kept stays as it was; grants that were over then leave. */
  #forgetFirst(): void {
    this.#stretches.shift();
    this.#isCut = true;
    const { atMs } = this.#at(0).cut;
    for (let i = this.#grants.length - 1; i >= 0; i -= 1) {
      const { terms, voidedAtMs } = this.#grants[i] as Grant;
      const endMs = Math.min(terms.endsAtMs ?? Infinity, voidedAtMs ?? Infinity);
      if (endMs <= atMs) this.#grants.splice(i, 1);
    }
  }
}
