import { LedgerUnavailableError } from './ledger-errors.ts';
import type { LedgerFaults, LedgerLink } from './ledger-faults.ts';
import type { Publish, PublishReply } from './log-transport.ts';
import type { MemoryLog } from './memory-log.ts';

/** The store is at hand: nothing takes time, and only what the faults decide goes wrong. */
export class FaultyLink implements LedgerLink {
  readonly #faults: LedgerFaults;
  readonly #untilTimeout: () => Promise<void>;

  /** @param untilTimeout resolves when an answer that never comes is not waited for any more */
  constructor(faults: LedgerFaults, untilTimeout: () => Promise<void>) {
    this.#faults = faults;
    this.#untilTimeout = untilTimeout;
  }

  async publish(publish: Publish, atBroker: () => PublishReply): Promise<PublishReply> {
    const before = (await this.#faults.beforeStore?.(publish)) ?? 'pass';
    switch (before) {
      case 'lose':
        return this.#noAnswer();
      case 'unavailable':
        return { kind: 'unavailable', cause: new Error('simulated: no leader') };
      case 'wrongSequence':
      case 'full':
        return { kind: before };
      case 'pass': {
        const reply = atBroker();
        if (reply.kind !== 'ack') return reply;
        const after = (await this.#faults.afterStore?.(publish, reply.seq)) ?? 'pass';
        return after === 'loseAck' ? this.#noAnswer() : reply;
      }
    }
  }

  async look<Seen>(shard: number, atBroker: () => Seen): Promise<Seen> {
    const decision = (await this.#faults.beforeGet?.(shard)) ?? 'pass';
    if (decision === 'unavailable') throw new LedgerUnavailableError(shard, new Error('simulated'));
    return atBroker();
  }

  read<Seen>(_shard: number, atBroker: () => Seen): Promise<Seen> {
    return Promise.resolve().then(atBroker);
  }

  untilReachable(): Promise<void> {
    return Promise.resolve();
  }

  changed(log: MemoryLog, seq: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || log.lastSeq >= seq) return resolve();
      const end = () => {
        callOff();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const callOff = log.onceChanged(end);
      signal.addEventListener('abort', end);
    });
  }

  async #noAnswer(): Promise<PublishReply> {
    await this.#untilTimeout();
    return { kind: 'unknown', cause: new Error('simulated: no answer') };
  }
}
