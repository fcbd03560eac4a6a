import { pino } from 'pino';
import type { Signer } from '../../events/signing.ts';
import { type RunningWriter, runShards } from '../../writer/run-shards.ts';
import type { SizesPlan } from '../plan/plan.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Diary } from './diary.ts';

/** The place of one writer: its machine, and the process that works there at the moment. */
export class WriterSeat {
  readonly name: string;
  readonly #world: World;
  readonly #signer: Signer;
  readonly #sizes: SizesPlan;
  readonly #diary: Diary;
  #process: SimProcess;
  #running: RunningWriter | undefined;
  #lives = 0;

  constructor(no: number, world: World, signer: Signer, sizes: SizesPlan, diary: Diary) {
    this.name = `writer-${no}`;
    this.#world = world;
    this.#signer = signer;
    this.#sizes = sizes;
    this.#diary = diary;
    this.#process = this.#begin();
  }

  get process(): SimProcess {
    return this.#process;
  }

  get status() {
    return this.#process.isAlive ? (this.#running?.status() ?? []) : [];
  }

  /** Begins a new life on the same machine, unless one is going on. */
  restart(): void {
    if (!this.#process.isAlive) this.#process = this.#begin();
  }

  #begin(): SimProcess {
    const life = this.#lives++;
    const process = this.#world.process(
      life === 0 ? this.name : `${this.name}.${life}`,
      this.#world.machine(this.name),
    );
    this.#running = undefined;
    process.start(() => {
      this.#running = runShards({
        host: process.host,
        bus: process.bus('owner'),
        ledger: process.ledger,
        emergencies: process.emergencies,
        signer: this.#signer,
        shards: this.#world.shards,
        ownerName: process.name,
        witnessFolder: 'witness',
        log: logOf(process.name, this.#diary),
        sizes: this.#sizes,
      });
    });
    return process;
  }
}

/** What a writer logs goes into the diary of the run. */
function logOf(name: string, diary: Diary) {
  const stream = { write: (line: string) => diary.logged(name, line) };
  return pino({ level: 'warn', base: null, timestamp: false }, stream);
}
