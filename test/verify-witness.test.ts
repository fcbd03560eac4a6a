import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkIntegrity } from '../events/integrity.ts';
import type { LogHead } from '../events/ledger.ts';
import { isHeadSigned, signHead } from '../events/signed-head.ts';
import { createSigner, generateSigningKeyPem, sha256 } from '../events/signing.ts';
import {
  readWitness,
  readWitnesses,
  WitnessDamagedError,
  witnessFile,
  writeWitness,
} from '../events/witness.ts';
import { systemFiles } from '../host/system-files.ts';
import { assert, suite } from './harness/suite.ts';

const signer = createSigner(generateSigningKeyPem());
const headAt = (shard: number, seq: number) =>
  signHead(
    { shard, seq, no: seq - 1, hash: sha256(Uint8Array.of(seq)), atMs: 1_000 + seq },
    signer,
  );

const witness = suite('witness');
let folder: string;
witness.before.each(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bursar-witness-'));
});
witness.after.each(() => rmSync(folder, { recursive: true, force: true }));

witness('a head comes back as it was signed', async () => {
  const inner = path.join(folder, 'not', 'there', 'yet');
  assert.is(await readWitness(systemFiles, inner, 2), undefined);
  assert.equal(await readWitnesses(systemFiles, inner), []);
  assert.is(await writeWitness(systemFiles, inner, headAt(2, 9)), true);
  const head = await readWitness(systemFiles, inner, 2);
  assert.equal(head, headAt(2, 9));
  assert.is(head !== undefined && isHeadSigned(head), true);
  assert.is(head !== undefined && isHeadSigned({ ...head, seq: 10 }), false);
});

witness('a former owner that wakes up late does not lower the mark', async () => {
  await writeWitness(systemFiles, folder, headAt(0, 9));
  assert.is(await writeWitness(systemFiles, folder, headAt(0, 8)), false);
  assert.is((await readWitness(systemFiles, folder, 0))?.seq, 9);
  assert.is(await writeWitness(systemFiles, folder, headAt(0, 10)), true);
  assert.is((await readWitness(systemFiles, folder, 0))?.seq, 10);
});

witness('one file a shard, and no drafts are left', async () => {
  for (const shard of [0, 1, 10]) await writeWitness(systemFiles, folder, headAt(shard, 5));
  assert.equal(readdirSync(folder).sort(), ['head-0.json', 'head-1.json', 'head-10.json']);
  assert.equal(
    (await readWitnesses(systemFiles, folder)).map((head) => head.shard).sort(),
    [0, 1, 10],
  );
});

witness('a draft that a crash left behind is no witness', async () => {
  await writeWitness(systemFiles, folder, headAt(0, 9));
  writeFileSync(`${witnessFile(folder, 0)}.123.draft`, '{"v":1,');
  assert.is((await readWitnesses(systemFiles, folder)).length, 1);
  assert.is((await readWitness(systemFiles, folder, 0))?.seq, 9);
});

witness('a damaged file is refused, never taken for no witness', async () => {
  await writeWitness(systemFiles, folder, headAt(0, 9));
  const file = witnessFile(folder, 0);
  const text = readFileSync(file, 'utf8');
  for (const bad of ['', '{}', text.slice(0, 50), text.replace('"seq": 9', '"seq": "9"')]) {
    writeFileSync(file, bad);
    const isDamaged = (error: unknown) => error instanceof WitnessDamagedError;
    await assert.rejects(readWitness(systemFiles, folder, 0), isDamaged);
    await assert.rejects(readWitnesses(systemFiles, folder), isDamaged);
    await assert.rejects(writeWitness(systemFiles, folder, headAt(0, 10)), isDamaged);
  }
});

witness('only its owner may read the file', async () => {
  await writeWitness(systemFiles, folder, headAt(0, 9));
  assert.is(statSync(witnessFile(folder, 0)).mode & 0o077, 0);
});

witness.run();

const integrity = suite('integrity of a log at start');

const whole: LogHead = {
  shard: 0,
  firstSeq: 1,
  lastSeq: 10,
  messages: 10,
  deleted: 0,
  bytes: 1,
  maxBytes: 2,
  createdAt: '',
};

integrity('a whole log passes, up to its highest witness', () => {
  checkIntegrity(whole, []);
  checkIntegrity(whole, [3, 10]);
  checkIntegrity({ ...whole, lastSeq: 0, messages: 0 }, []);
  checkIntegrity({ ...whole, firstSeq: 0, lastSeq: 0, messages: 0 }, [0]);
});

for (const [what, head, witnesses] of [
  ['begins late', { firstSeq: 2 }, []],
  ['has deleted messages', { deleted: 1 }, []],
  ['has fewer messages than sequences', { messages: 9 }, []],
  ['is shorter than a witness', {}, [4, 11, 7]],
  ['is empty, and a witness saw more', { lastSeq: 0, messages: 0 }, [1]],
] as const) {
  integrity(`refused: it ${what}`, () => {
    assert.throws(
      () => checkIntegrity({ ...whole, ...head }, witnesses),
      (error: unknown) => (error as { code?: string }).code === 'log_regressed',
    );
  });
}

integrity.run();
