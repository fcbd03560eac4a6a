import { type FaultRates, NO_FAULTS } from '../world/fault-rates.ts';
import type { Faults } from '../world/faults.ts';

/** Rates that hold for overlapping times: of each fault the highest of those in force. */
export class RatesInForce {
  readonly #faults: Faults;
  readonly #inForce = new Set<Partial<FaultRates>>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** @returns a function that ends it */
  add(rates: Partial<FaultRates>): () => void {
    this.#inForce.add(rates);
    this.#set();
    return () => {
      if (this.#inForce.delete(rates)) this.#set();
    };
  }

  /** Ends all of them. */
  clear(): void {
    this.#inForce.clear();
    this.#set();
  }

  #set(): void {
    const highest: Record<string, number> = { ...NO_FAULTS };
    for (const rates of this.#inForce) {
      for (const [kind, rate] of Object.entries(rates)) {
        highest[kind] = Math.max(highest[kind] ?? 0, rate);
      }
    }
    this.#faults.set(highest);
  }
}
