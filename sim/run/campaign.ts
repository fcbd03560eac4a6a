import type { Pool } from './pool.ts';
import type { RunReport } from './report.ts';

export interface CampaignOptions {
  /** Runs at the same time. */
  readonly jobs: number;
  /** End at the first violation. */
  readonly stopsAtFirst: boolean;
  /** Begin no further run after this real time, ms; absent: all seeds are run. */
  readonly forMs?: number;
  readonly signal: AbortSignal;
  /** Each as it comes; the order is not that of the seeds. */
  readonly onReport: (report: RunReport) => void;
}

/** Runs seeds, several at a time, and hands on what each came to. */
export async function runCampaign(
  pool: Pool,
  seeds: Iterable<number>,
  options: CampaignOptions,
): Promise<void> {
  const { jobs, stopsAtFirst, forMs = Infinity, signal, onReport } = options;
  const untilMs = performance.now() + forMs;
  const next = seeds[Symbol.iterator]();
  let isOver = false;
  const work = async () => {
    while (!isOver && !signal.aborted && performance.now() < untilMs) {
      const { value: seed, done } = next.next();
      if (done) return;
      const report = await pool.runSeed(seed);
      if (signal.aborted) return;
      onReport(report);
      if (stopsAtFirst && report.violations.length > 0) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

/** Seeds from `first` to `last`, both included. */
export function* seedsFrom(first: number, last = Number.MAX_SAFE_INTEGER): Generator<number> {
  for (let seed = first; seed <= last; seed += 1) yield seed;
}
