import type { Ledger, StoredMessage } from './ledger.ts';
import { LogRegressedError, LogUnreadableError } from './ledger-errors.ts';
import { BATCH_MESSAGES_MAX, readBatch } from './ledger-jetstream-batch.ts';
import type { ConnectionWatch } from './ledger-jetstream-connection.ts';
import { toLedgerError } from './ledger-jetstream-error.ts';
import { LiveSignal } from './ledger-jetstream-live.ts';
import type { LedgerLimits } from './ledger-limits.ts';

/** `toSeq` of a tail, which has no end and outlives every absence of the broker. */
const NO_END = Number.POSITIVE_INFINITY;

interface Range {
  readonly shard: number;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/**
 * Replays and follows the log in batches, so that a slow reader never fills the memory. Nothing is
 * taken on trust: messages must come without a gap, and silence is looked into, because a damaged
 * store skips or stalls without an error.
 */
export class LogReader {
  readonly #ledger: Ledger;
  readonly #watch: ConnectionWatch;
  readonly #limits: LedgerLimits;

  constructor(ledger: Ledger, watch: ConnectionWatch, limits: LedgerLimits) {
    this.#ledger = ledger;
    this.#watch = watch;
    this.#limits = limits;
  }

  read(shard: number, fromSeq: number, toSeq: number): AsyncGenerator<StoredMessage> {
    return this.#follow({ shard, fromSeq, toSeq }, new AbortController().signal, async () => {});
  }

  async *tail(shard: number, fromSeq: number, signal: AbortSignal): AsyncGenerator<StoredMessage> {
    const live = new LiveSignal(this.#watch.connection, shard);
    const { tailPollMs, tailDeafPollMs } = this.#limits;
    const untilMore = () => live.wait(tailPollMs, tailDeafPollMs, signal);
    try {
      yield* this.#follow({ shard, fromSeq, toSeq: NO_END }, signal, untilMore);
    } finally {
      live.close();
    }
  }

  /** Goes on after every trouble that may pass; a range with an end gives up after a while. */
  async *#follow(
    { shard, fromSeq, toSeq }: Range,
    signal: AbortSignal,
    untilMore: () => Promise<void>,
  ): AsyncGenerator<StoredMessage> {
    let nextSeq = fromSeq;
    let progressAtMs = performance.now();
    while (nextSeq <= toSeq && !signal.aborted) {
      try {
        const range = { shard, fromSeq: nextSeq, toSeq };
        await this.#checkLength(range);
        for await (const message of this.#flow(range, signal, untilMore)) {
          nextSeq = message.seq + 1;
          yield message;
          progressAtMs = performance.now();
        }
      } catch (cause) {
        const error = toLedgerError(shard, cause);
        const quietMs = performance.now() - progressAtMs;
        const isGivenUp = toSeq !== NO_END && quietMs > this.#limits.readDeadlineMs;
        if (!error.retryable || isGivenUp || this.#watch.connection.isClosed()) throw error;
        await this.#watch.untilConnected(this.#limits.readDeadlineMs, signal);
        await this.#watch.pause(this.#limits.retryPauseMs, signal);
      }
    }
  }

  /** Batch after batch while the broker answers. */
  async *#flow(
    { shard, fromSeq, toSeq }: Range,
    signal: AbortSignal,
    untilMore: () => Promise<void>,
  ): AsyncGenerator<StoredMessage> {
    let nextSeq = fromSeq;
    while (nextSeq <= toSeq && !signal.aborted) {
      const startSeq = nextSeq;
      const messagesMax = Math.min(BATCH_MESSAGES_MAX, toSeq - nextSeq + 1);
      const { stallMs } = this.#limits;
      const batch = readBatch(this.#watch, shard, nextSeq, messagesMax, stallMs);
      let step = await batch.next();
      for (; step.done !== true; step = await batch.next()) {
        nextSeq = step.value.seq + 1;
        yield step.value;
      }
      if (nextSeq === startSeq) {
        const lastSeq = await this.#checkLength({ shard, fromSeq: nextSeq, toSeq });
        for (; nextSeq <= Math.min(lastSeq, startSeq + BATCH_MESSAGES_MAX); nextSeq += 1) {
          yield await this.#readSingly(shard, nextSeq);
        }
      }
      if (step.value && nextSeq <= toSeq) await untilMore();
    }
  }

  /** What should be there and did not come by itself. */
  async #readSingly(shard: number, seq: number): Promise<StoredMessage> {
    const message = await this.#ledger.get(shard, seq);
    if (message === undefined) throw new LogUnreadableError(shard, seq);
    return message;
  }

  /** @returns the log's last sequence, which must reach at least to where reading shall begin. */
  async #checkLength({ shard, fromSeq, toSeq }: Range): Promise<number> {
    const { lastSeq } = await this.#ledger.head(shard);
    const neededSeq = toSeq === NO_END ? fromSeq - 1 : toSeq;
    if (lastSeq < neededSeq) {
      throw new LogRegressedError(shard, `it ends at ${lastSeq}, not at ${neededSeq} or later`);
    }
    return lastSeq;
  }
}
