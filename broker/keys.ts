import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DataFolderDamaged } from './errors.ts';
import { createUserKey, type UserKey, userKeyOf } from './user-keys.ts';
import { createFile } from './write-file.ts';

/** The users of the broker that are not agents. */
export const BROKER_USERS = ['owner', 'projector', 'auditor', 'operator', 'sys'] as const;
export type BrokerUser = (typeof BROKER_USERS)[number];

/** The keys of one data folder. Seeds and the private signing key are secret. */
export type BrokerKeys = {
  readonly users: Readonly<Record<BrokerUser, UserKey>>;
  /** PEM (PKCS #8) of the Ed25519 key that signs blocks. */
  readonly ledgerSigningKeyPem: string;
  /** PEM (SPKI) of its public half, for whoever verifies. */
  readonly ledgerPublicKeyPem: string;
};

/**
 * Reads the keys of a data folder and makes those that are missing, under `<data>/keys` (folder
 * 0700, files 0600): `<user>.nk` with the user's NATS seed, and `ledger-signing.key` / `.pub`.
 *
 * @param isFirstStart the signing key is made only then: a ledger whose key is gone cannot go on
 *   as if it had never had one
 * @throws DataFolderDamaged when a key cannot be read, or the signing key is gone
 */
export function ensureKeys(dataDir: string, isFirstStart: boolean): BrokerKeys {
  const dir = path.join(dataDir, 'keys');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const users = Object.fromEntries(
    BROKER_USERS.map((user) => [user, ensureUserKey(path.join(dir, `${user}.nk`))]),
  ) as Record<BrokerUser, UserKey>;
  return { users, ...ensureSigningKey(dir, isFirstStart) };
}

/**
 * Gives a data folder, before its first start, the key with which the log of another one was signed.
 * @param signingKeyPem PEM (PKCS #8) of the private key
 */
export function keepSigningKey(dataDir: string, signingKeyPem: string): void {
  const dir = path.join(dataDir, 'keys');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  createFile(path.join(dir, 'ledger-signing.key'), signingKeyPem, 0o600);
}

/** Reads the seed file of a user, or makes it. Two processes at once get the same key. */
export function ensureUserKey(file: string): UserKey {
  if (!existsSync(file)) createFile(file, `${createUserKey().seed}\n`, 0o600);
  return readUserKey(file);
}

/** Reads a seed file. @throws DataFolderDamaged when there is no NATS seed in it */
export function readUserKey(file: string): UserKey {
  try {
    return userKeyOf(readFileSync(file, 'utf8').trim());
  } catch (cause) {
    throw new DataFolderDamaged(file, 'no readable NATS seed. Restore it from a backup.', cause);
  }
}

function ensureSigningKey(
  dir: string,
  isFirstStart: boolean,
): Pick<BrokerKeys, 'ledgerSigningKeyPem' | 'ledgerPublicKeyPem'> {
  const privateFile = path.join(dir, 'ledger-signing.key');
  if (!existsSync(privateFile)) {
    if (!isFirstStart) {
      throw new DataFolderDamaged(
        privateFile,
        'the key that signs the ledger is gone, but the ledger is not. Restore it from a backup.',
      );
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    createFile(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  }
  const ledgerSigningKeyPem = readFileSync(privateFile, 'utf8');
  const ledgerPublicKeyPem = publicPemOf(ledgerSigningKeyPem, privateFile);
  createFile(path.join(dir, 'ledger-signing.pub'), ledgerPublicKeyPem, 0o600);
  return { ledgerSigningKeyPem, ledgerPublicKeyPem };
}

function publicPemOf(privatePem: string, file: string): string {
  try {
    return createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
  } catch (cause) {
    throw new DataFolderDamaged(file, 'no readable PEM key. Restore it from a backup.', cause);
  }
}
