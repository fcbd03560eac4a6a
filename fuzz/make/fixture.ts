import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ChainPosition, chainStart } from '../../events/chain.ts';
import type { StoredMessage } from '../../events/ledger.ts';
import { PUBLIC_KEY_BYTES } from '../../events/log-sizes.ts';
import { createSigner, fromHex, type Signer } from '../../events/signing.ts';
import { LogSweep } from '../../projections/log-sweep.ts';

/** A genuine log, as it was exported, and the key that signed it. */
export interface GenuineLog {
  readonly text: string;
  readonly publicKey: Uint8Array;
  readonly messages: readonly StoredMessage[];
  /** Where the chain stood before each message. */
  readonly before: readonly ChainPosition[];
}

/** DER of a PKCS#8 Ed25519 private key up to its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = '302e020100300506032b657004220420';

let known: GenuineLog | undefined;

/** The stream in test/fixtures: nearly every event, under two claims. */
export function genuineLog(): GenuineLog {
  known ??= readFixture();
  return known;
}

/** Somebody with a key of his own, always the same one, whom nobody trusts. */
export function strangerSigner(): Signer {
  const key = Buffer.from(PKCS8_PREFIX + '42'.repeat(32), 'hex').toString('base64');
  return createSigner(`-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
}

function readFixture(): GenuineLog {
  const fileOf = (extension: string) =>
    fileURLToPath(new URL(`../../test/fixtures/streams/v1.${extension}`, import.meta.url));
  const text = readFileSync(fileOf('jsonl'), 'utf8');
  const expected = JSON.parse(readFileSync(fileOf('json'), 'utf8')) as { publicKey: string };
  const publicKey = fromHex(expected.publicKey, PUBLIC_KEY_BYTES);
  if (publicKey === undefined) throw new Error('the fixture names no key');
  const messages = text.split('\n').flatMap((line) => messageOf(line) ?? []);
  const sweep = new LogSweep(0, [publicKey]);
  const before: ChainPosition[] = [];
  for (const message of messages) {
    before.push(before.length === 0 ? chainStart(0) : sweep.chain);
    if ((sweep.take(message)?.poison.length ?? 1) > 0) throw new Error('the fixture is damaged');
  }
  return { text, publicKey, messages, before };
}

function messageOf(line: string): StoredMessage | undefined {
  if (!line.startsWith('{"shard":')) return undefined;
  const { shard, seq, kind, id, atMs, data } = JSON.parse(line) as {
    shard: number;
    seq: number;
    kind: StoredMessage['kind'];
    id: string;
    atMs: number;
    data: string;
  };
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  return { shard, seq, kind, msgId: id, storedAtMs: atMs, bytes };
}
