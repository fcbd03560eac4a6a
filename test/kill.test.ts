// alone, limit 300 s
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BursarClient, connect } from '../client/client.ts';
import type { EventOf } from '../events/events.ts';
import { assert, suite } from './harness/suite.ts';
import { WriterProcess } from './writer-processes.ts';
import { type Caller, WriterRig } from './writer-rig.ts';

const test = suite('kill -9 under load', { timeoutMs: 200_000 });
const rig = new WriterRig();
let writer: WriterProcess;
let writerCount = 0;
let operator: Caller;
const clients: BursarClient[] = [];

const AGENTS = ['ann', 'bob', 'cat'];
const CALLERS_PER_AGENT = 12;
const LIMIT = 1_000_000;

test.before(async () => {
  await rig.startBroker();
  await startWriter();
  operator = await rig.caller();
  const limits = { credits: { limit: LIMIT }, concurrency: { limit: 30 } };
  await operator.expect('opened', { op: 'open', path: 'acme', limits });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  for (const agent of AGENTS) {
    await operator.expect('opened', { op: 'open', path: `acme/lab/${agent}` });
    await rig.enrolled(agent, `acme/lab/${agent}`);
    const client = await connect({
      url: rig.broker.url,
      agent,
      team: 'acme',
      seed: rig.seedOf(agent),
      journal: path.join(rig.root, `${agent}.jsonl`),
      timeoutMs: 90_000,
      tryTimeoutMs: 500,
    });
    clients.push(client);
  }
});
test.after(async () => {
  await Promise.all(clients.map((client) => client.disconnect({ drainMs: 0 }).catch(() => {})));
  await writer.stop();
  await rig.close();
});

async function startWriter(): Promise<void> {
  writerCount += 1;
  writer = await new WriterProcess(rig, { ownerName: `writer-${writerCount}` }).ready();
}

/** What the callers were told. */
class Told {
  readonly granted = new Map<string, number>();
  readonly settled = new Map<string, number>();
  denied = 0;
  isOver = false;
}

/** Asks, uses, settles, again and again, as an agent does. */
async function work(client: BursarClient, told: Told, seed: number): Promise<void> {
  for (let round = 0; !told.isOver; round += 1) {
    const amount = 1 + ((seed * 7 + round * 13) % 40);
    const step = `acme/lab/${client.agent}/step-${seed}-${round % 5}`;
    const answer = await client.request(step, {
      items: { credits: { amount }, concurrency: { amount: 1 } },
      ttlMs: 600_000,
      maxWaitMs: round % 3 === 0 ? 60_000 : 0,
    });
    if (answer.outcome === 'denied') {
      told.denied += 1;
      continue;
    }
    told.granted.set(answer.id, answer.granted['credits'] ?? 0);
    const actual = Math.floor(amount / 2);
    const settled = await client.settle(answer.id, { credits: actual });
    assert.is(settled.outcome, 'settled');
    told.settled.set(answer.id, actual);
  }
}

/** What is killed, in turn; everything is started again each time. */
const KILLS = ['writer', 'broker', 'writer', 'both', 'broker', 'writer', 'both'] as const;

async function killAll(told: Told): Promise<void> {
  for (const victim of KILLS) {
    const before = told.settled.size;
    await sleep(400 + Math.random() * 300);
    if (victim !== 'broker') await writer.kill();
    if (victim !== 'writer') {
      await rig.broker.kill();
      await rig.restartBroker();
    }
    if (victim !== 'broker') await startWriter();
    const deadlineMs = performance.now() + 30_000;
    while (told.settled.size < before + 20) {
      assert.ok(performance.now() < deadlineMs, `nothing goes on after the kill of ${victim}`);
      await sleep(10);
    }
  }
}

test('I-08 §6.9 nothing answered is lost, nothing is done twice, everybody finishes', async () => {
  const told = new Told();
  const callers = clients.flatMap((client, agent) =>
    Array.from({ length: CALLERS_PER_AGENT }, (_, i) => work(client, told, agent * 100 + i)),
  );
  const finished = Promise.all(callers);
  try {
    await Promise.race([killAll(told), finished]);
  } finally {
    told.isOver = true;
  }
  await finished;
  const { granted, settled, denied } = told;
  process.stdout.write(
    `${KILLS.length} kills: ${granted.size} granted, ${settled.size} settled, ${denied} denied\n`,
  );
  assert.ok(granted.size > 200 && settled.size === granted.size);

  const grants = await rig.events('AllocationGranted');
  const ends = await rig.events('AllocationEnded');
  assertOnce(grants.map(({ id }) => id));
  assertOnce(ends.map(({ allocation }) => allocation));
  const grantOf = new Map(grants.map((event) => [event.id, event]));
  const endOf = new Map(ends.map((event) => [event.allocation, event]));
  for (const [id, amount] of granted) {
    assert.is(grantOf.get(id)?.items['credits'], amount, `the grant ${id} is in the log`);
  }
  for (const [id, amount] of settled) {
    const end = endOf.get(id) as EventOf<'AllocationEnded'> | undefined;
    assert.equal([end?.as, end?.booked['credits']], ['settled', amount], `the settle of ${id}`);
  }
  assert.equal(await rig.differences(), []);
  const spent = [...settled.values()].reduce((sum, amount) => sum + amount, 0);
  assert.equal(await operator.use('acme'), { held: 0, spent });
  assert.equal((await rig.log()).poisonSeqs, []);
});

test('§6.9 a writer that starts on that log has the same books', async () => {
  const before = await operator.expect('balance', { op: 'balance', path: 'acme' });
  await writer.kill();
  await startWriter();
  const { lines } = await operator.expect('balance', { op: 'balance', path: 'acme' });
  assert.equal(lines, before.lines);
  assert.equal(await rig.differences(), []);
});

function assertOnce(ids: readonly string[]): void {
  const seen = new Set<string>();
  for (const id of ids) {
    assert.not(seen.has(id), `${id} was carried out twice`);
    seen.add(id);
  }
}

test.run();
