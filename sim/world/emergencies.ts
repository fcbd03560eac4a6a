import { JSON_TYPE } from '../../bus/bus.ts';
import type { Emergency } from '../../events/answers.ts';
import type { EmergencyStream } from '../../writer/outbox.ts';
import type { SimBroker } from './broker.ts';
import { BrokerCalls } from './broker-call.ts';
import type { Faults } from './faults.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** As of bus/emergency-stream.ts. */
const PUBLISH_TIMEOUT_MS = 2_000;
const DUPLICATE_WINDOW_MS = 120_000;
const LOST_MS = Number.POSITIVE_INFINITY;

export interface StoredEmergency {
  /** Virtual, ms since the world began. */
  readonly storedAtMs: number;
  readonly emergency: Emergency;
}

/** The stream of emergencies at the broker: keeps them, and tells whoever listens. */
export class EmergencyStore {
  readonly stored: StoredEmergency[] = [];
  readonly #scheduler: Scheduler;
  readonly #broker: SimBroker;
  readonly #seenAtMs = new Map<string, number>();

  constructor(scheduler: Scheduler, broker: SimBroker) {
    this.#scheduler = scheduler;
    this.#broker = broker;
  }

  /** Listeners hear each try; within the broker's window one id is stored once. */
  take(emergency: Emergency): void {
    const { nowMs } = this.#scheduler;
    this.#broker.routing.tell({
      subject: emergency.subject,
      data: new TextEncoder().encode(JSON.stringify(emergency)),
      contentType: JSON_TYPE,
      reply: undefined,
    });
    const seenAtMs = this.#seenAtMs.get(emergency.id);
    if (seenAtMs !== undefined && nowMs - seenAtMs < DUPLICATE_WINDOW_MS) return;
    this.#seenAtMs.set(emergency.id, nowMs);
    this.stored.push({ storedAtMs: nowMs, emergency });
  }

  lastOf(team: string): { readonly seq: number; readonly index: number } | undefined {
    const newest = this.stored.findLast(({ emergency }) =>
      emergency.subject.startsWith(`bursar.emergency.${team}.`),
    );
    const [, seq, index] = newest?.emergency.id.split('-').map(Number) ?? [];
    return seq === undefined || index === undefined ? undefined : { seq, index };
  }
}

/** The stream as one process reaches it. */
export class SimEmergencies implements EmergencyStream {
  readonly #store: EmergencyStore;
  readonly #faults: Faults;
  readonly #calls: () => BrokerCalls;

  constructor(process: SimProcess, broker: SimBroker, store: EmergencyStore, faults: Faults) {
    this.#store = store;
    this.#faults = faults;
    this.#calls = BrokerCalls.onDemand(process, broker);
  }

  publish(emergency: Emergency): Promise<void> {
    const sent = structuredClone(emergency);
    return this.#ask(() => this.#store.take(sent));
  }

  lastOf(team: string): Promise<{ readonly seq: number; readonly index: number } | undefined> {
    return this.#ask(() => this.#store.lastOf(team));
  }

  async #ask<Reply>(atBroker: () => Reply): Promise<Reply> {
    const calls = this.#calls();
    const kinds = ['emergencyUnavailable', 'emergencyAckLost'] as const;
    const fault = calls.isUp ? this.#faults.oneOf(kinds) : undefined;
    const ended = await calls.call({
      step: 'emergency',
      timeoutMs: PUBLISH_TIMEOUT_MS,
      atBroker: fault === 'emergencyUnavailable' ? refuse : atBroker,
      thereMs: 0,
      backMs: fault === 'emergencyAckLost' ? LOST_MS : 0,
    });
    if (ended.kind === 'answer') return ended.reply;
    throw new Error(`the stream of emergencies did not answer: ${ended.kind}`);
  }
}

function refuse(): never {
  throw new Error('the stream of emergencies has no leader');
}
