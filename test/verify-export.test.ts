import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { ExportDamagedError, exportedMessages } from '../events/export-read.ts';
import { verifyExport } from '../events/export-verify.ts';
import { exportLog } from '../events/export-write.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { assert, suite } from './harness/suite.ts';
import { collect } from './ledger-contract.ts';
import { genuineMessages, ledgerOf, writeGenuineLog } from './ledger-genuine.ts';
import {
  EPOCHS,
  kindsOf,
  LENGTH,
  pinnedKeys,
  settingsWith,
  signer,
  TAMPERINGS,
} from './tampering.ts';

const exported = suite('verify: exports');
let folder: string;
exported.before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bursar-export-'));
});
exported.after(() => rmSync(folder, { recursive: true, force: true }));

for (const { name, found, tamper } of TAMPERINGS) {
  exported(`U-02 found in an export: ${name}`, async () => {
    const { messages, end } = await genuineMessages(0, signer, EPOCHS);
    const file = path.join(folder, 'tampered.jsonl');
    await exportLog(ledgerOf(0, tamper(messages, end)), [0], file, 1);
    const [report] = await verifyExport(file, settingsWith(end));
    assert.equal(report && kindsOf(report), found);
  });
}

exported('an export gives the same messages back, several shards in one file', async () => {
  const ledger = new MemoryLedger();
  for (const shard of [0, 1, 2]) await writeGenuineLog(ledger, shard, signer, [shard + 1]);
  const file = path.join(folder, 'three.jsonl');
  assert.equal(await exportLog(ledger, [0, 1, 2, 3], file, 1), { messages: 9, missing: [] });
  for (const shard of [0, 1, 2]) {
    const live = await collect(ledger.read(shard, 1, shard + 2));
    assert.equal(await collect(exportedMessages(file, shard)), live);
  }
  const reports = await verifyExport(file, { pinnedKeys, witnesses: [] });
  assert.equal(
    reports.map(({ shard, ok, messages }) => [shard, ok, messages]),
    [
      [0, true, 2],
      [1, true, 3],
      [2, true, 4],
      [3, true, 0],
    ],
  );
});

exported('a bit flipped in the file, anywhere, is found', async () => {
  const { messages, end } = await genuineMessages(0, signer, [2]);
  const file = path.join(folder, 'flipped.jsonl');
  await exportLog(ledgerOf(0, messages), [0], file, 1);
  const whole = readFileSync(file);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length * 8 - 1 }), async (bit) => {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(file, bytes);
      const reports = await verifyExport(file, settingsWith(end));
      assert.ok(reports.length > 0);
      assert.is(
        reports.every((report) => report.ok),
        false,
      );
    }),
    { numRuns: 300 },
  );
});

exported('an export cut anywhere is found, without any witness', async () => {
  const { messages } = await genuineMessages(0, signer, [2]);
  const file = path.join(folder, 'cut.jsonl');
  await exportLog(ledgerOf(0, messages), [0], file, 1);
  const whole = readFileSync(file);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length - 2 }), async (length) => {
      writeFileSync(file, whole.subarray(0, length));
      const reports = await verifyExport(file, { pinnedKeys, witnesses: [] });
      assert.ok(reports.length > 0);
      assert.is(
        reports.some((report) => report.ok),
        false,
      );
      await assert.rejects(
        collect(exportedMessages(file, 0)),
        (error) => error instanceof ExportDamagedError,
      );
    }),
    { numRuns: 100 },
  );
});

exported('an export that lacks its last line alone is cut', async () => {
  const { messages } = await genuineMessages(0, signer, [2]);
  const file = path.join(folder, 'unsealed.jsonl');
  await exportLog(ledgerOf(0, messages), [0], file, 1);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n`);
  const [report] = await verifyExport(file, { pinnedKeys, witnesses: [] });
  assert.equal(report && kindsOf(report), ['0 export_cut']);
});

exported('unreadable messages are left out of an export and said so', async () => {
  const { messages, end } = await genuineMessages(0, signer, EPOCHS);
  const ledger = ledgerOf(0, messages);
  const file = path.join(folder, 'holes.jsonl');
  for (const seq of [3, 4, 10]) ledger.store.log(0).vanish(seq);
  assert.equal(await exportLog(ledger, [0], file, 1), {
    messages: LENGTH - 3,
    missing: [{ shard: 0, count: 3 }],
  });
  const [report] = await verifyExport(file, settingsWith(end));
  assert.equal(report && kindsOf(report), [
    '3 missing_sequence',
    '10 missing_sequence',
    '10 shorter_than_witness',
  ]);
});

exported.run();
