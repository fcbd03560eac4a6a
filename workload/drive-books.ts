import { parentPathOf, teamOf } from '../events/names.ts';
import type { Amounts } from '../events/resources.ts';
import { addAmount } from './money.ts';
import { SpendRecorder } from './spend-recorder.ts';

type Sums = {
  readonly held: Record<string, number>;
  readonly used: Record<string, number>;
  readonly peak: Record<string, number>;
};

/**
 * What a drive's own agents hold and have used on each team, swarm and run, in the order in which
 * the governor's answers came. One connection a team and one writer a team make that the order of
 * the decisions. What other agents do on the same nodes is not in it.
 */
export class DriveBooks {
  readonly recorder = new SpendRecorder();
  readonly #nodes = new Map<string, Sums>();

  granted(runPath: string, held: Amounts, atMs: number): void {
    this.#book(runPath, atMs, (sums) => {
      for (const [resource, amount] of Object.entries(held)) {
        sums.held[resource] = addAmount(sums.held[resource] ?? 0, amount);
        const total = addAmount(sums.held[resource] ?? 0, sums.used[resource] ?? 0);
        sums.peak[resource] = Math.max(sums.peak[resource] ?? 0, total);
      }
    });
  }

  /** Gives back what was held and books what was used, overrun included. */
  settled(runPath: string, held: Amounts, used: Amounts, atMs: number): void {
    this.#book(runPath, atMs, (sums) => {
      for (const [resource, amount] of Object.entries(held)) {
        sums.held[resource] = (sums.held[resource] ?? 0) - amount;
      }
      for (const [resource, amount] of Object.entries(used)) {
        sums.used[resource] = addAmount(sums.used[resource] ?? 0, amount);
        const total = addAmount(sums.held[resource] ?? 0, sums.used[resource] ?? 0);
        sums.peak[resource] = Math.max(sums.peak[resource] ?? 0, total);
      }
    });
  }

  /** Highest sum of held and used at any time, by resource. */
  peakOf(path: string): Amounts {
    return this.#nodes.get(path)?.peak ?? {};
  }

  usedOf(path: string): Amounts {
    return this.#nodes.get(path)?.used ?? {};
  }

  #book(runPath: string, atMs: number, change: (sums: Sums) => void): void {
    for (const path of [teamOf(runPath), parentPathOf(runPath) ?? runPath, runPath]) {
      const sums = this.#nodes.get(path) ?? { held: {}, used: {}, peak: {} };
      this.#nodes.set(path, sums);
      change(sums);
      if (path === runPath) continue;
      const spentMicro = sums.used['credits'] ?? 0;
      const heldMicro = sums.held['credits'] ?? 0;
      this.recorder.record({ path, atMs, spentMicro, heldMicro });
    }
  }
}
