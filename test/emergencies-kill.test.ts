// alone
import { emergencyOf, isEmergency } from '../actors/emergencies/emergency.ts';
import { encode } from '../events/codec.ts';
import { shardOf } from '../events/shard-of.ts';
import { bundled } from './bundled.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import type { ChildOptions } from './writer-child.ts';
import { CHILD, WriterProcess } from './writer-processes.ts';
import { type Caller, WriterRig } from './writer-rig.ts';

/** Kills between a commit and the publication of its emergency; others come in between. */
const KILLS = 100;
/** Processes that load their program while another works. */
const WARM_COUNT = 2;

const test = suite('emergencies of a writer that dies', { timeoutMs: 170_000 });
const rig = new WriterRig();
const processes = new Set<WriterProcess>();
let program = '';
let operator: Caller;
let heard: Awaited<ReturnType<Caller['emergencies']>>;

test.before(async () => {
  await rig.startBroker();
  program = await bundled(CHILD, rig.root);
  const writer = await start({}).ready();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  heard = await operator.emergencies();
  await writer.kill();
});
test.after(async () => {
  await Promise.all([...processes].map((one) => one.stop()));
  await rig.close();
});

let processCount = 0;
const warm: WriterProcess[] = [];
/** Starts a writer at once: its program was loaded while others worked. */
function start(more: Partial<ChildOptions>): WriterProcess {
  while (warm.length <= WARM_COUNT) {
    const ownerName = `writer-${processCount}`;
    processCount += 1;
    const loading = new WriterProcess(rig, { ownerName }, { file: program, isWarm: true });
    processes.add(loading);
    void loading.ended().then(() => processes.delete(loading));
    warm.push(loading);
  }
  return (warm.shift() as WriterProcess).begin(more);
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
/** Twice two rungs at once, so four emergencies; whether anything is answered does not matter. */
function crossRungs(): void {
  const commands = [];
  for (let i = 0; i < 2; i += 1) {
    swarmCount += 1;
    const path = `acme/swarm-${swarmCount}`;
    commands.push({ op: 'open', path, limits: { credits: { limit: 100 } } });
    commands.push({ op: 'charge', id: `c-${swarmCount}`, path, amounts: { credits: 80 } });
  }
  const batch = encode({ op: 'batch', commands });
  operator.sendRaw('batch', batch, undefined, 500).catch(() => {});
}

/** Lets a writer catch up and work until it is killed at the publication that it is doomed at. */
async function untilKilled(doomed: WriterProcess): Promise<void> {
  await doomed.ready();
  for (let tries = 0; !doomed.isEnded; tries += 1) {
    assert.ok(tries < 5, `${doomed.name} is killed: ${doomed.output}`);
    crossRungs();
    await Promise.race([doomed.ended(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  }
}

test(`M-02 §8 killed ${KILLS} times between commit and publication: none is missing, none unknown`, async () => {
  let beforeCount = 0;
  for (let no = 0; beforeCount < KILLS; no += 1) {
    // Now and then what was published is not known to have been: it comes twice.
    const diesAtEmergency = no % 10 === 9 ? 'after' : 'before';
    await untilKilled(start({ diesAtEmergency, publishesFirst: no % 3 }));
    if (diesAtEmergency === 'before') beforeCount += 1;
  }
  const recorded = await recordedIds();
  assert.ok(recorded.length > KILLS / 2, `${recorded.length} emergencies`);
  assert.ok((await storedIds()).length < recorded.length, 'the last are not published');
  const healthy = await start({}).ready();
  await until('all have been heard', () => {
    const told = new Set(heard.map(({ emergency }) => emergency.id));
    return recorded.every((id) => told.has(id));
  });
  assert.equal(await storedIds(), recorded, 'each once, in order');
  const told = heard.map(({ emergency }) => emergency.id);
  assert.equal([...new Set(told)], recorded, 'what came twice has the same id and is known by it');
  await healthy.kill();
});

test('§8 a writer that starts with nothing missing publishes nothing again', async () => {
  const before = heard.length;
  const healthy = await start({}).ready();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(heard.length, before);
  await healthy.kill();
});

test.run();
