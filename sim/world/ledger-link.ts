import { LedgerUnavailableError } from '../../events/ledger-errors.ts';
import type { LedgerLink } from '../../events/ledger-faults.ts';
import { LEDGER_LIMITS } from '../../events/ledger-limits.ts';
import type { Publish, PublishReply } from '../../events/log-transport.ts';
import type { MemoryLog } from '../../events/memory-log.ts';
import type { SimBroker } from './broker.ts';
import { BrokerCalls, type CallEnd } from './broker-call.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** What storing takes (with its sync) and what a look takes, ms. */
const STORE_MS_MIN = 0.2;
const STORE_MS_MAX = 1.5;
const LOOK_MS_MAX = 0.2;
/** A slow log takes up to so much longer, and still answers in time; ms. */
const SLOW_MS_MIN = 20;
const SLOW_MS_MAX = 1_500;
/** What is late comes this much after the end of the waiting at most, ms. */
const LATE_MS_MAX = 12_000;
/** Between the storing of a message and the word of it to whoever follows the log, ms. */
const WORD_MS_MAX = 2;

const { publishTimeoutMs, getTimeoutMs } = LEDGER_LIMITS;
const LOST_MS = Number.POSITIVE_INFINITY;

export interface LedgerLinkParts {
  readonly process: SimProcess;
  readonly broker: SimBroker;
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
}

/**
 * The way of one process to the log, with connections of its own for commits and for replays as the
 * writer has them. What was sent takes effect even when its sender is gone by then.
 */
export class SimLedgerLink implements LedgerLink {
  readonly #process: SimProcess;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #faults: Faults;
  readonly #commits: () => BrokerCalls;
  readonly #replays: () => BrokerCalls;

  constructor({ process, broker, scheduler, chance, faults }: LedgerLinkParts) {
    this.#process = process;
    this.#scheduler = scheduler;
    this.#chance = chance.fork('log');
    this.#faults = faults;
    this.#commits = BrokerCalls.onDemand(process, broker);
    this.#replays = BrokerCalls.onDemand(process, broker);
  }

  async publish(_publish: Publish, atBroker: () => PublishReply): Promise<PublishReply> {
    const calls = this.#commits();
    const ended = await calls.call({
      step: 'ledger',
      timeoutMs: publishTimeoutMs,
      ...(calls.isUp ? this.#fateOf(atBroker) : usual(atBroker, 0)),
    });
    switch (ended.kind) {
      case 'answer':
        return ended.reply;
      case 'away':
        return { kind: 'unavailable', cause: new Error('the broker cannot be reached') };
      case 'broken':
        return { kind: 'unknown', cause: new Error('the connection to the broker broke') };
      case 'silence':
        return { kind: 'unknown', cause: new Error('no answer in time') };
    }
  }

  look<Seen>(shard: number, atBroker: () => Seen): Promise<Seen> {
    return this.#ask(this.#commits(), shard, atBroker);
  }

  read<Seen>(shard: number, atBroker: () => Seen): Promise<Seen> {
    return this.#ask(this.#replays(), shard, atBroker);
  }

  untilReachable(withinMs: number, signal: AbortSignal): Promise<void> {
    return this.#replays().untilUp(withinMs, signal);
  }

  changed(log: MemoryLog, seq: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || log.lastSeq >= seq) return resolve();
      const end = () => {
        callOff();
        endWatch();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const callOff = log.onceChanged(() => {
        const inMs = this.#chance.between(0, WORD_MS_MAX);
        this.#scheduler.at(this.#scheduler.nowMs + inMs, 'arrival', this.#process, end);
      });
      signal.addEventListener('abort', end);
      const endWatch = this.#process.onEnd(callOff);
    });
  }

  async #ask<Seen>(calls: BrokerCalls, shard: number, atBroker: () => Seen): Promise<Seen> {
    const kinds = ['lookUnavailable', 'lookLost', 'lookSlow'] as const;
    const fault = calls.isUp ? this.#faults.oneOf(kinds) : undefined;
    if (fault === 'lookUnavailable') throw unavailable(shard, 'the log has no leader');
    const slowMs = fault === 'lookSlow' ? this.#slowMs() : 0;
    const ended: CallEnd<Seen> = await calls.call({
      step: 'ledger',
      timeoutMs: getTimeoutMs,
      atBroker,
      thereMs: fault === 'lookLost' ? LOST_MS : this.#chance.between(0, LOOK_MS_MAX) + slowMs,
      backMs: 0,
    });
    if (ended.kind === 'answer') return ended.reply;
    throw unavailable(shard, `the broker is ${ended.kind}`);
  }

  /** What becomes of a publish on its way, and of its answer. */
  #fateOf(atBroker: () => PublishReply) {
    const storeMs = this.#chance.between(STORE_MS_MIN, STORE_MS_MAX);
    const call = usual(atBroker, storeMs);
    const lateMs = () => publishTimeoutMs + this.#chance.between(0, LATE_MS_MAX);
    const fault = this.#faults.oneOf([
      'appendLost',
      'ackLost',
      'ackLate',
      'appendLate',
      'falseWrongSequence',
      'appendUnavailable',
      'falseFull',
      'appendSlow',
    ]);
    switch (fault) {
      case undefined:
        return call;
      case 'appendLost':
        return { ...call, thereMs: LOST_MS };
      case 'ackLost':
        return { ...call, backMs: LOST_MS };
      case 'ackLate':
        return { ...call, backMs: lateMs() };
      case 'appendLate':
        return { ...call, thereMs: lateMs() };
      case 'falseWrongSequence':
        return { ...call, atBroker: (): PublishReply => ({ kind: 'wrongSequence' }) };
      case 'falseFull':
        return { ...call, atBroker: (): PublishReply => ({ kind: 'full' }) };
      case 'appendUnavailable': {
        const cause = new Error('the log has no leader');
        return { ...call, atBroker: (): PublishReply => ({ kind: 'unavailable', cause }) };
      }
      case 'appendSlow':
        return { ...call, thereMs: storeMs + this.#slowMs() };
    }
  }

  #slowMs(): number {
    return this.#chance.between(SLOW_MS_MIN, SLOW_MS_MAX);
  }
}

function usual<Reply>(atBroker: () => Reply, thereMs: number) {
  return { atBroker, thereMs, backMs: 0 };
}

function unavailable(shard: number, reason: string): LedgerUnavailableError {
  return new LedgerUnavailableError(shard, new Error(reason));
}
