import { lineOf } from './report-text.ts';
import type { TargetReport } from './run-target.ts';

const PROGRESS_EVERY_MS = 1_000;

/** A line on a terminal that is written over, or none. */
export class Progress {
  readonly #isShown: boolean;
  #shownAtMs = 0;

  constructor(isJson: boolean) {
    this.#isShown = process.stderr.isTTY === true && !isJson;
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  show(report: TargetReport): void {
    const nowMs = performance.now();
    if (!this.#isShown || nowMs - this.#shownAtMs < PROGRESS_EVERY_MS) return;
    this.#shownAtMs = nowMs;
    process.stderr.write(`\r\u001b[K${lineOf(report)}`);
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
  }
}
