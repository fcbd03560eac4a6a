import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decode } from '@msgpack/msgpack';
import { verifyExport } from '../events/export-verify.ts';
import { readWitness } from '../events/witness.ts';
import { systemFiles } from '../host/system-files.ts';
import { assert, suite } from './harness/suite.ts';

/**
 * docs/format.md is what another implementer has. Its worked example is verified here by its words
 * alone, with nothing but SHA-256, Ed25519 and MessagePack.
 */
const doc = readFileSync(new URL('../docs/format.md', import.meta.url), 'utf8');

const fenced = (language: string): string => {
  const found = new RegExp(`\`\`\`${language}\\n([^\`]*)\`\`\``).exec(doc)?.[1];
  if (found === undefined) throw new Error(`docs/format.md has no ${language} block`);
  return found;
};
const pinnedHex = /pinned key `([0-9a-f]{64})`/.exec(doc)?.[1] ?? '';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function isSigned(keyHex: string, domain: string, payload: Uint8Array, sig: Uint8Array): boolean {
  const der = Buffer.from(`302a300506032b6570032100${keyHex}`, 'hex');
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.concat([Buffer.from(`${domain}\0`), payload]), key, sig);
}

interface Message {
  readonly seq: number;
  readonly kind: 'epoch' | 'block';
  readonly hash: string;
  readonly body: Record<string, unknown>;
}

/** Opens a line of the export and verifies its signature with the pinned key. */
function openLine(line: string): Message {
  const { seq, kind, data } = JSON.parse(line) as { seq: number; kind: 'epoch'; data: string };
  const { body, sig } = decode(Buffer.from(data, 'base64')) as Record<'body' | 'sig', Uint8Array>;
  assert.ok(isSigned(pinnedHex, `bursar.${kind}.v1`, sha256(body), sig), `signature of ${seq}`);
  return { seq, kind, hash: hexOf(sha256(body)), body: decode(body) as Record<string, unknown> };
}

const test = suite('docs/format.md');

test('U-02 the worked example verifies by the words of the document alone', () => {
  const lines = fenced('jsonl').trimEnd().split('\n');
  const [first = '', ...rest] = lines;
  const { lastSeq } = JSON.parse(first).shards[0];
  const messages = rest.slice(0, -2).map(openLine);
  assert.equal(
    messages.map(({ seq, kind }) => [seq, kind]),
    [
      [1, 'epoch'],
      [2, 'block'],
      [3, 'block'],
    ],
  );
  assert.is(messages.length, lastSeq);
  const [epoch, ...blocks] = messages as [Message, ...Message[]];
  assert.is(hexOf(epoch.body['publicKey'] as Uint8Array), pinnedHex);
  assert.equal([epoch.body['previous'], epoch.body['head']], [null, null]);
  let before = { seq: 0, hash: '00'.repeat(32) };
  for (const [index, { seq, hash, body }] of blocks.entries()) {
    assert.is(body['no'], index + 1);
    assert.is(body['epoch'], epoch.seq);
    assert.is(body['prevSeq'], before.seq);
    assert.is(hexOf(body['prevHash'] as Uint8Array), before.hash);
    const claim = body['claim'] as { seq: number; hash: Uint8Array } | undefined;
    assert.is(claim !== undefined, index === 0);
    if (claim !== undefined) assert.equal([claim.seq, hexOf(claim.hash)], [1, epoch.hash]);
    assert.is((claim?.seq ?? (body['prevSeq'] as number)) + 1, seq);
    before = { seq, hash };
  }
  const sealed = createHash('sha256').update(`${lines.slice(0, -1).join('\n')}\n`);
  assert.is(JSON.parse(lines.at(-1) ?? '').sha256, sealed.digest('hex'));
  for (const { hash } of messages) assert.ok(doc.includes(`\`${hash}\``), 'hash in the table');
});

test('U-02 the signed head of the document verifies by its words alone', () => {
  const { shard, seq, no, hash, publicKey, sig, atMs } = JSON.parse(fenced('json'));
  assert.is(publicKey, pinnedHex);
  const text = Buffer.from(`${shard} ${seq} ${no} ${hash} ${atMs}`);
  assert.ok(isSigned(publicKey, 'bursar.head.v1', text, Buffer.from(sig, 'hex')));
  assert.is(openLine(fenced('jsonl').split('\n')[3] ?? '').hash, hash);
});

test('U-02 the project takes the same example for whole, under the same witness', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-format-'));
  const file = path.join(folder, 'example.jsonl');
  writeFileSync(file, fenced('jsonl'));
  writeFileSync(path.join(folder, 'head-0.json'), fenced('json'));
  const witness = await readWitness(systemFiles, folder, 0);
  const pinnedKeys = [new Uint8Array(Buffer.from(pinnedHex, 'hex'))];
  const witnesses = witness === undefined ? [] : [witness];
  assert.is(witnesses.length, 1);
  const [report] = await verifyExport(file, { pinnedKeys, witnesses });
  assert.equal([report?.ok, report?.messages, report?.events], [true, 3, 2]);
  rmSync(folder, { recursive: true });
});

test.run();
