import type { Host } from '../host/host.ts';

/**
 * Makes ids of commands that no other client makes: 96 random bits of this maker, then a count.
 * About 20 characters, half of a UUID, because ids are stored with each event.
 */
export function commandIds(host: Pick<Host, 'randomBytes'>): () => string {
  // A hyphen in front would make a command line take the id for an option.
  const prefix = Buffer.from(host.randomBytes(12)).toString('base64url').replace(/^-/, '_');
  let count = 0;
  return () => `${prefix}.${(count++).toString(36)}`;
}
