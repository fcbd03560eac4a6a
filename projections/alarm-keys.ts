/** What is kept of an account or node under a name: `|` is in no path. */
export function keyOf(path: string, name: string): string {
  return `${path}|${name}`;
}

/** Of thresholds of an account's own. */
export function alertKey(path: string, resource: string, of: 'usage' | 'balance'): string {
  return `${keyOf(path, resource)}|${of}`;
}

/** Of what will not last. */
export function forecastKey(path: string, resource: string): string {
  return `${keyOf(path, resource)}|forecast`;
}

/** Of the queue for a capacity. */
export function queueAgeKey(path: string, resource: string): string {
  return `${keyOf(path, resource)}|queue-age`;
}

/** Alarms that have nothing to do with a window, and are watched anew under each policy. */
export function isWatchedKey(key: string): boolean {
  return key.endsWith('|forecast') || key.endsWith('|queue-age');
}
