import { ALL_PROJECTIONS } from '../../projections/all-projections.ts';
import type { Projection } from '../../projections/projection.ts';
import { Projector } from '../../projections/projector.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Diary } from './diary.ts';

/** Folder of the checkpoints on the machine of a projector. */
const DATA_DIR = 'data';
/** Between two checkpoints, ms: often, so that there are many to be torn. */
const CHECKPOINT_MS = 2_000;
/** Between two tries of one that has failed, ms. */
const RETRY_MS = 300;

/** The place of one projector: its machine, and the process that works there at the moment. */
export class ProjectorSeat {
  readonly name: string;
  readonly #world: World;
  readonly #publicKey: Uint8Array;
  readonly #diary: Diary;
  #process: SimProcess;
  #projectors: (Projector | undefined)[] = [];
  #lives = 0;

  constructor(no: number, world: World, publicKey: Uint8Array, diary: Diary) {
    this.name = `projector-${no}`;
    this.#world = world;
    this.#publicKey = publicKey;
    this.#diary = diary;
    this.#process = this.#begin();
  }

  get process(): SimProcess {
    return this.#process;
  }

  /** Its files that hold checkpoints. */
  get checkpointFiles(): readonly string[] {
    return this.#process.machine.files.filter((file) => file.startsWith(DATA_DIR));
  }

  restart(): void {
    if (!this.#process.isAlive) this.#process = this.#begin();
  }

  /** How far it is in a shard's log; -1 while it is not following it. */
  seqOf(shard: number): number {
    const health = this.#projectors[shard]?.health();
    return health?.isLive === true ? health.seq : -1;
  }

  stateOf<State>(shard: number, projection: Projection<State>): State | undefined {
    return this.#projectors[shard]?.stateOf(projection);
  }

  #begin(): SimProcess {
    const life = this.#lives++;
    const process = this.#world.process(
      life === 0 ? this.name : `${this.name}.${life}`,
      this.#world.machine(this.name),
    );
    this.#projectors = [];
    for (let shard = 0; shard < this.#world.shards; shard += 1) {
      process.start(() => this.#follow(process, shard));
    }
    return process;
  }

  /** Follows a shard for as long as its process lives; one that stopped is begun anew. */
  async #follow(process: SimProcess, shard: number): Promise<void> {
    for (;;) {
      const projector = new Projector({
        host: process.host,
        ledger: process.ledger,
        shard,
        pinnedKeys: [this.#publicKey],
        projections: ALL_PROJECTIONS,
        dataDir: DATA_DIR,
        onLine: (level, text) => this.#diary.say(process.name, `${level}: ${text}`),
      });
      this.#projectors[shard] = projector;
      try {
        await projector.catchUp();
        projector.follow();
        while (projector.health().isLive) {
          await process.host.pause(CHECKPOINT_MS);
          await projector.checkpoint();
        }
      } catch (error) {
        this.#diary.say(process.name, `shard ${shard}: ${String(error)}`);
      }
      await process.host.pause(RETRY_MS);
    }
  }
}
