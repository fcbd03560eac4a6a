import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { connectAs } from '../broker/connect.ts';
import { keepSigningKey } from '../broker/keys.ts';
import { type RunningBroker, startBroker } from '../broker/start.ts';
import { readExport } from '../events/export-read.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { restoreMessages } from '../events/ledger-jetstream-restore.ts';
import { ensureStream, firstStreamSettings } from '../events/ledger-jetstream-stream.ts';
import { type SignedHead, signHead } from '../events/signed-head.ts';
import { createSigner, fromHex } from '../events/signing.ts';
import { type VerifyReport, verifyLedger } from '../events/verify.ts';
import { writeWitness } from '../events/witness.ts';
import { systemHost } from '../host/system-host.ts';
import { bytesPerShard } from './bytes-per-shard.ts';
import { FolderNotEmptyError, RestoredOtherwiseError } from './errors.ts';
import { soundExport } from './sound-export.ts';

export type RestoreSettings = {
  /** An export of all shards. */
  readonly file: string;
  /** The folder to make; absent or empty. */
  readonly dataDir: string;
  /** PEM of the private key that signed the log: it signs on. */
  readonly signingKeyPem: string;
  /** Heads that were kept outside of the lost log; an export that ends before one is refused. */
  readonly witnesses: readonly SignedHead[];
  /** How many shards there are; needed where the export does not say it. */
  readonly shardCount: number | undefined;
  /** What is being done, in words; often. */
  readonly progress: (words: () => string) => void;
  readonly signal: AbortSignal;
};

export type Restored = {
  readonly messages: number;
  readonly events: number;
  /** What verification said of each shard, of the export and of the new folder alike. */
  readonly shards: readonly VerifyReport[];
};

/**
 * Makes a data folder out of an export: verifies it, writes every message of every shard at its own
 * sequence into an embedded broker on a folder beside the wanted one, reads all of it back, and only
 * then gives the folder its name. Whatever goes wrong, no folder is left.
 * @throws FolderNotEmptyError, ExportUnsoundError, UsageError, RestoredOtherwiseError, the errors of
 *   `startBroker` and `restoreMessages`, and the reason of `signal`
 */
export async function restoreExport(settings: RestoreSettings): Promise<Restored> {
  const { dataDir } = settings;
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new FolderNotEmptyError(dataDir);
  }
  const exported = await soundExport(settings);
  const draftDir = `${dataDir}.${process.pid}.draft`;
  mkdirSync(path.dirname(dataDir), { recursive: true });
  try {
    keepSigningKey(draftDir, settings.signingKeyPem);
    await fillFolder(draftDir, exported, settings);
    settings.signal.throwIfAborted();
    renameSync(draftDir, dataDir);
  } catch (error) {
    rmSync(draftDir, { recursive: true, force: true });
    throw error;
  }
  const sum = (field: 'messages' | 'events') =>
    exported.reduce((total, report) => total + report[field], 0);
  return { messages: sum('messages'), events: sum('events'), shards: exported };
}

async function fillFolder(
  draftDir: string,
  exported: readonly VerifyReport[],
  settings: RestoreSettings,
): Promise<void> {
  const broker = await startBroker({
    dataDir: draftDir,
    port: 0,
    shards: exported.length,
    natsUrl: '',
    onProgress: (words) => settings.progress(() => words),
  });
  try {
    await fillStreams(broker, exported, settings);
  } finally {
    await broker.stop();
  }
  await writeWitnesses(draftDir, exported, settings.signingKeyPem);
}

async function fillStreams(
  { url, keys, shards, maxFileBytes }: RunningBroker,
  exported: readonly VerifyReport[],
  { file, progress, signal, signingKeyPem }: RestoreSettings,
): Promise<void> {
  const connection = await connectAs(url, 'owner', keys.users.owner.seed, 'bursar restore');
  try {
    const streams = firstStreamSettings(shards, bytesPerShard(maxFileBytes, shards));
    for (const { shard } of exported) await ensureStream(connection, shard, streams, 0);
    const total = exported.reduce((sum, { messages }) => sum + messages, 0);
    let stored = 0;
    await restoreMessages(connection, messagesOf(file, signal), () => {
      stored += 1;
      progress(() => `restoring message ${stored} of ${total} …`);
    });
    const ledger = new JetStreamLedger({ commit: connection });
    const pinnedKeys = [createSigner(signingKeyPem).publicKey];
    for (const report of exported) {
      progress(() => `reading shard ${report.shard + 1} of ${shards} back …`);
      signal.throwIfAborted();
      const found = await verifyLedger(ledger, report.shard, { pinnedKeys, witnesses: [] });
      if (!isSame(report, found)) throw new RestoredOtherwiseError(report.shard);
    }
  } finally {
    await connection.close();
  }
}

async function* messagesOf(file: string, signal: AbortSignal): AsyncGenerator<StoredMessage> {
  for await (const item of readExport(file)) {
    signal.throwIfAborted();
    if (item.kind === 'message') yield item.message;
  }
}

/** The hash of the last block covers every block before it, and each first block its claim. */
function isSame(exported: VerifyReport, found: VerifyReport): boolean {
  const textOf = ({ ok, messages, events, head, keys }: VerifyReport) =>
    JSON.stringify({ ok, messages, events, head, keys });
  return textOf(exported) === textOf(found);
}

/** From now on somebody outside the new streams knows how long they are. */
async function writeWitnesses(
  dataDir: string,
  exported: readonly VerifyReport[],
  signingKeyPem: string,
): Promise<void> {
  const signer = createSigner(signingKeyPem);
  for (const { shard, head } of exported) {
    const hash = head === null ? undefined : fromHex(head.hash, 32);
    if (head === null || hash === undefined) continue;
    const mark = { shard, seq: head.seq, no: head.no, hash, atMs: Date.now() };
    await writeWitness(systemHost.files, path.join(dataDir, 'witness'), signHead(mark, signer));
  }
}
