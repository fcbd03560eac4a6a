import { LedgerFullError } from '../../events/ledger-errors.ts';
import type { Signer } from '../../events/signing.ts';
import type { Plan } from '../plan/plan.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Diary } from './diary.ts';
import { ProjectorSeat } from './projector-seat.ts';
import { WriterSeat } from './writer-seat.ts';

/** The servers of a run: writers that stand by for each other, and projectors. */
export class Cluster {
  readonly writers: readonly WriterSeat[];
  readonly projectors: readonly ProjectorSeat[];
  readonly #shards: number;

  constructor({ world: { writers, projectors, sizes } }: Plan, world: World, parts: Parts) {
    const { signer, diary } = parts;
    this.#shards = world.shards;
    this.writers = times(writers, (no) => new WriterSeat(no, world, signer, sizes, diary));
    this.projectors = times(
      projectors,
      (no) => new ProjectorSeat(no, world, signer.publicKey, diary),
    );
  }

  /** The living process of a seat. */
  processOf(name: string): SimProcess | undefined {
    const seat = [...this.writers, ...this.projectors].find((one) => one.name === name);
    return seat?.process.isAlive === true ? seat.process : undefined;
  }

  /** The writer that serves a shard, as it sees it. */
  ownerOf(shard: number): WriterSeat | undefined {
    return this.writers.find(({ status }) => status[shard]?.state === 'serving');
  }

  /** Whether each shard is served by somebody. */
  get isServing(): boolean {
    return times(this.#shards, (shard) => this.ownerOf(shard)).every((one) => one !== undefined);
  }

  /** Whether each shard is served, or frozen by all who could serve it. */
  get isSettled(): boolean {
    return times(this.#shards, (shard) => shard).every(
      (shard) => this.ownerOf(shard) !== undefined || this.isFrozen(shard),
    );
  }

  /** As {@link isSettled}, where a shard that has no room left for a claim counts too. */
  get isSettledButForRoom(): boolean {
    return times(this.#shards, (shard) => shard).every(
      (shard) =>
        this.ownerOf(shard) !== undefined ||
        this.writers.some(({ status }) => status[shard]?.problem instanceof LedgerFullError),
    );
  }

  isFrozen(shard: number): boolean {
    return this.writers.every(({ status }) => status[shard]?.state === 'frozen');
  }
}

interface Parts {
  readonly signer: Signer;
  readonly diary: Diary;
}

function times<Item>(count: number, make: (no: number) => Item): Item[] {
  return Array.from({ length: count }, (_, no) => make(no));
}
