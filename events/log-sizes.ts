/** Bytes of a raw Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;
/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32;
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;
/** Room for everything in a block that is not an event: its other fields, headers, signature. */
export const BLOCK_OVERHEAD_BYTES_MAX = 512;
/** Largest epoch message, in bytes. */
export const EPOCH_BYTES_MAX = 2048;
