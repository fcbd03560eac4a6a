import type { LogHead } from '../events/ledger.ts';

/** Filled to this much, alarm; to the second, requests are refused and settles still commit. */
const ALARM_PERMILLE = 750;
const REFUSE_PERMILLE = 900;

/** How full the log of a shard is: what the broker said last and what was appended since. */
export class LogSpace {
  #bytes: number;
  #maxBytes: number;
  #appendedBytes = 0;
  #isAlarmed = false;

  constructor(head: LogHead) {
    this.#bytes = head.bytes;
    this.#maxBytes = head.maxBytes;
  }

  get permille(): number {
    if (this.#maxBytes <= 0) return 0;
    return Math.floor(((this.#bytes + this.#appendedBytes) * 1000) / this.#maxBytes);
  }

  get isNearlyFull(): boolean {
    return this.permille >= REFUSE_PERMILLE;
  }

  /** Notes an append; true once when the alarm level is passed. */
  append(bytes: number): boolean {
    this.#appendedBytes += bytes;
    if (this.#isAlarmed || this.permille < ALARM_PERMILLE) return false;
    this.#isAlarmed = true;
    return true;
  }
}
