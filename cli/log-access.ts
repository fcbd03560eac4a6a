import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { connectAs } from '../broker/connect.ts';
import type { Ledger } from '../events/ledger.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { publicKeyFromPem } from '../events/signing.ts';
import { UsageError } from './errors.ts';
import { brokerAddress, userSeed } from './reach.ts';
import type { Session } from './session.ts';

/** What is needed to believe a log. */
export type LogSettings = {
  /** Raw public keys of its owners. */
  readonly pinnedKeys: readonly Uint8Array[];
  /** Where the newest heads are kept outside of it. */
  readonly witnessFolder: string;
};

/** The live log, to be read. */
export type LogAccess = LogSettings & { readonly ledger: Ledger; readonly shards: number };

/**
 * Reads the live log as the auditor, who may write nothing, or as the projector, who also hears of
 * new messages at once; and disconnects.
 * @throws NoServerError, ServerUnreachable, AuthRefused, DataFolderDamaged, and what the work throws
 */
export async function withLog<Result>(
  session: Session,
  user: 'auditor' | 'projector',
  work: (log: LogAccess) => Promise<Result>,
): Promise<Result> {
  const { url, shards } = brokerAddress(session);
  const { dataDir } = session;
  const connection = await connectAs(url, user, userSeed(dataDir, user), `bursar ${user}`);
  try {
    const ledger = new JetStreamLedger({ commit: connection });
    return await work({ ledger, shards, ...logSettings(dataDir) });
  } finally {
    await connection.close();
  }
}

/** Where a log is read from, and whose keys are believed beside those of the data folder. */
export type LogSource = { readonly file?: string; readonly key?: readonly string[] };

/**
 * The keys to believe: those that were given, and the data folder's own unless an export is read
 * without it. @throws UsageError when there are none, or a file is no public key
 */
export function believedKeys(
  { dataDir }: Session,
  { file, key = [] }: LogSource,
): { readonly pinnedKeys: readonly Uint8Array[]; readonly own: LogSettings | undefined } {
  const given = key.map(keyFrom);
  const hasOwn = file === undefined || given.length === 0 || existsSync(dataDir);
  const own = hasOwn ? logSettings(dataDir) : undefined;
  return { pinnedKeys: [...(own?.pinnedKeys ?? []), ...given], own };
}

/** Whose log this folder has. @throws UsageError when it has no public key */
function logSettings(dataDir: string): LogSettings {
  const file = path.join(dataDir, 'keys', 'ledger-signing.pub');
  const witnessFolder = path.join(dataDir, 'witness');
  try {
    return { pinnedKeys: [publicKeyFromPem(readFileSync(file, 'utf8'))], witnessFolder };
  } catch (cause) {
    throw new UsageError(
      `${dataDir} has no public key of a log.`,
      'Name the data folder with --data; for an export alone give the key with --key FILE.pub.',
      cause,
    );
  }
}

function keyFrom(file: string): Uint8Array {
  try {
    return publicKeyFromPem(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UsageError(`--key: ${file} holds no Ed25519 key.`, 'Give a PEM file.', cause);
  }
}
