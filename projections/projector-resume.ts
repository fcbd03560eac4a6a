import { decodeBlock } from '../events/block.ts';
import { type ChainPosition, chainStart } from '../events/chain.ts';
import { decodeEpoch } from '../events/epoch.ts';
import type { Ledger, LogHead } from '../events/ledger.ts';
import { sameBytes } from '../events/signing.ts';
import type { Files } from '../host/host.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import type { ProjectorEntry } from './projector-entry.ts';

/** A line for people. */
export type LogLine = (level: 'info' | 'warn' | 'error', text: string) => void;

interface Resume {
  readonly files: Files;
  readonly ledger: Ledger;
  readonly shard: number;
  readonly head: LogHead;
  readonly dataDir: string | undefined;
  readonly say: LogLine;
}

/**
 * Gives each projection its checkpoint back where that still fits the log, and says where reading
 * begins: at the oldest of them. Torn, of another version, of another stream or not on this log's
 * chain: it is thrown away, said so, and rebuilt.
 */
export async function chooseResumePoint(
  resume: Resume,
  entries: readonly ProjectorEntry[],
): Promise<ChainPosition> {
  const start = chainStart(resume.shard);
  let oldest: ChainPosition | undefined;
  for (const entry of entries) {
    const checkpoint = await usableCheckpoint(resume, entry);
    if (checkpoint === undefined) entry.reset();
    else entry.resume(checkpoint);
    const chain = checkpoint?.chain ?? start;
    if (oldest === undefined || chain.seq < oldest.seq) oldest = chain;
  }
  return oldest ?? start;
}

async function usableCheckpoint(
  { files, ledger, shard, head, dataDir, say }: Resume,
  { name, version }: ProjectorEntry,
): Promise<Checkpoint | undefined> {
  if (dataDir === undefined) return undefined;
  const found = await readCheckpoint(files, dataDir, name, shard);
  if (found === null) return undefined;
  const reason =
    'unusable' in found
      ? found.unusable
      : (mismatchOf(found, name, version, shard, head) ?? (await breakOf(found, ledger)));
  if (reason === undefined) return found as Checkpoint;
  const isLogShorter = !('unusable' in found) && found.chain.seq > head.lastSeq;
  say(
    isLogShorter ? 'error' : 'warn',
    `the checkpoint of ${name} is thrown away and rebuilt: ${reason}`,
  );
  return undefined;
}

function mismatchOf(
  checkpoint: Checkpoint,
  name: string,
  version: number,
  shard: number,
  head: LogHead,
): string | undefined {
  if (checkpoint.name !== name || checkpoint.shard !== shard) {
    return `it is of ${checkpoint.name}, shard ${checkpoint.shard}`;
  }
  if (checkpoint.version !== version) {
    return `its state is of version ${checkpoint.version}, this is ${version}`;
  }
  if (checkpoint.createdAt !== head.createdAt) {
    return `it is of a stream born ${checkpoint.createdAt}, this one was ${head.createdAt}`;
  }
  if (checkpoint.chain.seq > head.lastSeq) {
    return (
      `it is at message ${checkpoint.chain.seq}, the log ends at ${head.lastSeq}: ` +
      'the log has lost messages; run `bursar audit verify`'
    );
  }
  return undefined;
}

/** Whether the log still has the block, and the epoch of the generation, that it was made after. */
async function breakOf({ chain }: Checkpoint, ledger: Ledger): Promise<string | undefined> {
  const { shard, blockSeq, blockHash, epoch } = chain;
  try {
    if (blockSeq > 0) {
      const message = await ledger.get(shard, blockSeq);
      const hash = message && decodeBlock(message.bytes, () => undefined).hash;
      if (hash === undefined || !sameBytes(hash, blockHash)) {
        return `message ${blockSeq} is another block than it was made after`;
      }
    }
    if (epoch !== undefined) {
      const message = await ledger.get(shard, epoch.seq);
      const found = message && decodeEpoch(message.bytes);
      if (found === undefined || !sameBytes(found.hash, epoch.hash)) {
        return `message ${epoch.seq} is another epoch than it was made under`;
      }
    }
  } catch (error) {
    if (isTransient(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}
