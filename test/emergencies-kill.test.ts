// alone
import { emergencyOf, isEmergency } from '../actors/emergencies/emergency.ts';
import { shardOf } from '../events/shard-of.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import type { ChildOptions } from './writer-child.ts';
import { WriterProcess } from './writer-processes.ts';
import { type Caller, WriterRig } from './writer-rig.ts';

const test = suite('emergencies of a writer that dies', { timeoutMs: 90_000 });
const rig = new WriterRig();
const processes: WriterProcess[] = [];
let operator: Caller;
let heard: Awaited<ReturnType<Caller['emergencies']>>;

test.before(async () => {
  await rig.startBroker();
  const writer = await start({}).ready();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  heard = await operator.emergencies();
  await writer.kill();
});
test.after(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  await rig.close();
});

function start(more: Partial<ChildOptions>): WriterProcess {
  const ownerName = `writer-${processes.length}`;
  const started = new WriterProcess(rig, { ownerName, ...more });
  processes.push(started);
  return started;
}

/** The ids of all emergencies that are recorded, in the order of the log. */
async function recordedIds(): Promise<string[]> {
  const shard = shardOf('acme', rig.broker.shards);
  const { recorded } = await rig.log();
  return recorded.flatMap(({ event, at }) =>
    isEmergency(event) ? [emergencyOf(event, shard, at).id] : [],
  );
}

const storedIds = async () => (await rig.storedEmergencies()).map(({ emergency }) => emergency.id);

let swarmCount = 0;
/** Two rungs at once, so two emergencies in one block; the writer dies with them. */
async function crossTwoRungs(): Promise<void> {
  swarmCount += 1;
  const path = `acme/swarm-${swarmCount}`;
  await operator.expect('opened', { op: 'open', path, limits: { credits: { limit: 100 } } });
  const id = `c-${swarmCount}`;
  await operator.ask({ op: 'charge', id, path, amounts: { credits: 80 } }, 500).catch(() => {});
}

test('§8 what was committed and not published is published by the next writer', async () => {
  for (const diesAtEmergency of ['before', 'after', 'before', 'after'] as const) {
    const storedBefore = await storedIds();
    const doomed = await start({ diesAtEmergency }).ready();
    await crossTwoRungs();
    await doomed.ended();
    const recorded = await recordedIds();
    assert.is(recorded.length, storedBefore.length + 2, 'both are committed');
    const lost = diesAtEmergency === 'before' ? 2 : 1;
    assert.is((await storedIds()).length, recorded.length - lost, `${lost} are not published`);

    // One that dies while it catches up, then one that lives.
    const another = start({ diesAtEmergency: 'after' });
    await another.ended();
    const healthy = await start({}).ready();
    await until('all have been heard', () =>
      recorded.every((id) => heard.some(({ emergency }) => emergency.id === id)),
    );
    assert.equal(await storedIds(), recorded, 'each once, in order');
    await healthy.kill();
  }
  const told = heard.map(({ emergency }) => emergency.id);
  assert.equal(
    [...new Set(told)],
    await recordedIds(),
    'what came twice has the same id and is known by it',
  );
});

test('§8 a writer that starts with nothing missing publishes nothing again', async () => {
  const before = heard.length;
  const healthy = await start({}).ready();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(heard.length, before);
  await healthy.kill();
});

test.run();
