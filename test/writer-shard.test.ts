import path from 'node:path';
import type { Bus, Message } from '../bus/bus.ts';
import type { Answer } from '../events/answers.ts';
import { claimShard } from '../events/claim-shard.ts';
import { decode, encode } from '../events/codec.ts';
import type { LedgerFaults } from '../events/ledger-faults.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { MemoryStore } from '../events/memory-log.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { systemHost } from '../host/system-host.ts';
import { AuditTurns } from '../writer/audit-turns.ts';
import { BrokenTeams } from '../writer/broken-teams.ts';
import { Outbox } from '../writer/outbox.ts';
import { Shard } from '../writer/shard.ts';
import { SHARD_SIZES } from '../writer/shard-sizes.ts';
import { WitnessBook } from '../writer/witness-book.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { LogRecorder, readAnswer, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('a shard on a log that fails');
const rig = new WriterRig();
const signer = createSigner(generateSigningKeyPem());
const shards: Shard[] = [];
let bus: Bus;

test.before(async () => {
  await rig.startBroker({ shards: 1 });
  bus = await rig.bus('owner');
});
test.after.each(() => {
  for (const shard of shards.splice(0)) shard.finish({ kind: 'stopped' });
});
test.after(() => rig.close());

const noEmergencies = new Outbox(
  { publish: async () => {}, lastOf: async () => undefined },
  systemHost,
);

async function claim(ledger: MemoryLedger) {
  const nonce = crypto.randomUUID();
  const nowMs = Date.now();
  return claimShard(ledger, 0, { owner: 'me', generation: 1, signer, nowMs, nonce });
}

/** A shard that this process owns, on a simulated log. */
async function open(
  store: MemoryStore,
  faults: LedgerFaults = {},
  signal = new AbortController().signal,
): Promise<Shard> {
  const ledger = new MemoryLedger({ store, faults });
  const log = new LogRecorder().logger;
  const claimSentAtMs = performance.now();
  const shard = await Shard.open({
    shard: 0,
    shards: 1,
    host: systemHost,
    bus,
    ledger,
    claim: await claim(ledger),
    claimSentAtMs,
    signer,
    outbox: noEmergencies,
    witnesses: new WitnessBook(systemHost, path.join(rig.root, 'witness'), log),
    log,
    sizes: SHARD_SIZES,
    knownHeads: [],
    broken: new BrokenTeams(),
    turns: new AuditTurns(systemHost),
    signal,
  });
  shards.push(shard);
  return shard;
}

/** Hands a message to a shard as the bus would; resolves with what it answers. */
function send(shard: Shard, op: string, body: unknown): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const message: Message = {
      subject: `bursar.shard.0.req.operator.acme.${op}`,
      data: encode(body),
      contentType: undefined,
      reply: 'somewhere',
      respond: (data) => {
        resolve(data);
        return true;
      },
    };
    shard.handle(message);
  });
}

const ask = async (shard: Shard, command: Sent): Promise<Answer> =>
  readAnswer(await send(shard, command.op, command));

const outcomeOf = (answer: Answer) => (answer.outcome === 'refused' ? answer.code : answer.outcome);

const request = (id: string): Sent => ({
  op: 'request',
  id,
  path: 'acme',
  items: { credits: { amount: 1 } },
});

/** A store in which a team is open and `old` is granted. */
async function filledStore(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const shard = await open(store);
  assert.is(outcomeOf(await ask(shard, { op: 'open', path: 'acme' })), 'opened');
  assert.is(outcomeOf(await ask(shard, request('old'))), 'granted');
  shard.finish({ kind: 'stopped' });
  return store;
}

