// limit 240 s
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AnswerOf } from '../events/answers.ts';
import { shardOf } from '../events/shard-of.ts';
import { readWitness, witnessFile } from '../events/witness.ts';
import { systemFiles } from '../host/system-files.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { WriterProcess } from './writer-processes.ts';
import { LogRecorder, type Sent, WriterRig } from './writer-rig.ts';

const RUN = 'acme/lab/run';
let idCount = 0;
const request = (): Sent => {
  idCount += 1;
  return { op: 'request', id: `q-${idCount}`, path: RUN, items: { credits: { amount: 1 } } };
};

async function openRun(rig: WriterRig): Promise<void> {
  const operator = await rig.caller();
  for (const node of ['acme', 'acme/lab', RUN]) {
    await operator.expect('opened', { op: 'open', path: node });
  }
}

/** The code and message of the error with which a writer refuses to start. */
async function refusalOf(start: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await start;
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it started');
}

const refusals = suite('a writer that must not start');
const rig = new WriterRig();
refusals.before(async () => {
  await rig.start();
  await openRun(rig);
  await rig.stopWriters();
});
refusals.after(() => rig.close());

refusals('a stream of another configuration', async () => {
  const { code, message } = await refusalOf(rig.startWriter({ maxBytesPerShard: 1_000_000 }));
  assert.is(code, 'stream_config');
  assert.match(
    message,
    /LEDGER_0: max_bytes is 50000000, must be 1000000; start with the settings/,
  );
});

refusals('another number of shards: a team would meet an empty ledger', async () => {
  const { code, message } = await refusalOf(rig.startWriter({ shards: 3 }));
  assert.is(code, 'stream_config');
  assert.match(message, /metadata.shards is "2", must be "3"/);
});

refusals('streams that do not fit into the store together', async () => {
  const small = new WriterRig();
  await small.startBroker({ maxFileBytes: 100_000_000 });
  const { code, message } = await refusalOf(small.startWriter({ maxBytesPerShard: 90_000_000 }));
  assert.is(code, 'log_refused');
  assert.match(message, /shard 1: the broker refused .*storage/);
  await small.close();
  const tight = new WriterRig();
  await tight.startBroker({ maxFileBytes: 100_000_000 });
  const emergencies = await refusalOf(tight.startWriter({ maxBytesPerShard: 45_000_000 }));
  assert.is(emergencies.code, 'store_too_small');
  assert.match(emergencies.message, /EMERGENCIES of 67108864 bytes does not fit .* more space/);
  await tight.close();
});

refusals('a log that is shorter than its witness has seen it', async () => {
  const file = witnessFile(path.join(rig.broker.dataDir, 'witness'), shardOf('acme', 2));
  const text = readFileSync(file, 'utf8');
  const seen = JSON.parse(text) as { seq: number };
  writeFileSync(file, JSON.stringify({ ...seen, seq: seen.seq + 5_000 }));
  const { code, message } = await refusalOf(rig.startWriter());
  assert.is(code, 'log_regressed');
  assert.match(message, /it ends at \d+, a witness saw 5\d\d\d\); the shard stays frozen until/);
  writeFileSync(file, '{"seq": 1');
  const damaged = await refusalOf(rig.startWriter());
  assert.is(damaged.code, 'witness_damaged');
  writeFileSync(file, text);
});

refusals('a stream that is gone though a witness knows it', async () => {
  const folder = path.join(rig.broker.dataDir, 'elsewhere', 'witness');
  mkdirSync(folder, { recursive: true });
  const from = path.join(rig.broker.dataDir, 'witness');
  writeFileSync(witnessFile(folder, 1), readFileSync(witnessFile(from, 1)));
  const fresh = new WriterRig();
  await fresh.startBroker();
  const dataDir = path.join(rig.broker.dataDir, 'elsewhere');
  const { code, message } = await refusalOf(fresh.startWriter({ dataDir }));
  assert.is(code, 'log_regressed');
  assert.match(message, /its stream is gone, a witness saw \d+/);
  await fresh.close();
});

