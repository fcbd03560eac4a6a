import path from 'node:path';
import type { Files } from '../host/host.ts';
import { LedgerError } from './ledger-errors.ts';
import { LOG_FORMAT_VERSION, witnessFileSchema } from './log-schema.ts';
import { HASH_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './log-sizes.ts';
import type { SignedHead } from './signed-head.ts';
import { fromHex, toHex } from './signing.ts';

/** A witness file that nobody wrote so. Without it nobody would notice a log that became shorter. */
export class WitnessDamagedError extends LedgerError {
  override readonly name = 'WitnessDamagedError';
  readonly code = 'witness_damaged';
  readonly retryable = false;

  constructor(file: string, cause: unknown) {
    super(
      `${file} is no readable witness; compare it with the log (\`bursar audit verify\`) and, if the ` +
        'log is whole, remove the file',
      { cause },
    );
  }
}

/** The witness file of a shard in a folder outside the broker's store. */
export function witnessFile(folder: string, shard: number): string {
  return path.join(folder, `head-${shard}.json`);
}

/**
 * Remembers a shard's newest head, durably and all or nothing. A head that is older than the one in
 * the file changes nothing: a former owner that wakes up late must not lower the mark.
 *
 * @returns whether the file now names this head
 * @throws WitnessDamagedError
 */
export async function writeWitness(
  files: Files,
  folder: string,
  head: SignedHead,
): Promise<boolean> {
  const before = await readWitness(files, folder, head.shard);
  if (before !== undefined && before.seq > head.seq) return false;
  await files.replace(witnessFile(folder, head.shard), new TextEncoder().encode(toText(head)));
  return true;
}

/** The head that a shard's witness remembers; undefined if there is none. @throws WitnessDamagedError */
export async function readWitness(
  files: Files,
  folder: string,
  shard: number,
): Promise<SignedHead | undefined> {
  const file = witnessFile(folder, shard);
  const bytes = await files.read(file);
  return bytes === undefined ? undefined : fromText(file, shard, new TextDecoder().decode(bytes));
}

/** All witnesses of a folder; none if there is no folder. @throws WitnessDamagedError */
export async function readWitnesses(files: Files, folder: string): Promise<SignedHead[]> {
  const heads: SignedHead[] = [];
  for (const name of await files.list(folder)) {
    const shard = /^head-(\d+)\.json$/.exec(name)?.[1];
    const head = shard === undefined ? undefined : await readWitness(files, folder, Number(shard));
    if (head !== undefined) heads.push(head);
  }
  return heads;
}

function toText({ shard, seq, no, hash, publicKey, sig, atMs }: SignedHead): string {
  const file = {
    v: LOG_FORMAT_VERSION,
    shard,
    seq,
    no,
    hash: toHex(hash),
    publicKey: toHex(publicKey),
    sig: toHex(sig),
    atMs,
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function fromText(file: string, shard: number, text: string): SignedHead {
  try {
    const { v: _version, ...head } = witnessFileSchema.parse(JSON.parse(text));
    if (head.shard !== shard) throw new TypeError(`it is of shard ${head.shard}`);
    const hash = fromHex(head.hash, HASH_BYTES);
    const publicKey = fromHex(head.publicKey, PUBLIC_KEY_BYTES);
    const sig = fromHex(head.sig, SIGNATURE_BYTES);
    if (hash === undefined || publicKey === undefined || sig === undefined) {
      throw new TypeError('a field is no hex');
    }
    return { ...head, hash, publicKey, sig };
  } catch (cause) {
    throw new WitnessDamagedError(file, cause);
  }
}
