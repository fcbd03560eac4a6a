import { createPrivateKey } from 'node:crypto';
import { createSigner, type Signer } from '../../events/signing.ts';
import type { Chance } from './chance.ts';

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A signer whose key follows from the seed, so that signatures are the same in each run. */
export function simSigner(chance: Chance): Signer {
  const key = Buffer.concat([PKCS8_PREFIX, chance.fork('signing key').bytes(32)]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return createSigner(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
}
