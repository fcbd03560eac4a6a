const SHOWN_LENGTH_MAX = 100;

/**
 * What somebody sent, in words for a message to him. `String` is no way to get them: a map with a
 * field `toString` makes it throw, and a list in a list in a list … the stack overflow.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= SHOWN_LENGTH_MAX ? value : `${value.slice(0, SHOWN_LENGTH_MAX)}…`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'a map';
}