/** A promise that is kept when told to. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let openGate = () => {};
  const passed = new Promise<void>((resolve) => {
    openGate = resolve;
  });
  return { passed, open: () => openGate() };
}

test('§6.9 an answer read from the log slowly does not slip past a block that was lost', async () => {
  const store = await filledStore();
  const slowRead = gate();
  let isSlow = false;
  const faults: LedgerFaults = {
    beforeStore: () => (isSlow ? 'full' : 'pass'),
    beforeGet: async () => {
      if (isSlow) await slowRead.passed;
      return 'pass' as const;
    },
  };
  const shard = await open(store, faults);
  isSlow = true;
  const asked = batch(shard, [request('fresh'), request('old')]);
  assert.equal(await shard.ended, { kind: 'lost', outcome: { kind: 'full' } });
  slowRead.open();
  assert.equal(await asked, ['not_owner', 'not_owner']);
});

/** Sends commands in one message; the outcome of each, or the code of its refusal. */
async function batch(shard: Shard, commands: readonly Sent[]): Promise<string[]> {
  const reply = decode(await send(shard, 'batch', { op: 'batch', commands }), 1_000_000);
  return (reply as { readonly answers: Answer[] }).answers.map(outcomeOf);
}

test('§6.9 a log that cannot be read now refuses the repeat alone', async () => {
  const store = await filledStore();
  let isAway = false;
  const shard = await open(store, { beforeGet: () => (isAway ? 'unavailable' : 'pass') });
  isAway = true;
  const commands = [request('fresh'), request('old'), { op: 'balance', path: 'acme' }];
  assert.equal(await batch(shard, commands), ['granted', 'unavailable', 'balance']);
});

test('§6.9 an ack that lay in a paused process: what a newer owner may have changed is not told', async () => {
  const store = await filledStore();
  const ack = gate();
  let isPaused = false;
  const shard = await open(store, {
    afterStore: async () => {
      if (isPaused) await ack.passed;
      return 'pass' as const;
    },
  });
  isPaused = true;
  const granted = ask(shard, request('late'));
  const balance = ask(shard, { op: 'balance', path: 'acme' });
  await until('the block is stored', () => store.log(0).lastSeq > shard.seq);
  const newer = await open(store);
  await ask(newer, { op: 'charge', id: 'c', path: 'acme', amounts: { credits: 50 } });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  ack.open();
  assert.equal([await granted, await balance].map(outcomeOf), ['not_owner', 'not_owner']);
  assert.is((await shard.ended).kind, 'fenced');
  const repeat = await ask(newer, request('late'));
  assert.equal([repeat.outcome, 'replayed' in repeat && repeat.replayed], ['granted', true]);
});

test('§6.9 a lost ack: the block is found in the log, and its answer leaves', async () => {
  const store = await filledStore();
  let isLossy = false;
  const shard = await open(store, { afterStore: () => (isLossy ? 'loseAck' : 'pass') });
  isLossy = true;
  const lastSeq = store.log(0).lastSeq;
  assert.is(outcomeOf(await ask(shard, request('once'))), 'granted');
  assert.is(store.log(0).lastSeq, lastSeq + 1, 'stored once');
  assert.is(outcomeOf(await ask(shard, { op: 'release', allocation: 'once' })), 'released');
});

test('a replay ends early when the writer stops', async () => {
  const store = await filledStore();
  const stopping = new AbortController();
  stopping.abort(new Error('the writer stops'));
  await assert.rejects(open(store, {}, stopping.signal), /the writer stops/);
});

test('an idle owner that was replaced learns it by its beat', async () => {
  const store = await filledStore();
  const shard = await open(store);
  await open(store);
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await shard.beat();
  assert.is((await shard.ended).kind, 'fenced');
  assert.is(outcomeOf(await ask(shard, { op: 'balance', path: 'acme' })), 'not_owner');
});

test('a connection that was away: ownership is proven anew before anything is answered', async () => {
  const store = await filledStore();
  const shard = await open(store);
  await open(store);
  await rig.broker.kill();
  await until('the connection is away', () => !bus.isConnected());
  await rig.restartBroker();
  await until('the connection is back', () => bus.isConnected());
  assert.is(outcomeOf(await ask(shard, { op: 'balance', path: 'acme' })), 'not_owner');
});

test.run();
