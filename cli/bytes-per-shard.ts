/** Kept free in the store for the emergencies and for what the streams need besides messages. */
const STORE_RESERVE_BYTES = 256 * 2 ** 20;

/** Fixed by what is fixed for the data folder, because a stream never changes its size. */
export function bytesPerShard(maxFileBytes: number, shards: number): number {
  return Math.floor((maxFileBytes - STORE_RESERVE_BYTES) / shards);
}
