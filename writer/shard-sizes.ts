/** How much one shard keeps or lets wait, where the choice is one of speed and memory alone. */
export interface ShardSizes {
  /** Durable blocks and events that stay in memory for repeats; older ones are read from the log. */
  readonly blocksKeptMax: number;
  readonly eventsKeptMax: number;
  /** Blocks that may wait behind the one in flight before new requests are turned away. */
  readonly lineLengthMax: number;
  /**
   * Bytes of messages that may wait, about two seconds of work. Who waits longer has asked again
   * meanwhile, and more would only be work that nobody waits for.
   */
  readonly inboxBytesMax: number;
}

export const SHARD_SIZES: ShardSizes = {
  blocksKeptMax: 64,
  eventsKeptMax: 8_192,
  lineLengthMax: 16,
  inboxBytesMax: 8 * 1024 * 1024,
};
