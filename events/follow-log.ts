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
import { LogFormatError } from './log-format-error.ts';

/** Genuine messages do not follow each other: something between them is gone. */
export class LogBrokenError extends LedgerError {
  override readonly name = 'LogBrokenError';
  readonly code = 'log_broken';
  readonly retryable = false;
  readonly shard: number;
  readonly seq: number;
  readonly fault: ChainFault;

  constructor(shard: number, seq: number, fault: ChainFault) {
    super(
      `shard ${shard}: message ${seq} does not follow what is before it (${fault.kind}: ` +
        `${fault.detail}); the shard stays frozen: run \`bursar audit verify\``,
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
  /** What it throws is passed on; give back a value for an event that is to be quarantined. */
  readonly parseEvent: (value: unknown, index: number) => Event;
}

/** A message, and the position of the chain after it. */
export type FollowedMessage<Event> = {
  readonly message: StoredMessage;
  readonly position: ChainPosition;
} & (
  | { readonly kind: 'epoch'; readonly epoch: Epoch }
  | { readonly kind: 'block'; readonly block: Block<Event> }
  /** Not the word of an owner: it counts for nothing, and somebody should be told. */
  | { readonly kind: 'void'; readonly reason: string }
);

/**
 * Checks messages one after the other, as a replay or a tail needs it. What is forged, or genuine but
 * sent again, is void: whoever can write to the stream must not be able to stop its readers. The
 * next owner's claim stands behind it and the chain goes past it.
 *
 * @throws LogBrokenError when owners' messages do not follow each other
 */
export async function* followLog<Event>(
  messages: AsyncIterable<StoredMessage>,
  settings: FollowSettings<Event>,
): AsyncGenerator<FollowedMessage<Event>> {
  let position = settings.from;
  for await (const message of messages) {
    const followed =
      message.kind === 'epoch'
        ? followEpoch(position, message, settings.pinnedKeys)
        : followBlock(position, message, settings.parseEvent);
    position = followed.position;
    yield followed;
  }
}

function followEpoch(
  before: ChainPosition,
  message: StoredMessage,
  pinnedKeys: readonly Uint8Array[],
): FollowedMessage<never> {
  const { shard, seq } = message;
  const epoch = unlessMalformed(() => decodeEpoch(message.bytes));
  if (epoch instanceof LogFormatError) return voided(before, message, epoch.message);
  const fault = checkEpoch(before, epoch, seq, pinnedKeys);
  if (fault?.verdict === 'void') return voided(before, message, fault.detail);
  if (fault !== undefined) throw new LogBrokenError(shard, seq, fault);
  return { kind: 'epoch', message, epoch, position: afterEpoch(before, epoch, seq) };
}

function followBlock<Event>(
  before: ChainPosition,
  message: StoredMessage,
  parseEvent: (value: unknown, index: number) => Event,
): FollowedMessage<Event> {
  const { shard, seq } = message;
  const raw = unlessMalformed(() => decodeBlock(message.bytes, (value) => value));
  if (raw instanceof LogFormatError) return voided(before, message, raw.message);
  if (!isBlockSigned(before, raw)) {
    return voided(before, message, 'it is not signed by the owner of the epoch in force');
  }
  const fault = checkBlock(before, raw, seq);
  if (fault?.verdict === 'void') return voided(before, message, fault.detail);
  if (fault !== undefined) throw new LogBrokenError(shard, seq, fault);
  const block = { ...raw, events: raw.events.map(parseEvent) };
  return { kind: 'block', message, block, position: afterBlock(before, raw, seq) };
}

function voided(
  before: ChainPosition,
  message: StoredMessage,
  reason: string,
): FollowedMessage<never> {
  return { kind: 'void', message, reason, position: { ...before, seq: message.seq } };
}

function unlessMalformed<Value>(read: () => Value): Value | LogFormatError {
  try {
    return read();
  } catch (error) {
    if (error instanceof LogFormatError) return error;
    throw error;
  }
}
