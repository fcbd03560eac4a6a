import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { headers } from 'nats';
import type { RunningBroker } from '../broker/start.ts';
import { encodeBlock } from '../events/block.ts';
import { type ChainPosition, chainStart } from '../events/chain.ts';
import { encodeEpoch, endorseKey } from '../events/epoch.ts';
import { exportedMessages } from '../events/export-read.ts';
import { verifyExport } from '../events/export-verify.ts';
import { exportLog } from '../events/export-write.ts';
import { followLog } from '../events/follow-log.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { ensureStream } from '../events/ledger-jetstream-stream.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { logNames } from '../events/log-names.ts';
import { type SignedHead, signHead } from '../events/signed-head.ts';
import { createSigner, generateSigningKeyPem, type Signer } from '../events/signing.ts';
import { type VerifyReport, verifyLedger, verifyLog } from '../events/verify.ts';
import { makeRig, type Rig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { collect } from './ledger-contract.ts';
import {
  continueGenuineLog,
  genuineMessages,
  ledgerOf,
  writeGenuineLog,
} from './ledger-genuine.ts';
import { flipBitOfText } from './ledger-store-files.ts';

const signer = createSigner(generateSigningKeyPem());
const forger = createSigner(generateSigningKeyPem());
const pinnedKeys = [signer.publicKey];
const EPOCHS = [3, 0, 4];
/** Messages of such a log: epoch, 3 blocks, two epochs, 4 blocks. */
const LENGTH = 10;

const renumber = (messages: readonly StoredMessage[]) =>
  messages.map((message, index) => ({ ...message, seq: index + 1 }));

const witnessOf = (end: ChainPosition, by = signer): SignedHead =>
  signHead(
    { shard: end.shard, seq: end.blockSeq, no: end.blockNo, hash: end.blockHash, atMs: 1 },
    by,
  );

async function* each(messages: readonly StoredMessage[]) {
  yield* messages;
}

const verifyMessages = (
  shard: number,
  messages: readonly StoredMessage[],
  witnesses: readonly SignedHead[] = [],
  keys = pinnedKeys,
) =>
  verifyLog(
    { shard, lastSeq: messages.at(-1)?.seq ?? 0, messages: each(messages) },
    { pinnedKeys: keys, witnesses },
  );

const kindsOf = ({ findings }: VerifyReport) => findings.map(({ seq, kind }) => `${seq} ${kind}`);

/** A block after the log's end with everything right but the signature. */
function forgedBlock(
  end: ChainPosition,
  by: Signer,
  epochSeq = end.epoch?.seq ?? 0,
): StoredMessage {
  const place = {
    shard: end.shard,
    epoch: epochSeq,
    no: end.blockNo + 1,
    prevSeq: end.blockSeq,
    prevHash: end.blockHash,
    atMs: end.blockAtMs + 1,
  };
  const { bytes } = encodeBlock(place, [{ type: 'Granted', creditsMicro: 1e12 }], by);
  return messageOf(end, 'block', end.seq + 1, bytes);
}

function messageOf(
  end: ChainPosition,
  kind: StoredMessage['kind'],
  seq: number,
  bytes: Uint8Array,
): StoredMessage {
  return { shard: end.shard, seq, kind, msgId: `forged-${seq}`, storedAtMs: 0, bytes };
}

function forgedEpoch(end: ChainPosition, by: Signer, endorsedBy?: Signer): StoredMessage {
  const { bytes } = encodeEpoch(
    {
      shard: end.shard,
      generation: 1,
      owner: 'forger',
      atMs: 1,
      previous: end.epoch === undefined ? null : { seq: end.epoch.seq, hash: end.epoch.hash },
      head: null,
      ...(endorsedBy === undefined ? {} : { endorsement: endorseKey(by.publicKey, endorsedBy) }),
    },
    by,
  );
  return messageOf(end, 'epoch', end.seq + 1, bytes);
}

/** What somebody with write access can do to a log, and what must be found then. */
interface Tampering {
  readonly name: string;
  readonly found: readonly string[];
  tamper(messages: readonly StoredMessage[], end: ChainPosition): readonly StoredMessage[];
}

const TAMPERINGS: readonly Tampering[] = [
  { name: 'nothing', found: [], tamper: (messages) => messages },
  {
    name: 'a removed block',
    found: ['3 missing_block'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 3),
  },
  {
    name: 'a removed first block of an epoch',
    found: ['7 missing_block'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 7),
  },
  {
    name: 'the last block before a claim, removed',
    found: ['4 missing_block'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 4),
  },
  {
    name: 'two swapped blocks',
    found: ['8 missing_block', '9 out_of_order'],
    tamper: (messages) => swap(messages, 8, 9),
  },
  {
    name: 'a removed epoch message',
    found: ['5 missing_epoch', '6 moved'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 5),
  },
  {
    name: 'a block forged with a correct hash',
    found: ['11 bad_signature'],
    tamper: (messages, end) => [...messages, forgedBlock(end, forger)],
  },
  {
    name: 'an epoch and a block forged with a key of their own',
    found: ['11 untrusted_key', '12 bad_signature'],
    tamper: (messages, end) => {
      const after = { ...end, seq: end.seq + 1 };
      return [...messages, forgedEpoch(end, forger), forgedBlock(after, forger, end.seq + 1)];
    },
  },
  {
    name: 'a forged block in place of a genuine one',
    found: ['10 bad_signature', '10 shorter_than_witness'],
    tamper: (messages, end) => {
      const forged = forgedBlock({ ...end, blockNo: end.blockNo - 1 }, forger);
      return [...messages.slice(0, -1), forged];
    },
  },
  {
    name: 'a cut tail',
    found: ['8 shorter_than_witness'],
    tamper: (messages) => messages.slice(0, -2),
  },
];

function swap(messages: readonly StoredMessage[], left: number, right: number) {
  const swapped = [...messages];
  [swapped[left - 1], swapped[right - 1]] = [
    messages[right - 1] as StoredMessage,
    messages[left - 1] as StoredMessage,
  ];
  return swapped;
}

const pure = suite('verify: messages');

for (const { name, found, tamper } of TAMPERINGS) {
  pure(`U-02 found: ${name}`, async () => {
    const { messages, end } = await genuineMessages(0, signer, EPOCHS);
    assert.is(messages.length, LENGTH);
    const report = await verifyMessages(0, renumber(tamper(messages, end)), [witnessOf(end)]);
    assert.equal(kindsOf(report), found);
    assert.is(report.ok, found.length === 0);
  });
}

pure('a whole log: counts, keys and head', async () => {
  const { messages, end } = await genuineMessages(5, signer, EPOCHS);
  const report = await verifyMessages(5, messages, [witnessOf(end)]);
  assert.equal([report.messages, report.blocks, report.epochs, report.events], [LENGTH, 7, 3, 14]);
  const publicKey = Buffer.from(signer.publicKey).toString('hex');
  assert.equal(
    report.keys,
    [1, 5, 6].map((epochSeq) => ({ epochSeq, publicKey })),
  );
  const hash = Buffer.from(end.blockHash).toString('hex');
  assert.equal(report.head, { seq: 10, no: 7, hash });
});

pure('a cut tail without a witness cannot be seen', async () => {
  const { messages } = await genuineMessages(0, signer, EPOCHS);
  assert.is((await verifyMessages(0, messages.slice(0, -2))).ok, true);
});

pure('a witness that nobody of this log signed is itself the finding', async () => {
  const { messages, end } = await genuineMessages(0, signer, EPOCHS);
  const foreign = witnessOf({ ...end, blockNo: 99 }, forger);
  assert.equal(kindsOf(await verifyMessages(0, messages, [foreign])), ['0 bad_witness']);
  const altered = { ...witnessOf(end), no: 99 };
  assert.equal(kindsOf(await verifyMessages(0, messages, [altered])), ['0 bad_witness']);
});

pure('the same length with other content does not agree with the witness', async () => {
  const one = await genuineMessages(0, signer, [3]);
  const two = await genuineMessages(0, signer, [0, 2]);
  const report = await verifyMessages(0, two.messages, [
    witnessOf({ ...one.end, blockNo: 2, blockHash: one.end.blockHash }),
  ]);
  assert.equal(kindsOf(report), ['4 witness_mismatch']);
});

pure('a key is rotated by endorsement, and only so', async () => {
  const next = createSigner(generateSigningKeyPem());
  const { messages, end } = await genuineMessages(0, signer, [2]);
  const good = await verifyMessages(0, [...messages, forgedEpoch(end, next, signer)]);
  assert.equal(kindsOf(good), []);
  assert.is(good.keys.at(-1)?.publicKey, Buffer.from(next.publicKey).toString('hex'));
  const bad = await verifyMessages(0, [...messages, forgedEpoch(end, next, forger)]);
  assert.equal(kindsOf(bad), ['4 untrusted_key']);
});

pure('a log that belongs to nobody pinned is not believed at all', async () => {
  const { messages } = await genuineMessages(0, signer, [1]);
  const report = await verifyMessages(0, messages, [], [forger.publicKey]);
  assert.equal(kindsOf(report), ['1 untrusted_key', '2 bad_signature']);
});

pure('a block of a fenced-off owner behind a newer epoch is found', async () => {
  const { messages, end } = await genuineMessages(0, signer, [2, 0]);
  const late = forgedBlock(end, signer, 1);
  assert.equal(kindsOf(await verifyMessages(0, [...messages, late])), ['5 stale_epoch']);
});

pure('a block of another shard is found', async () => {
  const { messages } = await genuineMessages(0, signer, [1]);
  const report = await verifyMessages(
    3,
    messages.map((message) => ({ ...message, shard: 3 })),
  );
  assert.equal(kindsOf(report), ['1 wrong_shard', '2 wrong_shard']);
});

pure('an event that cannot be parsed is named, and the rest is still verified', async () => {
  const { messages } = await genuineMessages(0, signer, [3]);
  const parseEvent = (event: unknown) => {
    if ((event as { text: string }).text === 'event-3-1') throw new Error('poison');
  };
  const source = { shard: 0, lastSeq: 4, messages: each(messages) };
  const report = await verifyLog(source, { pinnedKeys, witnesses: [], parseEvent });
  assert.equal(kindsOf(report), ['3 bad_event']);
  assert.match(report.findings[0]?.detail ?? '', /event 1 of block 2: poison/);
});

pure('any flipped bit anywhere is found', async () => {
  const { messages, end } = await genuineMessages(0, signer, EPOCHS);
  const sizes = messages.map((message) => message.bytes.length);
  const place = fc
    .nat({ max: LENGTH - 1 })
    .chain((index) => fc.tuple(fc.constant(index), fc.nat({ max: (sizes[index] ?? 1) * 8 - 1 })));
  await fc.assert(
    fc.asyncProperty(place, async ([index, bit]) => {
      const flipped = messages.map((message, at) => {
        if (at !== index) return message;
        const bytes = Uint8Array.from(message.bytes);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return { ...message, bytes };
      });
      assert.is((await verifyMessages(0, flipped, [witnessOf(end)])).ok, false);
    }),
    { numRuns: 400 },
  );
});

pure(
  'any removal, swap or repetition is found, and a strict reader takes in none of it',
  async () => {
    const { messages, end } = await genuineMessages(0, signer, EPOCHS);
    const index = fc.nat({ max: LENGTH - 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(index, { maxLength: 14 }), async (order) => {
        const arranged = renumber(order.map((at) => messages[at] as StoredMessage));
        const isSame = order.length === LENGTH && order.every((at, position) => at === position);
        const report = await verifyMessages(0, arranged, [witnessOf(end)]);
        assert.is(report.ok, isSame, `${order}: ${kindsOf(report)}`);
        const isPrefix = order.every((at, position) => at === position);
        const followed = await followedBlocks(arranged);
        assert.equal(
          followed,
          followed.map((_, at) => at + 1),
          `only what follows: ${order}`,
        );
        assert.is((await verifyMessages(0, arranged)).ok, isPrefix, `without witness: ${order}`);
      }),
      { numRuns: 500, examples: [[Array.from({ length: LENGTH }, (_, at) => at)], [[0, 1, 2]]] },
    );
  },
);

/** Numbers of the blocks that a strict reader takes in, up to where it stops. */
async function followedBlocks(messages: readonly StoredMessage[]): Promise<number[]> {
  const numbers: number[] = [];
  const settings = { from: chainStart(0), pinnedKeys, parseEvent: (value: unknown) => value };
  try {
    for await (const followed of followLog(each(messages), settings)) {
      if (followed.kind === 'block') numbers.push(followed.block.no);
    }
  } catch (error) {
    assert.is((error as { code?: string }).code, 'log_broken');
  }
  return numbers;
}

async function followedKinds(messages: readonly StoredMessage[]): Promise<string[]> {
  const kinds: string[] = [];
  const parseEvent = (value: unknown) => value;
  const settings = { from: chainStart(0), pinnedKeys, parseEvent };
  for await (const { kind } of followLog(each(messages), settings)) kinds.push(kind);
  return kinds;
}

pure(
  'I-07 forged messages are void for a reader, and the next owner goes on behind them',
  async () => {
    const ledger = new MemoryLedger();
    const end = await writeGenuineLog(ledger, 0, signer, [2]);
    const log = ledger.store.log(0);
    const forged = [forgedBlock(end, forger), forgedEpoch({ ...end, seq: 4 }, forger)];
    log.rewrite([...(await collect(ledger.read(0, 1, 3))), ...forged]);
    const later = await continueGenuineLog(ledger, { ...end, seq: 5 }, signer, [2]);
    const messages = await collect(ledger.read(0, 1, later.seq));
    assert.equal(await followedKinds(messages), [
      ...['epoch', 'block', 'block'],
      ...['void', 'void'],
      ...['epoch', 'block', 'block'],
    ]);
    const report = await verifyMessages(0, messages, [witnessOf(later)]);
    assert.equal(kindsOf(report), ['4 bad_signature', '5 untrusted_key']);
  },
);

/** A log of epochs at 1, 4 and 6, blocks 1 to 4 between and behind them. */
const SENT_AGAIN: readonly (readonly [seqs: readonly number[], found: string])[] = [
  [[1], '8 out_of_order'],
  [[4], '8 out_of_order'],
  [[6], '8 out_of_order'],
  [[3], '8 stale_epoch'],
  [[7], '8 out_of_order'],
  [[4, 7], '8 out_of_order, 9 stale_epoch'],
];

for (const [seqs, found] of SENT_AGAIN) {
  pure(`I-07 genuine messages ${seqs} sent again stop no reader and no owner`, async () => {
    const ledger = new MemoryLedger();
    const end = await writeGenuineLog(ledger, 0, signer, [2, 1, 1]);
    const genuine = await collect(ledger.read(0, 1, end.seq));
    const again = seqs.map((seq) => genuine[seq - 1] as StoredMessage);
    ledger.store.log(0).rewrite([...genuine, ...again]);
    const behind = { ...end, seq: end.seq + again.length };
    const later = await continueGenuineLog(ledger, behind, signer, [2]);
    const messages = await collect(ledger.read(0, 1, later.seq));
    assert.equal(await followedBlocks(messages), [1, 2, 3, 4, 5, 6]);
    const report = await verifyMessages(0, messages, [witnessOf(later)]);
    assert.is(kindsOf(report).join(', '), found);
  });
}

pure.run();

const exported = suite('verify: exports');
let folder: string;
exported.before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bursar-export-'));
});
exported.after(() => rmSync(folder, { recursive: true, force: true }));

