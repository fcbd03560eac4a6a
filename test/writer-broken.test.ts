import { ActorRuntime } from '../actors/nodes/node-actor.ts';
import type { NodeChange } from '../actors/nodes/node-change.ts';
import { examineWriter } from '../cli/examine-writer.ts';
import type { Answer } from '../events/answers.ts';
import { shardOf } from '../events/shard-of.ts';
import { ShardState } from '../writer/shard-state.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, LogRecorder, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('an invariant that fails');
const rig = new WriterRig();
const { deliver } = ActorRuntime.prototype;
const { team: teamOf } = ShardState.prototype;
/** What the writers of this process have in memory. */
const states = new Set<ShardState>();
/** Says which changes break an invariant of the actors. */
let breaks: (change: NodeChange) => boolean = () => false;
const neighbour = neighbourOf('acme');
const report = new LogRecorder();
const callers = new Map<string, Caller>();

test.before(async () => {
  ActorRuntime.prototype.deliver = function (node, change) {
    if (breaks(change)) throw new Error(`INV: broken on purpose by ${change.event.type}`);
    deliver.call(this, node, change);
  };
  ShardState.prototype.team = function (name) {
    states.add(this);
    return teamOf.call(this, name);
  };
  await rig.startBroker();
  await rig.startWriter({ log: report.logger });
  for (const team of ['acme', neighbour, 'cursed', 'damaged']) {
    const caller = await rig.caller('operator', team);
    callers.set(team, caller);
    for (const path of [team, `${team}/lab`, `${team}/lab/run`]) {
      await caller.expect('opened', { op: 'open', path });
    }
  }
});
test.after(async () => {
  ActorRuntime.prototype.deliver = deliver;
  ShardState.prototype.team = teamOf;
  await rig.close();
});

/** Another team on the same shard. */
function neighbourOf(team: string): string {
  for (let i = 0; ; i += 1) if (shardOf(`team-${i}`, 2) === shardOf(team, 2)) return `team-${i}`;
}

const request = (team: string, id: string, more: object = {}): Sent => ({
  op: 'request',
  id,
  path: `${team}/lab/run`,
  items: { credits: { amount: 1 } },
  ...more,
});

/** Asks until the shard has an answer of its own. */
async function ask(team: string, command: Sent): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const answer = await callers
      .get(team)
      ?.ask(command)
      .catch(() => undefined);
    const isAway = answer?.outcome === 'refused' && answer.code === 'not_owner';
    if (answer !== undefined && !isAway) return answer;
    if (tries > 500) throw new Error('nobody answers');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('the team is frozen and says why; what a freeze leaves open goes on, others are untouched', async () => {
  assert.is((await ask('acme', request('acme', 'held'))).outcome, 'granted');
  assert.is((await ask(neighbour, request(neighbour, 'other'))).outcome, 'granted');
  const emergencies = await (callers.get('acme') as Caller).emergencies();
  breaks = ({ event }) => event.type === 'AllocationGranted' && event.id === 'bad';
  const denied = await ask('acme', request('acme', 'bad'));
  assert.equal([denied.outcome, 'reason' in denied && denied.reason], ['denied', 'frozen']);
  await until('it is told', () => emergencies.length === 1);
  assert.match(
    emergencies[0]?.emergency.detail ?? '',
    /an invariant failed: INV: broken on purpose/,
  );
  assert.ok(report.has('fatal', /an invariant failed; the team is frozen/));

  const settle = { op: 'settle', allocation: 'held', actual: { credits: 1 } };
  assert.is((await ask('acme', settle)).outcome, 'settled');
  assert.is((await ask(neighbour, request(neighbour, 'more'))).outcome, 'granted');
  const { recorded } = await rig.log('acme');
  assert.not(
    recorded.some(
      ({ event }) => 'id' in event && event.id === 'bad' && event.type === 'AllocationGranted',
    ),
  );
  assert.equal(await rig.differences('acme'), []);
  assert.equal(await rig.differences(neighbour), []);
});

