import type { LogHead } from '../events/ledger.ts';

/** Filled to this much, alarm; to the second, requests are refused and settles still commit. */
const ALARM_PERMILLE = 750;
const REFUSE_PERMILLE = 900;
/** What the broker stores with each block besides its bytes: subject, headers, its own record. */
const OVERHEAD_BYTES = 260;

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

  /** Whether it would be of use to ask the broker anew. */
  get isEstimated(): boolean {
    return this.#appendedBytes > 0 && this.permille >= ALARM_PERMILLE / 2;
  }

  /** Bytes appended since the broker was last asked. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** Notes what the broker says; `appendedBytes` as they were when it was asked. */
  look({ bytes, maxBytes }: LogHead, appendedBytes: number): void {
    this.#bytes = bytes;
    this.#maxBytes = maxBytes;
    this.#appendedBytes -= appendedBytes;
  }

  /** Notes an append; true once when the alarm level is passed. */
  append(blockBytes: number): boolean {
    this.#appendedBytes += blockBytes + OVERHEAD_BYTES;
    if (this.#isAlarmed || this.permille < ALARM_PERMILLE) return false;
    this.#isAlarmed = true;
    return true;
  }
}
