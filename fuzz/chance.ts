/**
 * Random numbers from a seed: the same text gives the same numbers, on every machine. sfc32 by
 * Chris Doty-Humphrey, seeded with FNV-1a over the text.
 */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < seed.length; i += 1) {
      hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    }
    this.#a = hash | 0;
    this.#b = Math.imul(hash, 0x9e3779b1) | 0;
    this.#c = ~hash | 0;
    for (let i = 0; i < 12; i += 1) this.#next();
  }

  /** A whole number from 0 to `max`, both included. */
  upTo(max: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * (max + 1));
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.upTo(n - 1) === 0;
  }

  /** One of the values; the list must not be empty. */
  pick<Value>(values: readonly Value[]): Value {
    return values[this.upTo(values.length - 1)] as Value;
  }

  /** Small numbers often, large ones now and then: 0 to `max`. */
  skewed(max: number): number {
    return this.upTo(this.upTo(this.upTo(max)));
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.upTo(255));
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}
