/**
 * The shard that serves a team: FNV-1a (32 bit) of the team's UTF-8 bytes, modulo the number of
 * shards. It is what the broker's `partition(n, token)` mapping computes, so that both agree.
 *
 * @param team one subject token, such as `acme`
 * @param shards a whole number above 0
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function shardOf(team: string, shards: number): number {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(team)) {
    hash = Math.imul(hash ^ byte, PRIME) >>> 0;
  }
  return hash % shards;
}

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
