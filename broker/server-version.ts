import { ServerTooOld } from './errors.ts';

/**
 * The oldest server that may hold a ledger: the fence needs 2.11.0, and the last advisory that
 * touches what Bursar uses ends here.
 */
export const MIN_SERVER_VERSION = '2.12.12';

/**
 * Refuses a server that is too old.
 *
 * @param version as the server states it, such as `2.15.1` or `2.15.0-dev`
 * @throws ServerTooOld when it is older than {@link MIN_SERVER_VERSION}, or unreadable
 */
export function checkServerVersion(version: string): void {
  if (!isVersionAtLeast(version, MIN_SERVER_VERSION)) {
    throw new ServerTooOld(version, MIN_SERVER_VERSION);
  }
}

/** True when `version` is not older than `min`. A pre-release counts as older than its release. */
export function isVersionAtLeast(version: string, min: string): boolean {
  const found = parse(version);
  const wanted = parse(min);
  if (found === undefined || wanted === undefined) return false;
  for (const [index, part] of wanted.parts.entries()) {
    const difference = (found.parts[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return !found.isPrerelease;
}

function parse(version: string): { parts: number[]; isPrerelease: boolean } | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(-.+)?$/.exec(version.trim());
  if (match === null) return undefined;
  return { parts: match.slice(1, 4).map(Number), isPrerelease: match[4] !== undefined };
}
