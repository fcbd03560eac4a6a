import { type ChainPosition, chainStart } from '../events/chain.ts';
import { followLog } from '../events/follow-log.ts';
import type { Ledger } from '../events/ledger.ts';
import { LogRegressedError } from '../events/ledger-errors.ts';
import { sameBytes } from '../events/signing.ts';
import { readEvent } from '../events/upcast.ts';
import type { ShardState } from './shard-state.ts';

/** A message in the stream that is no word of an owner: it is left out and reported. */
export interface VoidMessage {
  readonly shard: number;
  readonly seq: number;
  readonly reason: string;
}

/** A block that is known to have been in the log. */
export interface KnownHead {
  readonly seq: number;
  readonly hash: Uint8Array;
}

export interface ReplayOptions {
  readonly ledger: Ledger;
  readonly shard: number;
  /** Sequence of the claim: the last message that can be there. */
  readonly toSeq: number;
  readonly trustedKey: Uint8Array;
  readonly onVoid: (message: VoidMessage) => void;
  /**
   * Blocks that witnesses or this process itself remember. The last block of a log has nothing
   * behind it that names it: altered, it would only look forged, and be left out.
   */
  readonly knownHeads: readonly KnownHead[];
  /** Ends the replay early; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Rebuilds a shard from its log, from the first message to the claim.
 * @throws LogBrokenError, LogRegressedError, LogUnreadableError, LedgerUnavailableError,
 *   UnfitRecordError, and the reason of `signal`
 */
export async function replayShard(
  state: ShardState,
  { ledger, shard, toSeq, trustedKey, onVoid, knownHeads, signal }: ReplayOptions,
): Promise<ChainPosition> {
  let chain = chainStart(shard);
  const messages = followLog(ledger.read(shard, 1, toSeq), {
    from: chain,
    pinnedKeys: [trustedKey],
    parseEvent: (raw) => raw,
  });
  for await (const followed of messages) {
    signal.throwIfAborted();
    const { seq } = followed.message;
    chain = followed.position;
    const known = knownHeads.find((head) => head.seq === seq);
    if (
      known !== undefined &&
      !(chain.blockSeq === seq && sameBytes(chain.blockHash, known.hash))
    ) {
      throw new LogRegressedError(shard, `message ${seq} is not the block that was stored there`);
    }
    if (followed.kind === 'void') onVoid({ shard, seq, reason: followed.reason });
    else if (followed.kind === 'block') apply(state, shard, seq, followed.block.events);
  }
  if (chain.seq === toSeq && chain.epoch?.seq === toSeq) return chain;
  throw new LogRegressedError(shard, `it could be read to ${chain.seq} only, not to ${toSeq}`);
}

function apply(state: ShardState, shard: number, seq: number, events: readonly unknown[]): void {
  events.forEach((raw, index) => {
    try {
      state.replay(readEvent(raw), { seq, index });
    } catch (cause) {
      throw new UnfitRecordError(shard, seq, index, cause);
    }
  });
}

/** A signed event that cannot be read, or does not follow from those before it. */
class UnfitRecordError extends Error {
  override readonly name = 'UnfitRecordError';
  readonly code = 'unfit_record';
  readonly retryable = false;

  constructor(shard: number, seq: number, index: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `shard ${shard}: event ${index} of block ${seq} does not fit (${reason}); the shard stays ` +
        'frozen: run `bursar audit verify`, or use the version of bursar that wrote it',
      { cause },
    );
  }
}