test('if it fails again nothing of the team is decided any more, but it can be looked at', async () => {
  breaks = ({ event }) => event.type === 'Charged';
  const charge = { op: 'charge', id: 'c', path: 'acme/lab/run', amounts: { credits: 1 } };
  const refused = await ask('acme', charge);
  assert.equal([refused.outcome, 'code' in refused && refused.code], ['refused', 'internal']);
  breaks = () => false;
  const again = await ask('acme', charge);
  assert.match('message' in again ? again.message : '', /failed again: INV/);
  assert.is((await ask('acme', { op: 'balance', path: 'acme' })).outcome, 'balance');
  assert.is((await ask(neighbour, request(neighbour, 'third'))).outcome, 'granted');
});

test('an expiry that breaks does so for its own team, and does not stop the clock of others', async () => {
  breaks = ({ event }) => event.type === 'AllocationEnded' && event.allocation === 'doomed';
  assert.is((await ask('cursed', request('cursed', 'doomed', { ttlMs: 50 }))).outcome, 'granted');
  const onSame = neighbourOf('cursed');
  const caller = await rig.caller('operator', onSame);
  callers.set(onSame, caller);
  await until('it has broken twice', () => report.count('fatal', /"team":"cursed"/) === 2, 5_000);
  await ask(onSame, { op: 'open', path: `${onSame}` });
  const brief = {
    op: 'request',
    id: 'b',
    path: onSame,
    items: { credits: { amount: 1 } },
    ttlMs: 50,
  };
  assert.is((await ask(onSame, brief)).outcome, 'granted');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const ended = await ask(onSame, { op: 'status', of: 'b' });
  assert.equal([ended.outcome, 'as' in ended && ended.as], ['ended', 'expired']);
  breaks = () => false;
});

test('INV-4 the report names what failed and where, to the log, to whoever asks and in doctor', async () => {
  assert.is((await ask('damaged', request('damaged', 'held'))).outcome, 'granted');
  const [account] = [...states].flatMap((state) => {
    const found = state.find('damaged')?.nodes.get('damaged/lab')?.accounts.get('credits');
    return found?.heldTree === 1 ? [found] : [];
  });
  if (account === undefined) throw new Error('something is held');
  account.heldTree += 1;
  const emergencies = await (callers.get('damaged') as Caller).emergencies();
  const denied = await ask('damaged', request('damaged', 'next'));
  assert.equal([denied.outcome, 'reason' in denied && denied.reason], ['denied', 'frozen']);
  const what =
    /INV-4 .* failed on damaged\/lab \(credits\), by AllocationGranted at .*: heldTree is 3, not 2/;
  await until('it is told', () => emergencies.length === 1);
  assert.match(emergencies[0]?.emergency.detail ?? '', what);
  assert.ok(report.has('fatal', what));
  assert.ok(
    report.has('fatal', /"invariant":"INV-4".*"path":"damaged\/lab".*"expected":2,"found":3/),
  );
  const checks = await examineWriter(await rig.bus('owner'), rig.broker.shards);
  const { ok, detail, advice } = checks.find(({ check }) => check === 'invariants') ?? {};
  assert.is(ok, false);
  assert.match(detail ?? '', /team damaged: INV-4/);
  assert.match(advice ?? '', /docs\/invariants\.md/);
  assert.is((await ask('damaged', { op: 'release', allocation: 'held' })).outcome, 'released');
  assert.is((await ask(neighbour, request(neighbour, 'fourth'))).outcome, 'granted');
  assert.equal(await rig.differences('damaged'), []);
});

test('after a restart of the writer the frozen team is as the log says', async () => {
  await rig.stopWriters();
  await rig.startWriter();
  const balance = await (callers.get('acme') as Caller).expect('balance', {
    op: 'balance',
    path: 'acme',
  });
  assert.is(balance.frozen, true);
  const thaw = { op: 'unfreeze', path: 'acme', freeze: balance.freezes[0] };
  assert.is((await ask('acme', thaw)).outcome, 'unfrozen');
  assert.is((await ask('acme', request('acme', 'good'))).outcome, 'granted');
  assert.equal(await rig.differences('acme'), []);
});

test.run();
