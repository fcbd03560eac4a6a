import { encodeWithList, PackedList } from './codec.ts';
import { decodeOrRefuse, type Envelope, openEnvelope, sealEnvelope } from './envelope.ts';
import { LIMITS } from './limits.ts';
import { LogFormatError } from './log-format-error.ts';
import { blockBodySchema, LOG_FORMAT_VERSION } from './log-schema.ts';
import { BLOCK_OVERHEAD_BYTES_MAX, HASH_BYTES } from './log-sizes.ts';
import { SignatureDomain, type Signer } from './signing.ts';

/** Most bytes that the events of one block may take together. */
export const BLOCK_EVENT_BYTES_MAX = LIMITS.blockBytesMax - BLOCK_OVERHEAD_BYTES_MAX;
/** `prevHash` of a shard's first block. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** Where a block stands. */
export interface BlockPlace {
  readonly shard: number;
  /** Stream sequence of the epoch message under which it was written. */
  readonly epoch: number;
  /** 1 for the shard's first block, then one more each. Epoch messages are not counted. */
  readonly no: number;
  /** Stream sequence of the previous block; 0 before the first. */
  readonly prevSeq: number;
  /** Hash of the previous block; {@link NO_HASH} before the first. */
  readonly prevHash: Uint8Array;
  /** The writer's time of the commit, ms since 1970. */
  readonly atMs: number;
  /** On the first block after a claim, and only there: that epoch message's sequence and hash. */
  readonly claim?: { readonly seq: number; readonly hash: Uint8Array };
}

/** A block as read: not yet checked against the chain, its signature not yet verified. */
export interface Block<Event> extends BlockPlace, Envelope {
  readonly events: readonly Event[];
}

/** What goes into the stream, and the hash by which the next block will name it. */
export interface SealedBlock {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** One decision's events do not fit into an empty block: a limit above has failed. */
export class BlockTooLargeError extends Error {
  override readonly name = 'BlockTooLargeError';
  readonly code = 'block_too_large';
  readonly retryable = false;

  constructor(eventCount: number) {
    super(
      `${eventCount} events do not fit into a block of ${LIMITS.blockBytesMax} bytes and ` +
        `${LIMITS.blockEventsMax} events: split the command`,
    );
  }
}

/**
 * Gathers decisions into one block, encoding each event once. What belongs to one decision goes in
 * together or not at all, so no decision is ever cut by a crash.
 */
export class BlockBuilder {
  readonly #events = new PackedList();

  /** Whether the events fitted; if not, nothing was added: seal this block and begin another. */
  add(eventsOfOneDecision: readonly unknown[]): boolean {
    if (this.#events.count + eventsOfOneDecision.length > LIMITS.blockEventsMax) return false;
    return this.#events.addAll(eventsOfOneDecision, BLOCK_EVENT_BYTES_MAX);
  }

  get eventCount(): number {
    return this.#events.count;
  }

  /** Bytes of the events so far. */
  get eventBytes(): number {
    return this.#events.byteLength;
  }

  /** Encodes, hashes and signs. The builder may not be used afterwards. */
  seal(place: BlockPlace, signer: Signer): SealedBlock {
    const { shard, epoch, no, prevSeq, prevHash, atMs, claim } = place;
    const fields = { v: LOG_FORMAT_VERSION, shard, epoch, no, prevSeq, prevHash, atMs, claim };
    const body = encodeWithList(fields, 'events', this.#events);
    return sealEnvelope(SignatureDomain.block, body, signer);
  }
}

/**
 * A whole block at once.
 * @throws BlockTooLargeError if the events do not fit.
 */
export function encodeBlock(
  place: BlockPlace,
  events: readonly unknown[],
  signer: Signer,
): SealedBlock {
  const builder = new BlockBuilder();
  if (!builder.add(events)) throw new BlockTooLargeError(events.length);
  return builder.seal(place, signer);
}

/**
 * Reads a block. `parseEvent` gets each event as decoded plain data; what it throws is passed on.
 * Chain and signature are checked by `chain.ts`.
 * @throws LogFormatError if the bytes are no block.
 */
export function decodeBlock<Event>(
  bytes: Uint8Array,
  parseEvent: (value: unknown, index: number) => Event,
): Block<Event> {
  const envelope = openEnvelope(bytes, LIMITS.blockBytesMax);
  const parsed = blockBodySchema.safeParse(decodeOrRefuse(envelope.body, LIMITS.blockBytesMax));
  if (!parsed.success) throw new LogFormatError('a block has other fields', parsed.error);
  const { v: _version, claim, events, ...place } = parsed.data;
  return {
    ...place,
    ...(claim === undefined ? {} : { claim }),
    ...envelope,
    events: events.map(parseEvent),
  };
}

/** Every block pins its own sequence: it stands directly after its predecessor or its epoch message. */
export function writtenSeq(place: Pick<BlockPlace, 'claim' | 'prevSeq'>): number {
  return (place.claim?.seq ?? place.prevSeq) + 1;
}

/** The `Nats-Msg-Id` of a block: unique over owners, since each has an epoch of its own. */
export function blockMessageId(place: Pick<BlockPlace, 'shard' | 'epoch' | 'no'>): string {
  return `${place.shard}-${place.epoch}-${place.no}`;
}
