import { existsSync } from 'node:fs';
import { headerOfExport } from '../events/export-read.ts';
import { verifyExport } from '../events/export-verify.ts';
import type { SignedHead } from '../events/signed-head.ts';
import { createSigner, type Signer } from '../events/signing.ts';
import { readEvent } from '../events/upcast.ts';
import type { VerifyReport } from '../events/verify.ts';
import { ExportUnsoundError, UsageError } from './errors.ts';

export type ExportToRestore = {
  readonly file: string;
  readonly signingKeyPem: string;
  readonly witnesses: readonly SignedHead[];
  readonly shardCount: number | undefined;
};

const TOO_OLD =
  'Bring a newer export; or leave --witness away, and lose what was decided after this one.';

/**
 * Verifies an export with nothing but the key that is to sign on, and makes sure that every shard is
 * in it: one that was missing would meet its teams with an empty ledger, a second full budget.
 * @returns a report for each shard, in their order
 * @throws UsageError, ExportUnsoundError
 */
export async function soundExport(wanted: ExportToRestore): Promise<VerifyReport[]> {
  const { file, witnesses } = wanted;
  if (!existsSync(file)) {
    throw new UsageError(`There is no file ${file}.`, '`bursar audit export FILE` writes one.');
  }
  const pinnedKeys = [signerOf(wanted.signingKeyPem).publicKey];
  const reports = await verifyExport(file, { pinnedKeys, witnesses, parseEvent: readEvent });
  for (const { shard, findings } of reports) {
    const [first] = findings;
    if (first === undefined) continue;
    const where = `shard ${shard}, message ${first.seq}`;
    const advice = first.kind === 'shorter_than_witness' ? TOO_OLD : first.advice;
    throw new ExportUnsoundError(file, `${where}: ${first.kind}, ${first.detail}`, advice);
  }
  const shardCount = await shardCountOf(wanted);
  const isThere = new Set(reports.map(({ shard }) => shard));
  for (let shard = 0; shard < shardCount; shard += 1) {
    if (isThere.has(shard)) continue;
    const advice = 'Export all shards: `bursar audit export FILE` without --shard.';
    throw new ExportUnsoundError(file, `shard ${shard} of ${shardCount} is not in it`, advice);
  }
  if (reports.length !== shardCount) {
    const found = `it has ${reports.length} shards, not ${shardCount}`;
    throw new ExportUnsoundError(file, found, 'Give the number that the lost folder had.');
  }
  return reports.sort((left, right) => left.shard - right.shard);
}

function signerOf(signingKeyPem: string): Signer {
  try {
    return createSigner(signingKeyPem);
  } catch (cause) {
    throw new UsageError(
      '--key: there is no private Ed25519 key in it.',
      'Give keys/ledger-signing.key of the folder that was lost, or its backup.',
      cause,
    );
  }
}

async function shardCountOf({ file, shardCount }: ExportToRestore): Promise<number> {
  const named = (await headerOfExport(file))?.shardCount;
  if (named !== undefined && shardCount !== undefined && named !== shardCount) {
    throw new UsageError(`The export is of ${named} shards.`, 'Leave --shards away.');
  }
  const count = named ?? shardCount;
  if (count !== undefined) return count;
  throw new UsageError(
    'The export does not say how many shards there are: an older version wrote it.',
    'Give --shards with the number of the lost folder (in its broker.json; 8 unless chosen).',
  );
}
