import type { CommandInput } from '../../events/commands.ts';
import { Policy } from '../../events/policy.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, has, type TeamRig, the } from './rig.ts';
import { ask, enrol, open, policy, RUN, release } from './world.ts';

const test = suite('actors: age of queues');

const RULE = { resource: 'mem*', noticeMs: 1_000, warningMs: 4_000 };
const ages = (more: object = {}): CommandInput => policy({ queueAges: [{ ...RULE, ...more }] });

/** A run of 100 bytes and 10 credits, of which `a` has everything; `w` waits for memory. */
function givenQueue(...more: readonly CommandInput[]): TeamRig {
  return given(
    open('acme'),
    open('acme/lab'),
    open(RUN, { memory: 100, credits: 10 }),
    enrol('ann'),
    ages(),
    ask('a', { memory: 100, credits: 10 }, { ttlMs: 3_600_000 }),
    ...more,
  );
}
const wait = (id: string, resource = 'memory') =>
  ask(id, { [resource]: 10 }, { maxWaitMs: 600_000, ttlMs: 3_600_000 });
const typesOf = (events: readonly { type: string }[]) =>
  events.map(({ type }) => type).filter((type) => type.startsWith('QueueAge'));
const toldOf = ({ team }: TeamRig) => team.agingQueues.get(`${RUN}|memory`)?.told;

test('X-01 R-10 the age of a queue is told once for each bound, with who waits and how long', () => {
  const rig = givenQueue(wait('w'));
  rig.pass(500);
  rig.when(wait('x'));
  assert.equal(typesOf(rig.pass(499)), []);
  has(the(rig.pass(1), 'QueueAgeReached'), {
    path: RUN,
    resource: 'memory',
    kind: 'notice',
    request: 'w',
    ageMs: 1_000,
    waiting: 2,
  });
  assert.equal(typesOf(rig.pass(2_999)), [], 'told once');
  const { answer } = rig.when({ op: 'balance', path: RUN });
  if (answer.outcome !== 'balance') throw new Error(answer.outcome);
  const line = answer.lines.find(({ resource }) => resource === 'memory');
  assert.equal(line?.queueAge, { ageMs: 3_999, told: 'notice' });
  has(the(rig.pass(1), 'QueueAgeReached'), { kind: 'warning', ageMs: 4_000 });
  const asked = rig.when({ op: 'emergencies' }).answer;
  if (asked.outcome !== 'emergencies') throw new Error(asked.outcome);
  has(asked.emergencies.at(-1) ?? {}, {
    kind: 'warning',
    path: RUN,
    resource: 'memory',
    queueAge: { request: 'w', ageMs: 4_000, waiting: 2 },
  });
});

test('X-01 it is armed again when the oldest is younger by a quarter, and a milder kind may hold', () => {
  const rig = givenQueue(wait('w'));
  rig.pass(600);
  rig.when(wait('x'));
  rig.pass(400);
  rig.when(wait('y'));
  rig.pass(3_000);
  assert.is(toldOf(rig), 'warning');
  // x has waited for 3,400 ms: less than the bound, and not less by a quarter.
  assert.equal(typesOf(rig.when({ op: 'cancel', request: 'w' }).events), []);
  // y for exactly three quarters.
  assert.equal(typesOf(rig.when({ op: 'cancel', request: 'x' }).events), []);
  rig.when(wait('z'));
  rig.pass(800);
  has(the(rig.when({ op: 'cancel', request: 'y' }).events, 'QueueAgeCleared'), { still: 'notice' });
  assert.is(toldOf(rig), 'notice');
  has(the(rig.pass(3_200), 'QueueAgeReached'), { kind: 'warning', request: 'z' });
  const last = the(rig.when(release('a')).events, 'QueueAgeCleared');
  assert.is(last.still, undefined);
  assert.is(rig.team.agingQueues.size, 0, 'nobody waits any more');
});

test('X-01 who is served or gives up at that very instant is not told of', () => {
  const rig = givenQueue();
  rig.when({ ...wait('w'), maxWaitMs: 1_000 });
  assert.equal(typesOf(rig.pass(5_000)), []);
});

test('X-01 consumables and what no rule names are not watched; a rule needs bounds that rise', () => {
  const all = givenQueue(ages({ resource: '*' }), wait('c', 'credits'));
  assert.equal(typesOf(all.pass(10_000)), []);
  const other = givenQueue(ages({ resource: 'slot.*' }), wait('w'));
  assert.equal(typesOf(other.pass(10_000)), []);
  const none = givenQueue(policy({}), wait('w'));
  assert.is(none.team.agingQueues.size, 0);
  assert.not(Policy.safeParse({ queueAges: [{ resource: '*' }] }).success);
  const falling = [{ resource: '*', noticeMs: 5, warningMs: 5 }];
  assert.not(Policy.safeParse({ queueAges: falling }).success);
});

test('X-01 under another policy a queue is watched anew', () => {
  const rig = givenQueue(wait('w'));
  rig.pass(1_000);
  assert.is(toldOf(rig), 'notice');
  const { events } = rig.when(ages({ noticeMs: 300 }));
  has(the(events, 'QueueAgeReached'), { kind: 'notice', ageMs: 1_000 });
  rig.when(policy({}));
  assert.equal(typesOf(rig.pass(10_000)), []);
});

test('X-01 a takeover goes on where it was, and a writer that slept tells the worst alone', () => {
  const rig = givenQueue(wait('w'));
  rig.pass(1_000);
  const next = rig.takenOver();
  assert.equal(typesOf(next.pass(2_999)), [], 'told before');
  has(the(next.pass(1), 'QueueAgeReached'), { kind: 'warning', ageMs: 4_000 });
  const slept = givenQueue(wait('w'));
  assert.equal(typesOf(slept.oversleep(9_000)), ['QueueAgeReached']);
  assert.is(toldOf(slept), 'warning');
});

test.run();
