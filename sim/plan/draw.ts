import { Chance } from '../world/chance.ts';

/** Draws what a plan is made of: from a seed alone, the same every time. */
export class Draw {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  static of(seed: number): Draw {
    return new Draw(new Chance(`plan/${seed}`));
  }

  /** A whole number, both ends included. */
  int(min: number, max: number): number {
    return max <= min ? min : min + this.#chance.below(max - min + 1);
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[this.int(0, list.length - 1)] as T;
  }

  /** True in so many of a thousand cases. */
  isHit(permille: number): boolean {
    return this.int(1, 1_000) <= permille;
  }

  /** One of several values, each with its weight. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.int(
      1,
      choices.reduce((sum, [weight]) => sum + weight, 0),
    );
    for (const [weight, value] of choices) {
      left -= weight;
      if (left <= 0) return value;
    }
    throw new RangeError('nothing to choose from');
  }

  /** The value in so many of a thousand cases, else nothing. */
  maybe<T>(permille: number, value: () => T): T | undefined {
    return this.isHit(permille) ? value() : undefined;
  }

  /** Of a list, in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    const out: T[] = [];
    while (left.length > 0) out.push(...left.splice(this.int(0, left.length - 1), 1));
    return out;
  }

  times<T>(count: number, make: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  /** A draw of its own for a part of the plan, so that parts do not change each other. */
  fork(name: string): Draw {
    return new Draw(this.#chance.fork(name));
  }
}
