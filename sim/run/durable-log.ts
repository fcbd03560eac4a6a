import type { StoredMessage } from '../../events/ledger.ts';
import { LogSweep, type PoisonRecord } from '../../projections/log-sweep.ts';
import type { Recorded } from '../../projections/projection.ts';
import { WORLD_BEGINS_AT_MS } from '../world/process-host.ts';
import type { World } from '../world/world.ts';

/** A recorded event, and the virtual time at which its block was stored, ms. */
export interface DurableEvent extends Recorded {
  readonly storedAtMs: number;
}

/** The log of one shard as it is in the end, read past all faults. */
export interface DurableLog {
  readonly shard: number;
  readonly messages: readonly StoredMessage[];
  readonly events: readonly DurableEvent[];
  /** Hash of each genuine block by its sequence, as evidence shows it (base64url). */
  readonly hashes: ReadonlyMap<number, string>;
  readonly poison: readonly PoisonRecord[];
  readonly lastSeq: number;
}

export function durableLogOf(world: World, shard: number, publicKey: Uint8Array): DurableLog {
  const log = world.store.log(shard);
  const sweep = new LogSweep(shard, [publicKey]);
  const messages: StoredMessage[] = [];
  const events: DurableEvent[] = [];
  const hashes = new Map<number, string>();
  const poison: PoisonRecord[] = [];
  for (let seq = 1; seq <= log.lastSeq; seq += 1) {
    const message = log.get(seq);
    if (message === undefined) continue;
    messages.push(message);
    const swept = sweep.take(message);
    if (swept === undefined) continue;
    poison.push(...swept.poison);
    const storedAtMs = message.storedAtMs - WORLD_BEGINS_AT_MS;
    for (const recorded of swept.recorded) events.push({ ...recorded, storedAtMs });
    if (swept.block !== undefined) {
      hashes.set(seq, Buffer.from(swept.block.hash).toString('base64url'));
    }
  }
  return { shard, messages, events, hashes, poison, lastSeq: log.lastSeq };
}
