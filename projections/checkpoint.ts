import { createHash } from 'node:crypto';
import path from 'node:path';
import type { ChainPosition } from '../events/chain.ts';
import { decode, encode } from '../events/codec.ts';
import type { Files } from '../host/host.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import type { PoisonRecord } from './log-sweep.ts';
import { pack, unpack } from './packed.ts';

/** A projection's state with everything by which one can tell whether it may still be used. */
export interface Checkpoint {
  /** The projection's name and version of its state. */
  readonly name: string;
  readonly version: number;
  readonly shard: number;
  /** Birth of the stream; another one is another log. */
  readonly createdAt: string;
  /** Place in the log, hash of the last block and generation of the stream. */
  readonly chain: ChainPosition;
  readonly poison: readonly PoisonRecord[];
  readonly poisonCount: number;
  readonly state: unknown;
}

/** Version of the file itself. */
const FILE_VERSION = 1;
const FORMAT = 'bursar-checkpoint';

/** `<data>/projections/<name>/<shard>.msgpack`. */
export function checkpointFile(dataDir: string, name: string, shard: number): string {
  return path.join(dataDir, 'projections', name, `${shard}.msgpack`);
}

/**
 * Writes a checkpoint durably, all or nothing: a crash leaves the old one or the new one.
 * @returns false when the state is larger than a checkpoint may be; the old one is removed then
 */
export async function writeCheckpoint(
  files: Files,
  dataDir: string,
  checkpoint: Checkpoint,
): Promise<boolean> {
  const file = checkpointFile(dataDir, checkpoint.name, checkpoint.shard);
  const body = encode({ ...checkpoint, state: pack(checkpoint.state) });
  const bytes = encode({ format: FORMAT, v: FILE_VERSION, sha256: sha256(body), body });
  if (bytes.byteLength > PROJECTION_LIMITS.checkpointBytesMax) {
    await removeCheckpoint(files, dataDir, checkpoint.name, checkpoint.shard);
    return false;
  }
  await files.replace(file, bytes);
  return true;
}

/** A checkpoint as it was written; null where there is none; a reason where it cannot be used. */
export async function readCheckpoint(
  files: Files,
  dataDir: string,
  name: string,
  shard: number,
): Promise<Checkpoint | null | { readonly unusable: string }> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await files.read(checkpointFile(dataDir, name, shard));
    if (bytes === undefined) return null;
  } catch (error) {
    return { unusable: `it cannot be read: ${reasonOf(error)}` };
  }
  try {
    return fromBytes(bytes);
  } catch (error) {
    return { unusable: reasonOf(error) };
  }
}

export function removeCheckpoint(
  files: Files,
  dataDir: string,
  name: string,
  shard: number,
): Promise<void> {
  return files.remove(checkpointFile(dataDir, name, shard));
}

function fromBytes(bytes: Uint8Array): Checkpoint {
  const { checkpointBytesMax } = PROJECTION_LIMITS;
  const outer = decode(bytes, checkpointBytesMax) as Partial<Record<string, unknown>>;
  if (outer?.['format'] !== FORMAT || outer['v'] !== FILE_VERSION) {
    throw new Error('it is of another format');
  }
  const { body, sha256: expected } = outer;
  if (!(body instanceof Uint8Array) || !(expected instanceof Uint8Array)) {
    throw new Error('it is of another format');
  }
  if (Buffer.compare(sha256(body), expected) !== 0) throw new Error('its checksum is wrong');
  const checkpoint = decode(body, checkpointBytesMax);
  if (!isCheckpoint(checkpoint)) throw new Error('its fields are not those of a checkpoint');
  return { ...checkpoint, state: unpack(checkpoint.state) };
}

/** Whether it can be looked at as one. What is in its state only its projection knows. */
function isCheckpoint(value: unknown): value is Checkpoint {
  const { name, version, shard, createdAt, chain, poison, poisonCount } = (value ??
    {}) as Partial<Checkpoint>;
  return (
    typeof name === 'string' &&
    typeof createdAt === 'string' &&
    [version, shard, poisonCount].every(isCount) &&
    isChain(chain) &&
    Array.isArray(poison)
  );
}

function isChain(chain: Partial<ChainPosition> | undefined): boolean {
  const { shard, seq, blockNo, blockSeq, blockHash, blockAtMs, epoch, claimIsOpen } = chain ?? {};
  return (
    [shard, seq, blockNo, blockSeq, blockAtMs].every(isCount) &&
    blockHash instanceof Uint8Array &&
    typeof claimIsOpen === 'boolean' &&
    (epoch === undefined ||
      (isCount(epoch?.seq) &&
        isCount(epoch.generation) &&
        epoch.hash instanceof Uint8Array &&
        epoch.publicKey instanceof Uint8Array))
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
