import { type Block, decodeBlock } from '../events/block.ts';
import {
  afterBlock,
  afterEpoch,
  type ChainPosition,
  chainStart,
  checkBlock,
  checkEpoch,
  isBlockSigned,
} from '../events/chain.ts';
import { decodeEpoch } from '../events/epoch.ts';
import type { BursarEvent } from '../events/events.ts';
import type { Ledger, StoredMessage } from '../events/ledger.ts';
import { LogRegressedError } from '../events/ledger-errors.ts';
import { readEvent } from '../events/upcast.ts';
import type { ShardState } from './shard-state.ts';

/** A message in the stream that is no word of an owner: it is left out and reported. */
export interface VoidMessage {
  readonly shard: number;
  readonly seq: number;
  readonly reason: string;
}

/**
 * Rebuilds a shard from its log, from the first message to the claim. A message that no trusted
 * key signed is void: kept where it is, left out, reported. A signed one that does not follow its
 * predecessor means that something is missing: the shard must not serve.
 * @throws LogRegressedError, LogUnreadableError, LedgerUnavailableError, UnreadableEventError
 */
export async function replayShard(
  ledger: Ledger,
  shard: number,
  toSeq: number,
  trustedKey: Uint8Array,
  state: ShardState,
  onVoid: (message: VoidMessage) => void,
): Promise<ChainPosition> {
  let chain = chainStart(shard);
  for await (const message of ledger.read(shard, 1, toSeq)) {
    chain = take(message, chain, trustedKey, state, onVoid);
  }
  if (chain.seq !== toSeq) {
    throw new LogRegressedError(shard, `it could be read to ${chain.seq} only, not to ${toSeq}`);
  }
  return chain;
}

function take(
  message: StoredMessage,
  before: ChainPosition,
  trustedKey: Uint8Array,
  state: ShardState,
  onVoid: (message: VoidMessage) => void,
): ChainPosition {
  const { shard, seq } = message;
  const voided = (reason: string): ChainPosition => {
    onVoid({ shard, seq, reason });
    return { ...before, seq };
  };
  if (message.kind === 'epoch') {
    const epoch = attempt(() => decodeEpoch(message.bytes));
    if (epoch instanceof Error) return voided(epoch.message);
    const fault = checkEpoch(before, epoch, seq, [trustedKey]);
    if (fault === undefined) return afterEpoch(before, epoch, seq);
    if (fault.verdict === 'void') return voided(fault.detail);
    throw new LogRegressedError(shard, `epoch message ${seq}: ${fault.detail}`);
  }
  const block = attempt(() => decodeBlock(message.bytes, (raw) => raw));
  if (block instanceof Error) return voided(block.message);
  if (!isBlockSigned(before, block)) return voided('it is not signed by the owner of the epoch');
  const fault = checkBlock(before, block, seq);
  if (fault?.verdict === 'void') return voided(fault.detail);
  if (fault !== undefined) throw new LogRegressedError(shard, `block ${seq}: ${fault.detail}`);
  apply(block, seq, state);
  return afterBlock(before, block, seq);
}

function apply(block: Block<unknown>, seq: number, state: ShardState): void {
  block.events.forEach((raw, index) => {
    const event: BursarEvent = readEvent(raw);
    state.replay(event, { seq, index });
  });
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}
