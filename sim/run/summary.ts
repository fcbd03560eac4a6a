import type { RunReport } from './report.ts';

/** What many runs came to together. */
export class Summary {
  readonly failed: RunReport[] = [];
  readonly cells = new Set<string>();
  readonly faults = new Map<string, number>();
  readonly #commandCounts: number[] = [];
  #blocks = 0;
  #messages = 0;
  #virtualMs = 0;

  add(report: RunReport): void {
    if (report.violations.length > 0) this.failed.push(report);
    this.#commandCounts.push(report.commandCount);
    this.#blocks += report.blockCount;
    this.#messages += report.messageCount;
    this.#virtualMs += report.virtualMs;
    for (const cell of report.cells) this.cells.add(cell);
    for (const [kind, count] of Object.entries(report.faults)) {
      this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
    }
  }

  get runCount(): number {
    return this.#commandCounts.length;
  }

  /** In numbers, for machines. */
  get totals() {
    const counts = [...this.#commandCounts].sort((a, b) => a - b);
    return {
      runs: counts.length,
      failed: this.failed.length,
      commands: counts.reduce((sum, count) => sum + count, 0),
      commandsMedian: counts[Math.floor(counts.length / 2)] ?? 0,
      commandsMin: counts[0] ?? 0,
      commandsMax: counts[counts.length - 1] ?? 0,
      messages: this.#messages,
      blocks: this.#blocks,
      virtualHours: Math.round(this.#virtualMs / 3_600_000),
    };
  }
}
