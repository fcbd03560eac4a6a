import type { Answer, AnswerOf } from '../events/answers.ts';
import { claimShard } from '../events/claim-shard.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { shardOf } from '../events/shard-of.ts';
import { createSigner } from '../events/signing.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type NatsProxy, startNatsProxy } from './nats-proxy.ts';
import { type Caller, eventsOf, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('answers of the writer');
const rig = new WriterRig();
let proxy: NatsProxy;
let operator: Caller;
let wile: Caller;

const RUN = 'acme/lab/run';
let idCount = 0;
function request(more: object = {}): Sent {
  idCount += 1;
  return {
    op: 'request',
    id: `q-${idCount}`,
    path: RUN,
    items: { credits: { amount: 1 } },
    ...more,
  };
}

test.before(async () => {
  await rig.startBroker();
  proxy = await startNatsProxy(rig.broker.url);
  await rig.startWriter({ url: proxy.url });
  operator = await rig.caller();
  for (const path of ['acme', 'acme/lab']) await operator.expect('opened', { op: 'open', path });
  await operator.expect('opened', { op: 'open', path: RUN, limits: { credits: { limit: 1_000 } } });
  wile = await rig.enrolled('wile', 'acme/lab');
});
test.after(async () => {
  proxy.judge = () => 'pass';
  await rig.close();
  await proxy.close();
});

/** Keeps the next block from the broker until `release`, then until the writer tries again. */
function holdBlocks(): { readonly held: () => number; release(): void } {
  let held = 0;
  proxy.judge = (subject) => {
    if (!subject.endsWith('.blk')) return 'pass';
    held += 1;
    return 'drop';
  };
  return {
    held: () => held,
    release: () => {
      proxy.judge = () => 'pass';
    },
  };
}

/** Claims the shard of the team as another process would. */
async function takeAway(): Promise<void> {
  const connection = await rig.connect('owner');
  const { ledgerSigningKeyPem } = rig.broker.keys;
  await claimShard(new JetStreamLedger({ commit: connection }), shardOf('acme', 2), {
    owner: 'another',
    generation: 1,
    signer: createSigner(ledgerSigningKeyPem),
    nowMs: Date.now(),
    nonce: crypto.randomUUID(),
  });
  await connection.close();
}

/** Evidence names an event of the log, and the hash is that of its block. */
async function assertEvidence(answers: readonly Answer[]): Promise<void> {
  const log = await rig.log();
  for (const answer of answers) {
    const { evidence } = answer;
    const told = JSON.stringify(answer);
    assert.ok(evidence !== undefined, `no evidence: ${told}`);
    const { shard, seq, index, hash } = evidence as NonNullable<typeof evidence>;
    assert.is(shard, shardOf('acme', 2));
    assert.is(hash, Buffer.from(log.hashes.get(seq) ?? []).toString('base64url'), told);
    const event = eventsOf(log, seq)[index];
    const id = 'id' in answer ? answer.id : undefined;
    assert.ok(event !== undefined && 'id' in event && event.id === id, told);
  }
}

test('evidence: position and hash of an answer are those of its event in the log', async () => {
  const grant = await wile.ask(request());
  const denied = await wile.ask(request({ items: { credits: { amount: 2_000 } } }));
  const settled = await wile.ask({
    op: 'settle',
    id: 'end-1',
    allocation: (grant as AnswerOf<'granted'>).id,
    actual: { credits: 1 },
  });
  assert.equal(
    [grant, denied, settled].map(({ outcome }) => outcome),
    ['granted', 'denied', 'settled'],
  );
  await assertEvidence([grant, denied, settled]);
});

test('evidence: of a batch, each its own place, and the hash of the newest block', async () => {
  const { answers, evidence } = await wile.batch(Array.from({ length: 200 }, () => request()));
  const log = await rig.log();
  assert.ok(answers.every(({ outcome }) => outcome === 'granted'));
  const seqs = answers.map((answer) => answer.evidence?.seq ?? 0);
  assert.is(evidence?.seq, Math.max(...seqs));
  const newest = log.hashes.get(evidence?.seq ?? 0);
  assert.is(evidence?.hash, Buffer.from(newest ?? []).toString('base64url'));
  for (const answer of answers) {
    const { seq = 0, index = 0 } = answer.evidence ?? {};
    const event = eventsOf(log, seq)[index];
    assert.is(event?.type === 'AllocationGranted' && event.id, (answer as AnswerOf<'granted'>).id);
  }
});

test('evidence: a repeat shows the place of the first time, whatever is under way', async () => {
  const command = request();
  const first = await wile.ask(command);
  const others = Array.from({ length: 50 }, () => wile.ask(request()));
  const repeats = await Promise.all(Array.from({ length: 50 }, () => wile.ask(command)));
  const answered = await Promise.all(others);
  for (const repeat of repeats) assert.equal(repeat.evidence, first.evidence);
  await assertEvidence([...repeats, ...answered]);
});

test('§6.3 without an id it is carried out each time, and the answer says so', async () => {
  const { id, ...nameless } = request();
  const first = await wile.expect('granted', nameless);
  const second = await wile.expect('granted', nameless);
  assert.equal([first.idempotent, second.idempotent], [false, false]);
  assert.is.not(first.id, second.id);
  await assertEvidence([first, second]);
});

test('a dry run says what would be, records nothing and uses up no id', async () => {
  const lastSeq = await rig.lastSeq();
  const command = request();
  const would = await wile.expect('would_grant', { ...command, dryRun: true });
  assert.equal(would.granted, { credits: 1 });
  const tooMuch = request({ items: { credits: { amount: 9_999 } }, dryRun: true });
  assert.is((await wile.expect('denied', tooMuch)).reason, 'never_fits');
  assert.is(await rig.lastSeq(), lastSeq);
  assert.is((await wile.expect('granted', command)).replayed, undefined);
});

test('§6.9 what looked at a block under way waits for it: repeats, reads, refusals', async () => {
  const hold = holdBlocks();
  const command = request();
  const allocation = command['id'];
  let answeredCount = 0;
  const sent = [
    command,
    command,
    { op: 'balance', path: RUN },
    { op: 'status', of: allocation },
    { op: 'renew', allocation, byMs: 60_000 },
    { op: 'release', allocation: 'no-such' },
    { ...command, ttlMs: 77_000 },
    { op: 'explain', of: allocation },
  ].map(async (one) => {
    const answer = await wile.ask(one);
    answeredCount += 1;
    return answer;
  });
  await until('the block is under way', () => hold.held() > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(answeredCount, 0, 'nothing has left');
  hold.release();
  const answers = await Promise.all(sent);
  assert.equal(
    answers.map((answer) => (answer.outcome === 'refused' ? answer.code : answer.outcome)),
    [
      'granted',
      'granted',
      'balance',
      'granted',
      'renewed',
      'unknown_allocation',
      'id_conflict',
      'explained',
    ],
  );
  assert.is((answers[1] as AnswerOf<'granted'>).replayed, true);
});

test('§6.9 a block that a newer owner has fenced: nothing of it counts, all is sent again', async () => {
  const hold = holdBlocks();
  const before = await operator.use(RUN);
  const command = request();
  const sent = [
    command,
    { op: 'status', of: command['id'] },
    { op: 'release', allocation: 'no-such' },
  ];
  const asked = sent.map((one) => wile.ask(one));
  await until('the block is under way', () => hold.held() > 0);
  await takeAway();
  hold.release();
  for (const answer of await Promise.all(asked)) {
    assert.equal([answer.outcome, 'code' in answer && answer.code], ['refused', 'not_owner']);
    assert.is((answer as AnswerOf<'refused'>).retryable, true);
  }
  await until('the shard is served again', () => rig.isServing());
  assert.equal(await operator.use(RUN), before);
  const again = await wile.expect('granted', command);
  assert.is(again.replayed, undefined, 'it was never decided');
});

test('§6.9 what has to be read from the log does not let the rest of its batch slip out', async () => {
  const old = request();
  await wile.expect('granted', old);
  await rig.stopWriters();
  await rig.startWriter({ url: proxy.url });
  const before = await operator.use(RUN);
  const hold = holdBlocks();
  // The old one has to be read from the log, which takes longer than to lose the block.
  const fresh = request();
  const asked = wile.batch([fresh, old]);
  await until('the block is under way', () => hold.held() > 0);
  await takeAway();
  hold.release();
  const { answers } = await asked;
  assert.equal(
    answers.map((answer) => (answer.outcome === 'refused' ? answer.code : answer.outcome)),
    ['not_owner', 'not_owner'],
  );
  await until('the shard is served again', () => rig.isServing());
  assert.equal(await operator.use(RUN), before);
});

test('§6.3 after a restart the recorded answers are given again', async () => {
  const grant = request();
  const settle = { op: 'settle', id: 'end-2', allocation: grant['id'], actual: { credits: 1 } };
  const denial = request({ items: { credits: { amount: 5_000 } } });
  const freeze = { op: 'freeze', id: 'f-1', path: 'acme/lab', reason: 'a pause' };
  const thaw = { op: 'unfreeze', id: 'u-1', path: 'acme/lab', freeze: 'f-1' };
  const sent: [Caller, Sent][] = [
    [wile, grant],
    [wile, denial],
    [wile, settle],
    [operator, freeze],
    [operator, thaw],
  ];
  const first: Answer[] = [];
  for (const [caller, command] of sent) first.push(await caller.ask(command));
  await rig.stopWriters();
  await rig.startWriter({ url: proxy.url });
  const lastSeq = await rig.lastSeq();
  for (const [i, [caller, command]] of sent.entries()) {
    const again = await caller.ask({ ...command, firstSentMsAgo: 100 });
    const { replayed, decidedMsAgo, ...rest } = again as AnswerOf<'granted'>;
    assert.is(replayed, true);
    assert.ok(decidedMsAgo !== undefined && decidedMsAgo >= 0 && decidedMsAgo < 60_000);
    const isGrant = rest.outcome === 'granted';
    const original = { ...first[i] } as AnswerOf<'granted'>;
    // Settled meanwhile: no lease is left.
    assert.equal(rest, isGrant ? { ...original, expiresInMs: 0 } : original);
  }
  assert.is(await rig.lastSeq(), lastSeq, 'nothing was recorded anew');
});

test('§6.3 a repeat of what nobody remembers is not carried out', async () => {
  const late = request({ firstSentMsAgo: 11 * 60_000 });
  const refused = await wile.expect('refused', late);
  assert.equal([refused.code, refused.id], ['outcome_unknown', late['id']]);
});

test('a reply that is too large for a message says so, and leaves the rest of a batch whole', async () => {
  const wide = 'acme/wide';
  await operator.expect('opened', { op: 'open', path: wide });
  const name = (i: number) => `${wide}/${String(i).padStart(64, 'x')}`;
  for (let from = 0; from < 1_024; from += 256) {
    const opens = Array.from({ length: 256 }, (_, i) => ({ op: 'open', path: name(from + i) }));
    const { answers } = await operator.batch(opens);
    assert.ok(answers.every(({ outcome }) => outcome === 'opened'));
  }
  const command = request();
  const reads = Array.from({ length: 40 }, () => ({ op: 'balance', path: wide }));
  const { answers } = await operator.batch([...reads, command, { op: 'balance', path: RUN }]);
  const outcomes = answers.map((answer) =>
    answer.outcome === 'refused' ? answer.code : answer.outcome,
  );
  assert.equal([outcomes.length, outcomes[40], outcomes[41]], [42, 'granted', 'balance']);
  const tooLarge = outcomes.filter((outcome) => outcome === 'oversize').length;
  assert.ok(tooLarge > 20 && tooLarge < 40, `${tooLarge} were left out`);
  assert.is(
    (await operator.expect('balance', { op: 'balance', path: wide })).children.length,
    1_024,
  );
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await rig.differences(), []);
});

test.run();
