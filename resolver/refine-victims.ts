import { LIMITS } from '../events/limits.ts';
import type { Candidate } from './classic-candidates.ts';
import { priorityOf } from './may-preempt.ts';
import type { Trial } from './trial.ts';
import { compareLeaving } from './victim-order.ts';

/** What a choice of victims must hold to; both are asked with the choice out of the tree so far. */
export interface VictimRules {
  /** Whether a candidate may be taken after those before it in the order of candidates. */
  readonly mayTake: (candidate: Candidate) => boolean;
  readonly fits: () => boolean;
}

/**
 * The cheapest legal set of victims. Taking candidates in their order and putting back who could
 * be spared never takes a dearer one than needed, but may take several where one of the same price
 * would do. Branch and bound over all sets looks for the one with the fewest victims at the dearest
 * price (who leaves already, rank, priority), then at the next; among equals the one that loses the
 * least of the contested resources, then the earlier candidates.
 *
 * Exponential, so it stands back beyond `refinedVictimsMax` candidates.
 *
 * @param found what the greedy choice found; out of the tree before and after
 */
export function refineVictims(
  trial: Trial,
  candidates: readonly Candidate[],
  found: readonly Candidate[],
  contested: readonly string[],
  rules: VictimRules,
): readonly Candidate[] {
  const dearest = found.at(-1);
  const pool = candidates.filter((each) => dearest !== undefined && priceOrder(each, dearest) <= 0);
  if (pool.length > LIMITS.refinedVictimsMax || isBest(found, pool, contested)) return found;
  for (const { holder } of found) trial.add(holder);
  const best = new Search(trial, pool, found, contested, rules).best();
  for (const { holder } of best) trial.remove(holder);
  return best;
}

/**
 * Whether nothing could be cheaper: the first candidate that is enough alone, where no other of the
 * pool has less to lose.
 */
function isBest(
  [only, ...others]: readonly Candidate[],
  pool: readonly Candidate[],
  contested: readonly string[],
): boolean {
  if (only === undefined || others.length > 0) return false;
  const amountOf = ({ holder }: Candidate, resource: string) => holder.amounts[resource] ?? 0;
  return pool.every((each) =>
    contested.every((resource) => amountOf(each, resource) >= amountOf(only, resource)),
  );
}

class Search {
  readonly #trial: Trial;
  readonly #pool: readonly Candidate[];
  readonly #contested: readonly string[];
  readonly #rules: VictimRules;
  #best: readonly Candidate[];

  constructor(
    trial: Trial,
    pool: readonly Candidate[],
    found: readonly Candidate[],
    contested: readonly string[],
    rules: VictimRules,
  ) {
    this.#trial = trial;
    this.#pool = pool;
    this.#contested = [...contested].sort();
    this.#rules = rules;
    this.#best = found;
  }

  best(): readonly Candidate[] {
    this.#visit(this.#pool.length - 1, []);
    return this.#best;
  }

  /** Decides on the candidates up to `at`, dearest first; `taken` are those that are decided on. */
  #visit(at: number, taken: readonly Candidate[]): void {
    if (this.#countOrder(taken, this.#best) > 0) return;
    const candidate = this.#pool[at];
    if (candidate === undefined) {
      if (this.#isCheaper(taken) && this.#isLegal(taken)) this.#best = taken;
      return;
    }
    const reachable = [...this.#pool.slice(0, at + 1), ...taken].map(({ holder }) => holder);
    if (!this.#trial.withoutAll(reachable, this.#rules.fits)) return;
    this.#visit(at - 1, taken);
    this.#visit(at - 1, [candidate, ...taken]);
  }

  #isLegal(taken: readonly Candidate[]): boolean {
    const out: Candidate[] = [];
    const isLegal = taken.every((candidate) => {
      const mayTake = this.#rules.mayTake(candidate);
      this.#trial.remove(candidate.holder);
      out.push(candidate);
      return mayTake;
    });
    const isEnough = isLegal && this.#rules.fits();
    for (const { holder } of out) this.#trial.add(holder);
    return isEnough;
  }

  #isCheaper(taken: readonly Candidate[]): boolean {
    const byCount = this.#countOrder(taken, this.#best);
    if (byCount !== 0) return byCount < 0;
    for (const resource of this.#contested) {
      const [loss, least] = [lossOf(taken, resource), lossOf(this.#best, resource)];
      if (loss !== least) return loss < least;
    }
    const places = (set: readonly Candidate[]) => set.map((each) => this.#pool.indexOf(each));
    return isBefore(places(taken), places(this.#best));
  }

  /** Below 0 where `a` takes fewer at the dearest price at which they differ in number. */
  #countOrder(a: readonly Candidate[], b: readonly Candidate[]): number {
    for (let i = 1; i <= Math.max(a.length, b.length); i += 1) {
      const [left, right] = [a.at(-i), b.at(-i)];
      if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
      const order = priceOrder(left, right);
      if (order !== 0) return order;
    }
    return 0;
  }
}

function priceOrder(a: Candidate, b: Candidate): number {
  return (
    compareLeaving(a.holder, b.holder) ||
    a.rank - b.rank ||
    priorityOf(a.holder) - priorityOf(b.holder)
  );
}

function lossOf(taken: readonly Candidate[], resource: string): bigint {
  return taken.reduce((sum, { holder }) => sum + BigInt(holder.amounts[resource] ?? 0), 0n);
}

/** Whether the dearest place at which two sets differ is the earlier one in the first. */
function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 1; i <= a.length; i += 1) {
    const [left, right] = [a.at(-i) ?? 0, b.at(-i) ?? 0];
    if (left !== right) return left < right;
  }
  return false;
}