refusals('§6.4 a clock too far from that of the broker', async () => {
  const before = (await rig.log()).messages.length;
  const skewed = new WriterProcess(rig, { ownerName: 'skewed', clockAheadMs: 60_000 });
  const { message } = await refusalOf(skewed.ready());
  assert.match(message, /the clock is (59|60)\d\d\d ms from the broker's; at most 5000 ms/);
  await skewed.stop();
  const claims = (await rig.log()).messages.length - before;
  assert.ok(claims >= 1 && claims <= 2, `it wrote ${claims} claims`);
  await rig.startWriter();
  const operator = await rig.caller();
  await operator.expect('granted', request());
});

refusals.run();

const freezing = suite('a shard whose log cannot be trusted');
const frozen = new WriterRig();
freezing.before(async () => {
  await frozen.start();
  await openRun(frozen);
});
freezing.after(() => frozen.close());

freezing('is refused with the reason, while the others are served', async () => {
  const shard = shardOf('acme', 2);
  const log = new LogRecorder();
  const standby = await frozen.startStandby({ log: log.logger });
  const operator = await frozen.caller();
  await operator.expect('granted', request());
  await frozen.stopWriters({ except: standby });
  await until('the standby serves', () =>
    standby.status().every(({ state }) => state === 'serving'),
  );
  // A witness from elsewhere knows more of this shard than the log holds.
  const file = witnessFile(path.join(frozen.broker.dataDir, 'witness'), shard);
  const third = await frozen.startStandby({ log: log.logger });
  const seen = JSON.parse(readFileSync(file, 'utf8')) as { seq: number };
  writeFileSync(file, JSON.stringify({ ...seen, seq: 9_000 }));
  await frozen.stopWriters({ except: third });
  await until('the third has looked', () =>
    third.status().every(({ state }) => state === 'frozen' || state === 'serving'),
  );
  const states = third.status().map(({ state }) => state);
  assert.equal([states[shard], states[1 - shard]], ['frozen', 'serving']);
  assert.match(String(third.status()[shard]?.problem), /a witness saw 9000/);

  await until('it answers', () => log.has('fatal', /frozen/));
  const refused = await operator.expect('refused', request());
  assert.equal([refused.code, refused.retryable], ['unavailable', true]);
  assert.match(refused.message, /the log has lost messages/);
  const json = (await operator.askJson({ op: 'balance', path: RUN })) as AnswerOf<'refused'>;
  assert.is(json.code, 'unavailable');
  const { answers } = await operator.batch([request(), request()]);
  assert.equal(
    answers.map((answer) => 'code' in answer && answer.code),
    ['unavailable', 'unavailable'],
  );
  const other = await frozen.caller('operator', teamOfShard(1 - shard));
  await other.expect('opened', { op: 'open', path: other.team });
});

function teamOfShard(shard: number): string {
  for (let i = 0; ; i += 1) if (shardOf(`team-${i}`, 2) === shard) return `team-${i}`;
}

freezing.run();

const space = suite('a log that fills up');
const full = new WriterRig();
const report = new LogRecorder();
space.before(async () => {
  await full.startBroker();
  await full.startWriter({ maxBytesPerShard: 120_000, log: report.logger });
  await openRun(full);
});
space.after(() => full.close());

space('§6.8 at 90 % requests are refused, and what ends or holds work still commits', async () => {
  const operator = await full.caller();
  const granted: AnswerOf<'granted'>[] = [];
  const first = request();
  await operator.expect('granted', first);
  let refused: AnswerOf<'refused'> | undefined;
  while (refused === undefined) {
    const answer = await operator.ask(request());
    if (answer.outcome === 'granted') granted.push(answer);
    else refused = answer as AnswerOf<'refused'>;
  }
  assert.equal([refused.code, refused.retryable], ['log_nearly_full', true]);
  assert.match(refused.message, /9\d\d ‰/);
  assert.match(refused.advice, /Settles still commit/);
  const permille = await full.fillOf('acme');
  assert.ok(permille >= 850 && permille < 930, `the broker says ${permille} ‰`);
  assert.ok(report.has('error', /three quarters full/));

  const [one, two, three] = granted;
  const { id } = one as AnswerOf<'granted'>;
  await operator.expect('settled', { op: 'settle', allocation: id, actual: { credits: 1 } });
  await operator.expect('renewed', { op: 'renew', allocation: two?.id, byMs: 1_000 });
  await operator.expect('released', { op: 'release', allocation: three?.id });
  await operator.expect('frozen', { op: 'freeze', id: 'f', path: RUN });
  await operator.expect('unfrozen', { op: 'unfreeze', path: RUN, freeze: 'f' });
  const again = await operator.expect('granted', first);
  assert.is(again.replayed, true, 'what was decided before is answered again');
  assert.is((await operator.expect('refused', request())).code, 'log_nearly_full');
});

space('a full log: the shard says so and keeps what it has', async () => {
  const operator = await full.caller();
  let charged = 0;
  let said = '';
  while (!/full/.test(said)) {
    const amounts = { credits: 1 };
    const charge = { op: 'charge', id: `c-${charged}`, path: RUN, amounts };
    try {
      const answer = await operator.ask(charge);
      if (answer.outcome === 'charged') charged += 1;
      else if (answer.outcome === 'refused') said = answer.message;
    } catch {
      // Nobody is there while the writer starts the shard anew.
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.match(said, /the log is full; archive it/);
  assert.ok(charged > 3);
  const charges = await full.events('Charged');
  assert.is(charges.length, charged, 'every answered charge is there, and no other');
});

space.run();

const standby = suite('a writer on another machine');
const pair = new WriterRig();
standby.before(async () => {
  await pair.start();
  await openRun(pair);
});
standby.after(() => pair.close());

standby(
  'X-07 remembers from its owner how long the log is, and never serves a shorter one',
  async () => {
    const shard = shardOf('acme', pair.broker.shards);
    const dataDir = path.join(pair.root, 'another-machine');
    await pair.startStandby({ dataDir });
    const folder = path.join(dataDir, 'witness');
    const heard = async () => (await readWitness(systemFiles, folder, shard))?.seq ?? 0;
    const lastSeq = await pair.lastSeq();
    for (const endAtMs = Date.now() + 10_000; (await heard()) < lastSeq; ) {
      assert.ok(Date.now() < endAtMs, `it has heard of ${await heard()} of ${lastSeq}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const known = await readWitness(systemFiles, folder, shard);
    const { hashes } = await pair.log();
    assert.equal(known?.hash, hashes.get(lastSeq));
    await pair.stopWriters();
    const file = witnessFile(folder, shard);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(`"seq": ${lastSeq}`, `"seq": ${lastSeq + 1}`),
    );
    const { code } = await refusalOf(pair.startWriter({ dataDir }));
    assert.is(code, 'log_regressed');
  },
);

standby.run();
