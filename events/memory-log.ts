import type { LogHead, StoredMessage } from './ledger.ts';
import type { Publish, PublishReply } from './log-transport.ts';

/** One shard's messages in memory, with the broker's rules for storing and ways to damage them. */
export class MemoryLog {
  readonly shard: number;
  #maxBytes: number;
  readonly #messages = new Map<number, StoredMessage>();
  readonly #waiting = new Set<() => void>();
  #lastSeq = 0;
  #lastEpochSeq = 0;
  #bytes = 0;

  constructor(shard: number, maxBytes: number) {
    this.shard = shard;
    this.#maxBytes = maxBytes;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** From now on the log is full at this size. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** As JetStream with one replica does it: expectations first, then size. */
  store(publish: Publish, nowMs: number): PublishReply {
    const isExpected =
      this.#lastEpochSeq === publish.expectedEpochSeq &&
      (publish.expectedSeq === undefined || publish.expectedSeq === this.#lastSeq);
    if (!isExpected) return { kind: 'wrongSequence' };
    if (this.#bytes + publish.bytes.byteLength > this.#maxBytes) return { kind: 'full' };
    this.#lastSeq += 1;
    this.#bytes += publish.bytes.byteLength;
    this.#messages.set(this.#lastSeq, {
      shard: this.shard,
      seq: this.#lastSeq,
      kind: publish.kind,
      msgId: publish.msgId,
      storedAtMs: nowMs,
      bytes: Uint8Array.from(publish.bytes),
    });
    if (publish.kind === 'epoch') this.#lastEpochSeq = this.#lastSeq;
    this.#wakeAll();
    return { kind: 'ack', seq: this.#lastSeq };
  }

  /** A copy: whoever writes into it does not change the log. */
  get(seq: number): StoredMessage | undefined {
    const message = this.#messages.get(seq);
    return message && { ...message, bytes: message.bytes.slice() };
  }

  lastEpoch(): StoredMessage | undefined {
    return this.get(this.#lastEpochSeq);
  }

  head(): LogHead {
    return {
      shard: this.shard,
      firstSeq: 1,
      lastSeq: this.#lastSeq,
      messages: this.#messages.size,
      deleted: this.#lastSeq - this.#messages.size,
      bytes: this.#bytes,
      maxBytes: this.#maxBytes,
      createdAt: '1970-01-01T00:00:00.000Z',
    };
  }

  /** Calls back once, at the next stored message or damage. @returns a function that calls it off */
  onceChanged(work: () => void): () => void {
    this.#waiting.add(work);
    return () => this.#waiting.delete(work);
  }

  /** Damage: the newest `count` messages are gone and their sequences will be given again. */
  dropTail(count: number): void {
    for (let dropped = 0; dropped < count && this.#lastSeq > 0; dropped += 1) {
      this.vanish(this.#lastSeq);
      this.#lastSeq -= 1;
    }
    this.#wakeAll();
  }

  /** Damage: a message in the middle cannot be read any more. */
  vanish(seq: number): void {
    this.#bytes -= this.#messages.get(seq)?.bytes.byteLength ?? 0;
    this.#messages.delete(seq);
    if (seq === this.#lastEpochSeq) this.#findLastEpoch();
    this.#wakeAll();
  }

  /** Damage: one bit of a message is turned over; `bit` counts from the first byte's highest. */
  flipBit(seq: number, bit: number): void {
    const message = this.#messages.get(seq);
    if (message === undefined) throw new RangeError(`no message ${seq} to damage`);
    const bytes = Uint8Array.from(message.bytes);
    const index = Math.floor(bit / 8);
    bytes[index] = (bytes[index] ?? 0) ^ (0x80 >> (bit % 8));
    this.#messages.set(seq, { ...message, bytes });
  }

  /** Damage: other messages in place of these, as somebody with write access could arrange it. */
  rewrite(messages: readonly StoredMessage[]): void {
    this.#messages.clear();
    this.#bytes = 0;
    this.#lastSeq = 0;
    for (const message of messages) {
      this.#lastSeq += 1;
      this.#bytes += message.bytes.byteLength;
      this.#messages.set(this.#lastSeq, { ...message, seq: this.#lastSeq });
    }
    this.#findLastEpoch();
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #findLastEpoch(): void {
    let seq = this.#lastSeq;
    while (seq > 0 && this.#messages.get(seq)?.kind !== 'epoch') seq -= 1;
    this.#lastEpochSeq = seq;
  }
}

/** The logs of all shards. Several ledgers over one store are several processes at one broker. */
export class MemoryStore {
  readonly #logs = new Map<number, MemoryLog>();
  readonly #maxBytes: number;

  /** @param maxBytes size at which a shard's log is full. */
  constructor(maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#maxBytes = maxBytes;
  }

  log(shard: number): MemoryLog {
    let log = this.#logs.get(shard);
    if (log === undefined) {
      log = new MemoryLog(shard, this.#maxBytes);
      this.#logs.set(shard, log);
    }
    return log;
  }
}
