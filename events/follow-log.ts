import { type Block, decodeBlock } from './block.ts';
import {
  afterBlock,
  afterEpoch,
  type ChainFault,
  type ChainPosition,
  checkBlock,
  checkEpoch,
  isBlockSigned,
} from './chain.ts';
import { decodeEpoch, type Epoch } from './epoch.ts';
import type { StoredMessage } from './ledger.ts';
import { LedgerError } from './ledger-errors.ts';

/** The log is not what its owners wrote. Nothing may be decided on it. */
export class LogBrokenError extends LedgerError {
  override readonly name = 'LogBrokenError';
  readonly code = 'log_broken';
  readonly retryable = false;
  readonly shard: number;
  readonly seq: number;
  readonly fault: ChainFault;

  constructor(shard: number, seq: number, fault: ChainFault) {
    super(
      `shard ${shard}: message ${seq} of the log is not genuine (${fault.kind}: ${fault.detail}); ` +
        'the shard stays frozen: run `bursar audit verify`',
    );
    this.shard = shard;
    this.seq = seq;
    this.fault = fault;
  }
}

export interface FollowSettings<Event> {
  /** Where the messages begin: `chainStart(shard)`, or the position kept with a snapshot. */
  readonly from: ChainPosition;
  /** Raw public keys that are believed without endorsement. */
  readonly pinnedKeys: readonly Uint8Array[];
  /**
   * `each` verifies every block's signature (about 100 µs). `last` verifies each epoch's newest block
   * only, which vouches for all before it through the chain, and at the end or at the next epoch: for
   * a replay whose result is thrown away if it throws.
   */
  readonly signatures: 'each' | 'last';
  readonly parseEvent: (value: unknown, index: number) => Event;
}

/** A genuine message, and the position of the chain after it. */
export type FollowedMessage<Event> =
  | {
      readonly kind: 'epoch';
      readonly message: StoredMessage;
      readonly epoch: Epoch;
      readonly position: ChainPosition;
    }
  | {
      readonly kind: 'block';
      readonly message: StoredMessage;
      readonly block: Block<Event>;
      readonly position: ChainPosition;
    };

/**
 * Checks messages one after the other as a replay or a tail needs them and hands on what is genuine.
 * @throws LogBrokenError at the first that is not, LogFormatError if one cannot be decoded
 */
export async function* followLog<Event>(
  messages: AsyncIterable<StoredMessage>,
  settings: FollowSettings<Event>,
): AsyncGenerator<FollowedMessage<Event>> {
  let position = settings.from;
  let unverified: UnverifiedBlock | undefined;
  for await (const message of messages) {
    const { shard, seq } = message;
    if (message.kind === 'epoch') {
      verify(unverified);
      unverified = undefined;
      const epoch = decodeEpoch(message.bytes);
      refuse(shard, seq, checkEpoch(position, epoch, seq, settings.pinnedKeys));
      position = afterEpoch(position, epoch, seq);
      yield { kind: 'epoch', message, epoch, position };
      continue;
    }
    const block = decodeBlock(message.bytes, settings.parseEvent);
    refuse(shard, seq, checkBlock(position, block, seq));
    unverified = { before: position, block, seq };
    if (settings.signatures === 'each') verify(unverified);
    position = afterBlock(position, block, seq);
    yield { kind: 'block', message, block, position };
  }
  verify(unverified);
}

interface UnverifiedBlock {
  readonly before: ChainPosition;
  readonly block: Block<unknown>;
  readonly seq: number;
}

function verify(last: UnverifiedBlock | undefined): void {
  if (last === undefined || isBlockSigned(last.before, last.block)) return;
  const detail = 'it is not signed by the owner of its epoch';
  throw new LogBrokenError(last.before.shard, last.seq, { kind: 'bad_signature', detail });
}

function refuse(shard: number, seq: number, fault: ChainFault | undefined): void {
  if (fault !== undefined) throw new LogBrokenError(shard, seq, fault);
}
