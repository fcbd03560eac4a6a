import { existsSync } from 'node:fs';
import path from 'node:path';
import { type BrokerCheck, checkBroker } from '../broker/checks.ts';
import { connectAs } from '../broker/connect.ts';
import { readSettings } from '../broker/data-folder.ts';
import { BROKER_USERS, type BrokerUser } from '../broker/keys.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import { checkIntegrity } from '../events/integrity.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { readWitness } from '../events/witness.ts';
import { systemHost } from '../host/system-host.ts';
import { failed, passed } from './checked.ts';
import { examineWriter } from './examine-writer.ts';
import { explainError } from './explain-error.ts';
import { brokerAddress, userSeed } from './reach.ts';
import type { Session } from './session.ts';

type Connection = Awaited<ReturnType<typeof connectAs>>;

/**
 * Looks at everything that an installation rests on, from the outside in: the folder, the keys, the
 * broker, what the broker lets through, the log and who serves it. What cannot be looked at because
 * something before it fails is left out.
 */
export async function examine(
  session: Session,
  isSyncAlwaysDeclared: boolean,
): Promise<{ readonly checks: readonly BrokerCheck[]; readonly isBrokerThere: boolean }> {
  const checks: BrokerCheck[] = [checkFolder(session), ...checkKeys(session)];
  const connections = new Map<BrokerUser, Connection>();
  try {
    const { url, shards } = brokerAddress(session);
    for (const user of BROKER_USERS) {
      const seed = userSeed(session.dataDir, user);
      connections.set(user, await connectAs(url, user, seed, `bursar doctor ${user}`));
    }
    const owner = connections.get('owner');
    const auditor = connections.get('auditor');
    if (owner === undefined || auditor === undefined)
      throw new Error('owner and auditor are users');
    checks.push(passed('broker', `answers on ${url}`));
    const { sys, operator, projector } = Object.fromEntries(connections);
    const seen = { owner, sys, operator, projector, auditor };
    checks.push(...(await checkBroker(seen, { shards, isSyncAlwaysDeclared })));
    checks.push(await checkLogs(session, auditor, shards));
    checks.push(...(await examineWriter(new NatsBus(owner, '_INBOX_owner'), shards)));
    return { checks, isBrokerThere: true };
  } catch (error) {
    const { message, advice } = explainError(error).explained;
    checks.push({ check: 'broker', ok: false, detail: message, advice });
    return { checks, isBrokerThere: connections.size > 0 };
  } finally {
    await Promise.all([...connections.values()].map((connection) => connection.close()));
  }
}

function checkFolder({ dataDir }: Session): BrokerCheck {
  try {
    const settings = readSettings(dataDir);
    if (settings !== undefined)
      return passed('data folder', `${dataDir}, ${settings.shards} shards`);
    return failed('data folder', `${dataDir} is not set up`, 'Start a broker on it: bursar up');
  } catch (error) {
    return failed('data folder', explainError(error).explained.message, '');
  }
}

function checkKeys({ dataDir }: Session): BrokerCheck[] {
  if (!existsSync(path.join(dataDir, 'keys'))) return [];
  try {
    for (const user of BROKER_USERS) userSeed(dataDir, user);
    return [passed('keys', `${BROKER_USERS.join(', ')} can be read`)];
  } catch (error) {
    return [failed('keys', explainError(error).explained.message, 'Restore them from a backup.')];
  }
}

/** Whether each shard's log is whole and as long as its witness has seen it. */
async function checkLogs(
  { dataDir }: Session,
  auditor: Connection,
  shards: number,
): Promise<BrokerCheck> {
  const ledger = new JetStreamLedger({ commit: auditor });
  let messages = 0;
  try {
    for (let shard = 0; shard < shards; shard += 1) {
      const head = await ledger.head(shard);
      const witness = await readWitness(systemHost.files, path.join(dataDir, 'witness'), shard);
      checkIntegrity(head, witness === undefined ? [] : [witness.seq]);
      messages += head.lastSeq;
    }
  } catch (error) {
    const { message } = explainError(error).explained;
    return failed(
      'log',
      message,
      'bursar audit verify says which messages; bursar up makes new streams.',
    );
  }
  const detail = `${messages} messages in ${shards} shards; bursar audit verify checks each`;
  return passed('log', detail);
}
