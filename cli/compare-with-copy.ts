import { exportedMessages } from '../events/export-read.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { sameBytes } from '../events/signing.ts';
import { systemHost } from '../host/system-host.ts';
import { balancesOfTeam } from '../projections/balance-lines.ts';
import { balances } from '../projections/balances.ts';
import type { Balances } from '../projections/books.ts';
import { type BalanceDifference, checkBalances } from '../projections/check.ts';
import { LogSweep } from '../projections/log-sweep.ts';
import { Projector } from '../projections/projector.ts';
import { replayTo } from '../projections/replay.ts';
import { checkTeam, withBalancesOf } from './check-team.ts';
import { type LogAccess, withLog } from './log-access.ts';
import type { Session } from './session.ts';

/** A number that a writer, of the live log or of its copy, does not have as the log says it. */
export type CopyDifference = BalanceDifference & { readonly writer: 'live' | 'copy' };

export type CopyComparison = {
  readonly teams: number;
  readonly nodes: number;
  readonly differences: readonly CopyDifference[];
};

/**
 * Holds the live writer and the one of a copy against the same place of the log: the end of the
 * export from which the copy was made. Where a writer has gone on since, by leases that ended or new
 * requests, it is held against its own log as it is then, of which the export is the beginning.
 */
export async function compareWithCopy(
  live: Session,
  file: string,
  copyDir: string,
): Promise<CopyComparison> {
  const copy: Session = { ...live, dataDir: copyDir, env: { ...live.env, NATS_URL: '' } };
  return withLog(live, 'projector', (liveLog) =>
    withLog(copy, 'projector', async (copyLog) => {
      const differences: CopyDifference[] = [];
      let [teams, nodes] = [0, 0];
      for (let shard = 0; shard < liveLog.shards; shard += 1) {
        const sweep = new LogSweep(shard, liveLog.pinnedKeys);
        let end: StoredMessage | undefined;
        const messages = eachOf(exportedMessages(file, shard), (message) => {
          end = message;
        });
        const { state } = await replayTo(balances, messages, sweep, 'end');
        for (const team of state.keys()) {
          live.signal.throwIfAborted();
          live.screen.progress(() => `comparing ${team} …`);
          teams += 1;
          nodes += balancesOfTeam(state, team).length;
          for (const [writer, session, log] of [
            ['live', live, liveLog],
            ['copy', copy, copyLog],
          ] as const) {
            const found = await checkWriter(session, log, { team, state, end });
            differences.push(...found.map((one) => ({ ...one, writer })));
          }
        }
      }
      return { teams, nodes, differences };
    }),
  );
}

/** What an export says of a team. */
type Exported = {
  readonly team: string;
  readonly state: Balances;
  /** The last message of the team's shard. */
  readonly end: StoredMessage | undefined;
};

async function checkWriter(
  session: Session,
  { ledger, pinnedKeys }: LogAccess,
  { team, state, end }: Exported,
): Promise<BalanceDifference[]> {
  const found = await withBalancesOf(session, team, (ask) => checkBalances(state, team, ask));
  if (found.length === 0 || end === undefined) return found;
  const { shard, seq, bytes } = end;
  const there = await ledger.get(shard, seq);
  if (there === undefined || !sameBytes(there.bytes, bytes)) return found;
  const projections = [balances];
  const host = systemHost;
  return checkTeam(session, new Projector({ host, ledger, shard, pinnedKeys, projections }), team);
}

async function* eachOf(
  messages: AsyncIterable<StoredMessage>,
  tell: (message: StoredMessage) => void,
): AsyncGenerator<StoredMessage> {
  for await (const message of messages) {
    tell(message);
    yield message;
  }
}