const settingsWith = (end: ChainPosition) => ({ pinnedKeys, witnesses: [witnessOf(end)] });

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
      await assert.rejects(collect(exportedMessages(file, 0)), /last line is missing|line \d/);
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

const live = suite('verify: live streams', { timeoutMs: 60_000 });
let rig: Rig;
let broker: RunningBroker;
live.before(async () => {
  rig = makeRig();
  broker = await rig.start({ shards: 32 });
});
live.after(() => rig.close());

const STREAM = { shards: 32, generation: 1, maxBytes: 8 * 2 ** 20, replicas: 1 };

for (const [shard, { name, found, tamper }] of TAMPERINGS.entries()) {
  live(`U-02 found on the live stream: ${name}`, async () => {
    const { messages, end } = await genuineMessages(shard, signer, EPOCHS);
    const owner = await rig.connect(broker, 'owner');
    await ensureStream(owner, shard, STREAM, 0);
    for (const { kind, msgId, bytes } of tamper(messages, end)) {
      const id = headers();
      id.set('Nats-Msg-Id', msgId ?? '');
      await owner.request(logNames.subject(shard, kind), bytes, { headers: id, timeout: 2_000 });
    }
    const auditor = new JetStreamLedger({ commit: await rig.connect(broker, 'auditor') });
    const report = await verifyLedger(auditor, shard, settingsWith(end));
    assert.equal(kindsOf(report), found);
  });
}

for (const [end, shard] of [
  ['stop', 20],
  ['kill', 21],
] as const) {
  live(
    `U-02 found on the live stream: a bit flipped in the store's file, then ${end}`,
    async () => {
      const owner = await rig.connect(broker, 'owner');
      await ensureStream(owner, shard, STREAM, 0);
      const ledger = new JetStreamLedger({ commit: owner });
      const head = await writeGenuineLog(ledger, shard, signer, EPOCHS);
      assert.is((await verifyLedger(ledger, shard, settingsWith(head))).ok, true);
      await broker[end]();
      flipBitOfText(broker.dataDir, shard, 'event-3-1');
      broker = await rig.start({ shards: 32 });
      const auditor = new JetStreamLedger({ commit: await rig.connect(broker, 'auditor') });
      const report = await verifyLedger(auditor, shard, settingsWith(head));
      assert.equal(
        kindsOf(report),
        end === 'stop' ? ['3 missing_sequence'] : ['2 shorter_than_witness'],
      );
    },
  );
}

live.run();
