import fc from 'fast-check';
import { chainStart } from '../events/chain.ts';
import { followLog, LogBrokenError } from '../events/follow-log.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { verifyLog } from '../events/verify.ts';
import { assert, suite } from './harness/suite.ts';
import { collect } from './ledger-contract.ts';
import { continueGenuineLog, genuineMessages, writeGenuineLog } from './ledger-genuine.ts';
import {
  EPOCHS,
  each,
  forgedBlock,
  forgedEpoch,
  forger,
  kindsOf,
  LENGTH,
  pinnedKeys,
  renumber,
  signer,
  TAMPERINGS,
  verifyMessages,
  witnessOf,
} from './tampering.ts';

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
    assert.instance(error, LogBrokenError);
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
