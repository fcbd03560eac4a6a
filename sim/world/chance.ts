import { createHash } from 'node:crypto';

/**
 * Numbers that look random and follow from a seed alone: sfc32, the "small fast counter" generator
 * of Chris Doty-Humphrey (PractRand), 128 bits of state.
 *
 * Whoever needs numbers takes a fork of its own, by name: so drawing more in one place does not
 * change what is drawn in another.
 */
export class Chance {
  readonly #path: string;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param path the seed, and the names of the forks that led here */
  constructor(path: string) {
    this.#path = path;
    const seed = createHash('sha256').update(path).digest();
    this.#a = seed.readInt32LE(0);
    this.#b = seed.readInt32LE(4);
    this.#c = seed.readInt32LE(8);
    this.#counter = seed.readInt32LE(12);
  }

  /** The same generator for the same name, however much has been drawn. */
  fork(name: string): Chance {
    return new Chance(`${this.#path}/${name}`);
  }

  /** From 0 (included) to 1 (excluded), in steps of 2^-32. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  }

  /** Whether something of this probability, 0 to 1, happens. Draws nothing when it is 0. */
  happens(rate: number): boolean {
    return rate > 0 && this.next() < rate;
  }

  /** From `min` (included) to `max` (excluded). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
