/**
 * States hold maps and sets, which the codec refuses to write, because in an event they would be a
 * mistake. Here they become plain data, marked by a key that no field of a state has.
 */
const MAP = '~map';
const SET = '~set';

/** A state as plain data, for a checkpoint. */
export function pack(value: unknown): unknown {
  if (value instanceof Map) {
    const entries: unknown[] = [];
    for (const [key, item] of value) entries.push(pack(key), pack(item));
    return { [MAP]: entries };
  }
  if (value instanceof Set) return { [SET]: [...value].map(pack) };
  if (Array.isArray(value)) return value.map(pack);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  const packed: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) packed[key] = pack(item);
  return packed;
}

/** Inverse of {@link pack}. */
export function unpack(packed: unknown): unknown {
  if (Array.isArray(packed)) return packed.map(unpack);
  if (packed instanceof Uint8Array || typeof packed !== 'object' || packed === null) return packed;
  const record = packed as Readonly<Record<string, unknown>>;
  const entries = record[MAP];
  if (Array.isArray(entries)) {
    const map = new Map<unknown, unknown>();
    for (let at = 0; at < entries.length; at += 2) {
      map.set(unpack(entries[at]), unpack(entries[at + 1]));
    }
    return map;
  }
  const members = record[SET];
  if (Array.isArray(members)) return new Set(members.map(unpack));
  const value: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(record)) value[key] = unpack(item);
  return value;
}
