import { headers } from 'nats';
import { encodeBlock } from '../events/block.ts';
import { shardOf } from '../events/shard-of.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, LogRecorder, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('poison in the log');
const rig = new WriterRig();
let report: LogRecorder;
let operator: Caller;

const RUN = 'acme/lab/run';
const SHARD = shardOf('acme', 2);
let idCount = 0;
const request = (): Sent => {
  idCount += 1;
  return { op: 'request', id: `q-${idCount}`, path: RUN, items: { credits: { amount: 1 } } };
};

test.before(async () => {
  await rig.startBroker();
  await serve();
  operator = await rig.caller();
  for (const path of ['acme', 'acme/lab', RUN])
    await operator.expect('opened', { op: 'open', path });
});
test.after(() => rig.close());

async function serve(): Promise<void> {
  report = new LogRecorder();
  await rig.startWriter({ log: report.logger });
}

/** Writes to the log past the writer, with the rights of the owner. Where it stands. */
async function poison(kind: 'blk' | 'epoch', bytes: Uint8Array | string): Promise<number> {
  const connection = await rig.connect('owner');
  const head = headers();
  head.set('Nats-Msg-Id', `poison-${Math.random()}`);
  const reply = await connection.request(`ledger.${SHARD}.${kind}`, bytes, {
    headers: head,
    timeout: 2_000,
  });
  await connection.close();
  return reply.json<{ seq: number }>().seq;
}

/** Asks until it is granted: the writer may have to claim the shard anew. */
async function untilGranted(command: Sent): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const answer = await operator.ask(command).catch(() => undefined);
    if (answer?.outcome === 'granted') return;
    if (tries > 500) throw new Error(`not granted: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What somebody with the right to write might put there. */
const POISON: readonly [name: string, make: () => Promise<Uint8Array | string>, 'blk' | 'epoch'][] =
  [
    ['bytes that are nothing', async () => 'garbage', 'blk'],
    ['nothing at all', async () => '', 'blk'],
    ['a claim that is none', async () => 'garbage', 'epoch'],
    ['a copy of a genuine block', async () => await newest('block'), 'blk'],
    ['a block of another key that raises a limit', forgedBlock, 'blk'],
  ];

async function newest(kind: 'block' | 'epoch'): Promise<Uint8Array> {
  const { messages } = await rig.log();
  const found = messages.filter((message) => message.kind === kind).at(-1);
  return found?.bytes ?? new Uint8Array();
}

/** Right in everything but its signature. */
async function forgedBlock(): Promise<Uint8Array> {
  const { messages, hashes } = await rig.log();
  const blocks = messages.filter(({ kind }) => kind === 'block');
  const last = blocks.at(-1);
  const epochSeq = messages.filter(({ kind }) => kind === 'epoch').at(-1)?.seq ?? 0;
  const event = {
    type: 'LimitsSet',
    v: 1,
    team: 'acme',
    atMs: Date.now(),
    path: RUN,
    limits: { credits: { limit: 1 } },
  };
  const place = {
    shard: SHARD,
    epoch: epochSeq,
    no: blocks.length + 1,
    prevSeq: last?.seq ?? 0,
    prevHash: hashes.get(last?.seq ?? 0) ?? new Uint8Array(32),
    atMs: Date.now(),
  };
  return encodeBlock(place, [event], createSigner(generateSigningKeyPem())).bytes;
}

for (const [name, make, kind] of POISON) {
  test(`${name}: left out, reported, and the shard serves on`, async () => {
    await untilGranted(request());
    const before = await operator.use(RUN);
    const seq = await poison(kind, await make());
    await untilGranted(request());
    assert.equal(await operator.use(RUN), { held: before.held + 1, spent: 0 });
    await until('it is reported', () =>
      report.has('error', new RegExp(`no word of its owner.*"seq":${seq}\\b`)),
    );
    assert.ok((await rig.log()).poisonSeqs.includes(seq));
  });
}

test('a copy of a genuine claim fences the owner off, who claims again', async () => {
  await untilGranted(request());
  const before = await operator.use(RUN);
  await poison('epoch', await newest('epoch'));
  await untilGranted(request());
  assert.equal(await operator.use(RUN), { held: before.held + 1, spent: 0 });
});

test('after a restart all of it is left out again, and the books are the same', async () => {
  const before = await operator.expect('balance', { op: 'balance', path: 'acme' });
  await rig.stopWriters();
  // At the very end of the log, where the next claim looks.
  const seq = await poison('blk', 'at the end');
  await serve();
  const { lines } = await operator.expect('balance', { op: 'balance', path: 'acme' });
  assert.equal(lines, before.lines);
  const { poisonSeqs } = await rig.log();
  assert.is(poisonSeqs.length, POISON.length + 1);
  for (const one of poisonSeqs) {
    assert.ok(report.has('error', new RegExp(`"seq":${one}\\b`)), `${one} is reported`);
  }
  assert.ok(poisonSeqs.includes(seq));
  await untilGranted(request());
  assert.equal(await rig.differences(), []);
});

test.run();
