// alone, limit 180 s
import { NoResponders } from '../bus/errors.ts';
import type { Answer, AnswerOf } from '../events/answers.ts';
import { shardOf } from '../events/shard-of.ts';
import { assert, suite } from './harness/suite.ts';
import { WriterProcess } from './writer-processes.ts';
import { type Caller, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('take-over');
const rig = new WriterRig();
const processes: WriterProcess[] = [];
let operator: Caller;
let wile: Caller;

const RUN = 'acme/lab/run';
let idCount = 0;
const request = (): Sent => {
  idCount += 1;
  return { op: 'request', id: `q-${idCount}`, path: RUN, items: { credits: { amount: 1 } } };
};

function start(ownerName: string): WriterProcess {
  const started = new WriterProcess(rig, { ownerName });
  processes.push(started);
  return started;
}

test.before(async () => {
  await rig.startBroker();
  const first = await start('first').ready();
  operator = await rig.caller();
  for (const path of ['acme', 'acme/lab', RUN]) {
    await operator.expect('opened', { op: 'open', path });
  }
  wile = await rig.enrolled('wile', 'acme/lab');
  await first.stop();
});
test.after(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  await rig.close();
});

/** Asks until there is an answer; how long that took, ms. */
async function untilAnswered(caller: Caller, command: Sent): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    try {
      const answer = await caller.ask(command, 100);
      if (answer.outcome !== 'refused') return performance.now() - startMs;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (performance.now() - startMs > 20_000) throw new Error('nobody takes over');
  }
}

function isNotOwner(answer: Answer): boolean {
  return answer.outcome === 'refused' && answer.code === 'not_owner';
}

function useIn(answer: Answer): { held: number; spent: number } {
  const { lines } = answer as AnswerOf<'balance'>;
  const line = lines.find(({ resource }) => resource === 'credits');
  return { held: line?.heldTree ?? 0, spent: line?.spentTree ?? 0 };
}

test('T-01 V-01 a standby serves every shard shortly after the owner was killed', async () => {
  let owner = await start('owner-0').ready();
  const tookMs: number[] = [];
  for (let round = 1; round <= 5; round += 1) {
    const standby = await start(`owner-${round}`).started();
    assert.ok((await standby.status()).every(({ state }) => state === 'standby'));
    await wile.expect('granted', request());
    await owner.kill();
    tookMs.push(await untilAnswered(wile, request()));
    owner = await standby.ready();
  }
  const sorted = [...tookMs].sort((a, b) => a - b).map((ms) => Math.round(ms));
  process.stdout.write(`take-over after kill -9: ${sorted.join(', ')} ms\n`);
  assert.ok((sorted[2] ?? Infinity) < 3_000, `median of ${sorted} ms`);
  assert.equal(await rig.differences(), []);
  await owner.stop();
});

test('an owner that hangs is replaced; nothing of it is accepted when it goes on', async () => {
  const hung = await start('hung').ready();
  const standby = await start('standby').started();
  const known = request();
  await wile.expect('granted', known);
  hung.signal('SIGSTOP');
  // It gets these when it goes on, and must not answer out of its old memory.
  const asked = [request(), { op: 'balance', path: RUN }, { op: 'status', of: known['id'] }];
  const answersOfHung = asked.map((one) =>
    wile.ask(one).then(
      (answer) => answer,
      (error: Error) => error,
    ),
  );
  const tookMs = await untilAnswered(wile, request());
  process.stdout.write(`take-over from a hung owner: ${Math.round(tookMs)} ms\n`);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  await standby.ready();
  await wile.expect('settled', { op: 'settle', allocation: known['id'], actual: { credits: 1 } });
  const lastSeq = await rig.lastSeq();
  const use = await operator.use(RUN);

  hung.signal('SIGCONT');
  const balance = { op: 'balance', path: RUN };
  const reads = await Promise.all(Array.from({ length: 200 }, () => operator.ask(balance)));
  for (const read of reads) {
    if (!isNotOwner(read)) assert.equal(useIn(read), use, 'no stale balance');
  }
  for (const one of await Promise.all(answersOfHung)) {
    assert.ok(one instanceof Error || isNotOwner(one), `it answered ${JSON.stringify(one)}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.is(await rig.lastSeq(), lastSeq, 'it has written nothing');
  assert.ok((await hung.status()).every(({ state }) => state === 'standby'));
  assert.match(hung.output, /another process took the shard over/);

  await standby.kill();
  await untilAnswered(wile, request());
  await hung.ready();
  assert.ok((await hung.status()).every(({ state }) => state === 'serving'));
  assert.equal(await rig.differences(), []);
  await hung.stop();
});

/** Makes the log so long that a replay takes longer than a standby's patience. */
async function lengthenLog(): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    const commands = Array.from({ length: 256 }, () => ({ ...request(), ttlMs: 3_600_000 }));
    const { answers } = await wile.batch(commands);
    assert.ok(answers.every(({ outcome }) => outcome === 'granted'));
  }
}

test('two standbys: one of them takes over, once, however long its replay is', async () => {
  const owner = await start('twice-owner').ready();
  await lengthenLog();
  const one = await start('twice-one').started();
  const two = await start('twice-two').started();
  const epochsBefore = (await rig.log()).messages.filter(({ kind }) => kind === 'epoch').length;
  await owner.kill();
  const tookMs = await untilAnswered(wile, request());
  process.stdout.write(`take-over with 15,000 events to replay: ${Math.round(tookMs)} ms\n`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const epochsAfter = (await rig.log()).messages.filter(({ kind }) => kind === 'epoch').length;
  assert.is(epochsAfter, epochsBefore + 1);
  const shard = shardOf('acme', rig.broker.shards);
  const states = await Promise.all(
    [one, two].map(async (each) => (await each.status())[shard]?.state),
  );
  assert.equal([...states].sort(), ['serving', 'standby']);
  await Promise.all([one.stop(), two.stop()]);
});

test('a writer that stops in order lets the other serve at once, and loses no answer', async () => {
  const owner = await start('order-owner').ready();
  const standby = await start('order-standby').started();
  let isOver = false;
  const answers: AnswerOf<'granted'>[] = [];
  /** Each try has an answer, or is told that nobody is there: none is left without. */
  const grant = async (command: Sent): Promise<AnswerOf<'granted'>> => {
    for (;;) {
      try {
        const answer = await wile.ask(command, 2_000);
        if (answer.outcome === 'granted') return answer;
        assert.ok(isNotOwner(answer), JSON.stringify(answer));
      } catch (error) {
        if (!(error instanceof NoResponders)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const caller = async () => {
    while (!isOver) answers.push(await grant(request()));
  };
  const callers = [caller(), caller(), caller(), caller()];
  await new Promise((resolve) => setTimeout(resolve, 300));
  await owner.stop();
  await standby.ready();
  await new Promise((resolve) => setTimeout(resolve, 300));
  isOver = true;
  await Promise.all(callers);
  assert.ok(
    answers.every(({ replayed }) => replayed === undefined),
    'no answer had to be asked for twice',
  );
  const granted = new Set((await rig.events('AllocationGranted')).map(({ id }) => id));
  assert.ok(answers.length > 20);
  for (const { id } of answers) assert.ok(granted.has(id), id);
  assert.equal(await rig.differences(), []);
  await standby.stop();
});

test.run();
