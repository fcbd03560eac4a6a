import { nkeys } from 'nats';

/** A NATS user key: the public half goes into the server's configuration, the seed stays here. */
export type UserKey = { readonly publicKey: string; readonly seed: string };

/** What Bursar uses of the nkeys library, which `nats` re-exports without types. */
type KeyPair = { getPublicKey(): string; getSeed(): Uint8Array };
const library = nkeys as { createUser(): KeyPair; fromSeed(seed: Uint8Array): KeyPair };

/** Makes a new random user key. */
export function createUserKey(): UserKey {
  return fromPair(library.createUser());
}

/**
 * Reads a seed such as `SUA…` back.
 *
 * @throws Error when it is not an nkey seed
 */
export function userKeyOf(seed: string): UserKey {
  return fromPair(library.fromSeed(new TextEncoder().encode(seed)));
}

function fromPair(pair: KeyPair): UserKey {
  return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
}
