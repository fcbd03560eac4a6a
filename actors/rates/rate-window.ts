/** What an instant has counted and not given back yet, oldest first. */
export interface RateEntry {
  readonly atMs: number;
  readonly amount: number;
}

/**
 * An exact sliding window: at any instant what was counted within the last `ms` milliseconds, the
 * instant that lies exactly so far back no more. One entry an instant, so at most `ms` of them; the
 * decider lets no limit be set that could need more than `rateEntriesMax`.
 */
export class RateWindow {
  readonly #ms: number;
  #atMs: number[] = [];
  #amounts: number[] = [];
  /** Index of the oldest entry that counts; those before it have left. */
  #first = 0;
  #total = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** What counts at an instant. */
  usedAt(nowMs: number): number {
    let used = this.#total;
    for (let i = this.#first; this.#hasLeft(i, nowMs); i += 1) used -= this.#amounts[i] as number;
    return used;
  }

  /** The first instant, from now on, at which no more than `most` counts. */
  freeAtMs(nowMs: number, most: number): number {
    let used = this.#total;
    let atMs = nowMs;
    for (let i = this.#first; used > most || this.#hasLeft(i, nowMs); i += 1) {
      if (i === this.#atMs.length) return Infinity;
      used -= this.#amounts[i] as number;
      atMs = Math.max(nowMs, (this.#atMs[i] as number) + this.#ms);
    }
    return atMs;
  }

  /** Counts an amount at an instant that is no earlier than any before. */
  count(atMs: number, amount: number): void {
    while (this.#hasLeft(this.#first, atMs)) {
      this.#total -= this.#amounts[this.#first] as number;
      this.#first += 1;
    }
    if (this.#first > 64 && this.#first * 2 > this.#atMs.length) this.#compact();
    if (amount === 0) return;
    const last = this.#atMs.length - 1;
    if (last >= this.#first && this.#atMs[last] === atMs) {
      this.#amounts[last] = (this.#amounts[last] as number) + amount;
    } else {
      this.#atMs.push(atMs);
      this.#amounts.push(amount);
    }
    this.#total += amount;
  }

  /** Changes what an instant has counted; nothing where that has left. */
  correct(atMs: number, change: number): void {
    let low = this.#first;
    let high = this.#atMs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#atMs[middle] as number) < atMs) low = middle + 1;
      else high = middle;
    }
    if (this.#atMs[low] !== atMs) return;
    const amount = (this.#amounts[low] as number) + change;
    this.#total += change;
    if (amount !== 0) this.#amounts[low] = amount;
    else {
      // An instant that counts nothing takes no place: else their number had no bound.
      this.#atMs.splice(low, 1);
      this.#amounts.splice(low, 1);
    }
  }

  /** Everything kept, for comparing two windows. */
  entries(): RateEntry[] {
    const entries: RateEntry[] = [];
    for (let i = this.#first; i < this.#atMs.length; i += 1) {
      entries.push({ atMs: this.#atMs[i] as number, amount: this.#amounts[i] as number });
    }
    return entries;
  }

  #hasLeft(index: number, nowMs: number): boolean {
    return index < this.#atMs.length && (this.#atMs[index] as number) <= nowMs - this.#ms;
  }

  #compact(): void {
    this.#atMs = this.#atMs.slice(this.#first);
    this.#amounts = this.#amounts.slice(this.#first);
    this.#first = 0;
  }
}
