import type { ChainPosition } from '../events/chain.ts';
import type { Files } from '../host/host.ts';
import { type Checkpoint, removeCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import type { PoisonRecord, Swept } from './log-sweep.ts';
import type { Projection } from './projection.ts';

/** One projection in a projector: its state, how far it has come, what was kept aside. */
export class ProjectorEntry {
  readonly #projection: Projection<unknown>;
  #state: unknown;
  /** The chain after the last message that the state has taken; undefined before the first. */
  #chain: ChainPosition | undefined;
  #poison: PoisonRecord[] = [];
  #poisonCount = 0;

  constructor(projection: Projection<unknown>) {
    this.#projection = projection;
    this.#state = projection.initial();
  }

  get name(): string {
    return this.#projection.name;
  }

  get version(): number {
    return this.#projection.version;
  }

  get state(): unknown {
    return this.#state;
  }

  get poison(): readonly PoisonRecord[] {
    return this.#poison;
  }

  get poisonCount(): number {
    return this.#poisonCount;
  }

  reset(): void {
    this.#state = this.#projection.initial();
    this.#chain = undefined;
    this.#poison = [];
    this.#poisonCount = 0;
  }

  resume({ state, chain, poison, poisonCount }: Checkpoint): void {
    this.#state = state;
    this.#chain = chain;
    this.#poison = [...poison];
    this.#poisonCount = poisonCount;
  }

  /**
   * Folds in what one message brought, unless the state has it already.
   * @returns events that do not fit: they are kept aside
   */
  take(swept: Swept): PoisonRecord[] {
    if (swept.seq <= (this.#chain?.seq ?? 0)) return [];
    for (const record of swept.poison) this.#keepAside(record);
    const unfit: PoisonRecord[] = [];
    for (const { event, at } of swept.recorded) {
      try {
        this.#projection.evolve(this.#state, event, at);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        unfit.push({ ...at, kind: 'unfit_event', reason });
      }
    }
    for (const record of unfit) this.#keepAside(record);
    this.#chain = swept.chain;
    return unfit;
  }

  /**
   * Writes its checkpoint, if it has taken anything.
   * @returns false when its state is too large for one
   */
  async write(files: Files, dataDir: string, shard: number, createdAt: string): Promise<boolean> {
    if (this.#chain === undefined) return true;
    return writeCheckpoint(files, dataDir, {
      name: this.name,
      version: this.version,
      shard,
      createdAt,
      chain: this.#chain,
      poison: this.#poison,
      poisonCount: this.#poisonCount,
      state: this.#state,
    });
  }

  remove(files: Files, dataDir: string, shard: number): Promise<void> {
    return removeCheckpoint(files, dataDir, this.name, shard);
  }

  #keepAside(record: PoisonRecord): void {
    this.#poisonCount += 1;
    if (this.#poison.length < PROJECTION_LIMITS.quarantinedKeptMax) this.#poison.push(record);
  }
}
