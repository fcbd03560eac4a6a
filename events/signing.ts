import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './log-sizes.ts';

/**
 * What a signature is about. A signature made for one purpose never holds for another, because
 * these bytes and a zero byte stand before what is signed.
 */
export const SignatureDomain = {
  block: 'bursar.block.v1',
  epoch: 'bursar.epoch.v1',
  endorsement: 'bursar.endorsement.v1',
  head: 'bursar.head.v1',
} as const;
export type SignatureDomain = (typeof SignatureDomain)[keyof typeof SignatureDomain];

/** Holds the private key of a log's owner (Ed25519). */
export interface Signer {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes over `domain`, a zero byte and `payload`. About 40 µs. */
  sign(domain: SignatureDomain, payload: Uint8Array): Uint8Array;
}

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** A new private key as PKCS#8 PEM, for a file that only its owner can read. */
export function generateSigningKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/**
 * @param privateKeyPem Ed25519 private key, PKCS#8 PEM.
 * @throws TypeError if it is a key of another kind.
 */
export function createSigner(privateKeyPem: string): Signer {
  const privateKey = createPrivateKey(privateKeyPem);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new TypeError(`the signing key must be Ed25519, not ${privateKey.asymmetricKeyType}`);
  }
  return {
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    sign: (domain, payload) => new Uint8Array(sign(null, signedBytes(domain, payload), privateKey)),
  };
}

/**
 * The raw public key, 32 bytes, of a PEM file: of the public key, or of the private one.
 * @throws TypeError if there is no Ed25519 key in it
 */
export function publicKeyFromPem(pem: string): Uint8Array {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new TypeError('there is no readable PEM key', { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new TypeError(`a PEM key of kind ${key.asymmetricKeyType} cannot sign a log`);
  }
  return rawPublicKey(key);
}

/**
 * Whether `signature` is by `publicKey` (raw, 32 bytes) over `payload` for `domain`. Malformed keys
 * and signatures are simply not valid. About 100 µs.
 */
export function verifySignature(
  publicKey: Uint8Array,
  domain: SignatureDomain,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = importedKey(publicKey);
  if (key === undefined || signature.byteLength !== SIGNATURE_BYTES) return false;
  return verify(null, signedBytes(domain, payload), key, signature);
}

/** Whether two byte strings are equal. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** Lower-case hex, for messages and files that people read. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Inverse of {@link toHex}; undefined unless it is exactly `byteLength` bytes of hex. */
export function fromHex(hex: string, byteLength: number): Uint8Array | undefined {
  if (hex.length !== byteLength * 2 || !/^[0-9a-f]*$/.test(hex)) return undefined;
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function signedBytes(domain: SignatureDomain, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${domain}\0`, 'ascii'), payload]);
}

/** DER of an Ed25519 SubjectPublicKeyInfo up to the 32 raw bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const IMPORTED_KEYS_MAX = 64;
const importedKeys = new Map<string, KeyObject>();

function importedKey(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.byteLength !== PUBLIC_KEY_BYTES) return undefined;
  const id = toHex(publicKey);
  const known = importedKeys.get(id);
  if (known !== undefined) return known;
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, publicKey]),
      format: 'der',
      type: 'spki',
    });
    if (importedKeys.size >= IMPORTED_KEYS_MAX) importedKeys.clear();
    importedKeys.set(id, key);
    return key;
  } catch {
    return undefined;
  }
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length));
}
