import type { Chance } from './chance.ts';
import { type FaultKind, type FaultRates, NO_FAULTS } from './fault-rates.ts';

/** Draws the faults of a world, and counts those that really happened. */
export class Faults {
  readonly #chances: Readonly<Record<FaultKind, Chance>>;
  readonly #counts = new Map<string, number>();
  #rates: FaultRates;

  constructor(chance: Chance, rates: Partial<FaultRates>) {
    this.#rates = { ...NO_FAULTS, ...rates };
    const kinds = Object.keys(NO_FAULTS) as FaultKind[];
    this.#chances = Object.fromEntries(kinds.map((kind) => [kind, chance.fork(kind)])) as Record<
      FaultKind,
      Chance
    >;
  }

  /** What happened how often: the kinds of {@link FaultRates}, and what was done to the world. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** From now on these rates; what is not named stays as it is. */
  set(rates: Partial<FaultRates>): void {
    this.#rates = { ...this.#rates, ...rates };
  }

  /** From now on nothing goes wrong by chance. */
  calm(): void {
    this.#rates = NO_FAULTS;
  }

  /** Whether a fault strikes now; it counts as happened then. */
  strikes(kind: FaultKind): boolean {
    const isHit = this.#chances[kind].happens(this.#rates[kind]);
    if (isHit) this.note(kind);
    return isHit;
  }

  /** The first of these faults that strikes. */
  oneOf<Kind extends FaultKind>(kinds: readonly Kind[]): Kind | undefined {
    return kinds.find((kind) => this.strikes(kind));
  }

  /** Counts something that was done to the world. */
  note(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }
}
