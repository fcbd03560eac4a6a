import { ExportDamagedError, exportedMessages, headerOfExport } from '../events/export-read.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { shardOf } from '../events/shard-of.ts';
import { LogSweep, type PoisonRecord } from '../projections/log-sweep.ts';
import type { Recorded } from '../projections/projection.ts';
import { believedKeys, type LogSource, withLog } from './log-access.ts';
import type { Session } from './session.ts';

/** One step through the log: an event, or a record that was kept aside. */
export type LogItem =
  | { readonly kind: 'event'; readonly shard: number; readonly recorded: Recorded }
  | { readonly kind: 'poison'; readonly shard: number; readonly poison: PoisonRecord };

/**
 * Goes through the genuine events of the log, or of an export, shard after shard, each in order.
 *
 * @param team only the shard of this team; undefined: all
 * @param take gives false to end it early
 */
export async function eachLogItem(
  session: Session,
  source: LogSource & { readonly team: string | undefined },
  take: (item: LogItem) => boolean | undefined,
): Promise<void> {
  const { file, team } = source;
  const { pinnedKeys } = believedKeys(session, source);
  const sweepShard = async (shard: number, messages: AsyncIterable<StoredMessage>) => {
    const sweep = new LogSweep(shard, pinnedKeys);
    for await (const message of messages) {
      if (session.signal.aborted) return;
      const swept = sweep.take(message);
      for (const poison of swept?.poison ?? []) take({ kind: 'poison', shard, poison });
      for (const recorded of swept?.recorded ?? []) {
        if (take({ kind: 'event', shard, recorded }) === false) return;
      }
    }
  };
  if (file !== undefined) {
    const shards = await shardsInExport(file);
    for (const shard of shards) await sweepShard(shard, exportedMessages(file, shard));
    return;
  }
  await withLog(session, 'auditor', async ({ ledger, shards }) => {
    const chosen =
      team === undefined ? Array.from({ length: shards }, (_, i) => i) : [shardOf(team, shards)];
    for (const shard of chosen) {
      const { lastSeq } = await ledger.head(shard);
      if (lastSeq > 0) await sweepShard(shard, ledger.read(shard, 1, lastSeq));
    }
  });
}

async function shardsInExport(file: string): Promise<number[]> {
  const header = await headerOfExport(file);
  if (header === undefined) throw new ExportDamagedError(file, 'its first line is no header');
  return header.shards.map(({ shard }) => shard);
}
