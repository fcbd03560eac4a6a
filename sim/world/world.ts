import { createHash } from 'node:crypto';
import { MemoryLedger } from '../../events/ledger-memory.ts';
import { MemoryStore } from '../../events/memory-log.ts';
import { SimBroker } from './broker.ts';
import { SimBus } from './bus.ts';
import { Chance } from './chance.ts';
import { EmergencyStore, SimEmergencies } from './emergencies.ts';
import type { FaultRates } from './fault-rates.ts';
import { Faults } from './faults.ts';
import { SimLedgerLink } from './ledger-link.ts';
import { SimMachine } from './machine.ts';
import { type ProcessPorts, SimProcess } from './process.ts';
import { type RunEnd, type RunGoal, Scheduler } from './scheduler.ts';
import type { Transcript } from './transcript.ts';

export interface WorldOptions {
  readonly seed: string | number;
  readonly shards: number;
  /** From the beginning; can be changed by `faults.set` and ended by `faults.calm`. */
  readonly faults?: Partial<FaultRates>;
  /** Size at which a shard's log is full, bytes; default: never. */
  readonly maxBytesPerShard?: number;
  /** What each look at a clock takes a process, ms; default 0.002. */
  readonly lookMs?: number;
}

const LOOK_MS = 0.002;

/**
 * A broker, a log, machines and the processes on them, under one virtual time. The same seed and
 * the same calls give the same run, byte for byte.
 *
 * ```ts
 * const world = new World({ seed: 1, shards: 2 });
 * const asker = world.process('asker');
 * asker.start(async () => { … asker.bus('wile').request(…) … });
 * await world.run({ untilMs: 10_000 });
 * ```
 */
export class World {
  readonly shards: number;
  readonly chance: Chance;
  readonly scheduler = new Scheduler();
  readonly faults: Faults;
  readonly broker: SimBroker;
  /** The logs past all faults; they can be damaged. */
  readonly store: MemoryStore;
  readonly emergencies: EmergencyStore;
  readonly #machines = new Map<string, SimMachine>();
  readonly #processes = new Map<string, SimProcess>();
  readonly #lookMs: number;
  #busCount = 0;

  constructor({ seed, shards, faults = {}, maxBytesPerShard, lookMs = LOOK_MS }: WorldOptions) {
    this.shards = shards;
    this.chance = new Chance(String(seed));
    this.#lookMs = lookMs;
    const { scheduler } = this;
    this.faults = new Faults(this.chance.fork('faults'), faults);
    const chance = this.chance.fork('network');
    this.broker = new SimBroker({ scheduler, chance, faults: this.faults, shards });
    this.store = new MemoryStore(maxBytesPerShard);
    this.emergencies = new EmergencyStore(scheduler, this.broker);
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  get transcript(): Transcript {
    return this.broker.routing.transcript;
  }

  get processes(): readonly SimProcess[] {
    return [...this.#processes.values()];
  }

  machine(name: string): SimMachine {
    let machine = this.#machines.get(name);
    if (machine === undefined) {
      machine = new SimMachine(name);
      this.#machines.set(name, machine);
    }
    return machine;
  }

  /**
   * A new process; nothing runs in it until `start`. One that crashed is followed by another of
   * another name on the same machine.
   * @param machine default: one of its own, of the same name
   */
  process(name: string, machine: SimMachine = this.machine(name)): SimProcess {
    if (this.#processes.has(name)) throw new RangeError(`there is a process ${name} already`);
    const { scheduler } = this;
    const chance = this.chance.fork(`process ${name}`);
    const ports = (process: SimProcess) => this.#portsOf(process, chance);
    const made = new SimProcess({
      name,
      machine,
      scheduler,
      chance,
      ports,
      faults: this.faults,
      lookMs: this.#lookMs,
    });
    this.#processes.set(name, made);
    return made;
  }

  /** Lets the time pass. An error that nobody caught ends every run at once. */
  run(goal: RunGoal): Promise<RunEnd> {
    return this.scheduler.run(goal);
  }

  /** Lets so much time pass, ms. */
  runFor(ms: number): Promise<RunEnd> {
    return this.run({ untilMs: this.nowMs + ms });
  }

  /**
   * Lets time pass until something holds.
   * @returns whether it did within `withinMs`
   */
  async runUntil(holds: () => boolean, withinMs: number): Promise<boolean> {
    return (await this.run({ until: holds, untilMs: this.nowMs + withinMs })) === 'held';
  }

  /** SHA-256, in hex, over the logs, the transcript, the faults and the time: equal runs are equal. */
  digest(): string {
    const hash = createHash('sha256');
    for (let shard = 0; shard < this.shards; shard += 1) {
      const log = this.store.log(shard);
      for (let seq = 1; seq <= log.lastSeq; seq += 1) {
        const message = log.get(seq);
        hash.update(`${shard} ${seq} ${message?.kind} ${message?.msgId} ${message?.storedAtMs}`);
        if (message !== undefined) hash.update(message.bytes);
      }
    }
    for (const { bytes, arrivals, replies, ...entry } of this.transcript.entries) {
      hash.update(JSON.stringify([entry, arrivals])).update(bytes);
      for (const { bytes: reply, ...rest } of replies) {
        hash.update(JSON.stringify(rest)).update(reply);
      }
    }
    hash.update(JSON.stringify([this.faults.counts, this.emergencies.stored, this.nowMs]));
    return hash.digest('hex');
  }

  #portsOf(process: SimProcess, chance: Chance): ProcessPorts {
    const { scheduler, broker, faults, store } = this;
    return {
      bus: (user) => new SimBus(process, broker, user, `c${this.#busCount++}`),
      ledger: new MemoryLedger({
        store,
        link: new SimLedgerLink({ process, broker, scheduler, chance, faults }),
        clock: {
          nowMs: () => process.host.steadyMs(),
          pause: (ms) => process.host.pause(ms),
          brokerMs: () => broker.wallMs(),
        },
      }),
      emergencies: new SimEmergencies(process, broker, this.emergencies, faults),
    };
  }
}
