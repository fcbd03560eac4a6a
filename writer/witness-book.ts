import type { Logger } from 'pino';
import type { SignedHead } from '../events/signed-head.ts';
import { writeWitness } from '../events/witness.ts';
import type { Host } from '../host/host.ts';

/** A head is remembered at most this often while a shard is busy, ms. */
const EVERY_MS = 1_000;

/** Remembers the newest head of each shard outside the stream: once a second, and at the end. */
export class WitnessBook {
  readonly #host: Host;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #newest = new Map<number, () => SignedHead>();
  readonly #writtenAtMs = new Map<number, number>();
  /** The newest that was written, or heard of from the owner. */
  readonly #known = new Map<number, SignedHead>();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(host: Host, folder: string, log: Logger) {
    this.#host = host;
    this.#folder = folder;
    this.#log = log;
  }

  /** Notes a head; it is signed only when it is written. */
  note(shard: number, head: () => SignedHead): void {
    this.#newest.set(shard, head);
    const nowMs = this.#host.steadyMs();
    if (nowMs - (this.#writtenAtMs.get(shard) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    this.#writtenAtMs.set(shard, nowMs);
    this.flush(shard);
  }

  /** Writes what has been noted of a shard. */
  flush(shard: number): void {
    const head = this.#newest.get(shard);
    if (head === undefined) return;
    this.#newest.delete(shard);
    this.#writing = this.#writing
      .then(() => this.#write(head()))
      .catch((err) => this.#log.error({ err, shard }, 'the witness could not be written'));
  }

  /** Writes what is noted of busy shards that have become quiet. */
  flushQuiet(): void {
    const nowMs = this.#host.steadyMs();
    for (const shard of [...this.#newest.keys()]) {
      if (nowMs - (this.#writtenAtMs.get(shard) ?? 0) < EVERY_MS) continue;
      this.#writtenAtMs.set(shard, nowMs);
      this.flush(shard);
    }
  }

  /** The newest head that is remembered of a shard in this life of the process. */
  knownOf(shard: number): SignedHead | undefined {
    return this.#known.get(shard);
  }

  /**
   * Remembers what the owner of a shard says of its log: should this process take over, it knows
   * how long the log was, although it has never written it.
   */
  hear(head: SignedHead): void {
    if (head.seq <= (this.#known.get(head.shard)?.seq ?? 0)) return;
    this.#known.set(head.shard, head);
    this.note(head.shard, () => head);
  }

  async #write(head: SignedHead): Promise<void> {
    const isNewest = await writeWitness(this.#host.files, this.#folder, head);
    const known = this.#known.get(head.shard);
    if (isNewest && head.seq > (known?.seq ?? 0)) this.#known.set(head.shard, head);
  }

  /** Resolves when everything noted is on the disk. */
  async settled(): Promise<void> {
    for (const shard of [...this.#newest.keys()]) this.flush(shard);
    await this.#writing;
  }
}
