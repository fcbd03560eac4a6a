import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, play, shows, type TeamRig, the } from './rig.ts';
import { ask, open, policy, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: emergency reserves');

const EMERGENCY = { priority: 'emergency' } as const;
const charge = (path: string, amounts: Record<string, number>): CommandInput => ({
  op: 'charge',
  id: 'used',
  path,
  amounts,
});
const topUp = (path: string, amounts: Record<string, number>): CommandInput => ({
  op: 'topUp',
  id: 'more',
  path,
  amounts,
});
const exhausted = { kind: 'exhausted', onPermille: 1000, offPermille: 990 } as const;
const tenth: CommandInput = policy({
  priorityMax: 'emergency',
  reserves: { credits: { permille: 100 } },
  ladder: [exhausted],
});

/** A team of 2,000 with a swarm of 1,000 that keeps a tenth, and a run without limits. */
function givenReserve(...more: readonly CommandInput[]): TeamRig {
  return given(
    open('acme', { credits: 2_000 }),
    tenth,
    open('acme/lab', { credits: 1_000 }),
    open(RUN),
    ...more,
  );
}

function lab(rig: TeamRig, resource = 'credits') {
  const { answer } = rig.when({ op: 'balance', path: 'acme/lab' });
  assert.ok(answer.outcome === 'balance');
  const line = answer.lines.find((one) => one.resource === resource);
  const { reserved = 0, reserveTarget = 0, reserveDrawn = 0 } = line ?? {};
  return [reserved, reserveTarget, reserveDrawn];
}

test('X-02 a swarm keeps its share as a sum of its own, set aside at the team too', () => {
  const rig = givenReserve();
  const changed = the(
    rig.recorded.map(({ event }) => event),
    'ReserveChanged',
  );
  assert.equal([changed.target, changed.change, changed.left], [100, 100, 100]);
  const { answer } = rig.when({ op: 'balance', path: 'acme' });
  assert.ok(answer.outcome === 'balance');
  assert.is(answer.lines[0]?.committed, 100);
  shows(rig.when(ask('a', { credits: 901 })), { outcome: 'denied', reason: 'never_fits' });
  shows(rig.when(ask('b', { credits: 900 })), { outcome: 'granted' }, [
    'AllocationGranted',
    'ThresholdCrossed',
  ]);
});

test('X-02 who may draw is looked at when what he lacks beneath the swarm has come free', () => {
  const firm = { preemptible: false } as const;
  const rig = givenReserve(
    setLimits(RUN, { compute_ms: 100 }),
    ask('a', { compute_ms: 60 }, firm),
    ask('b', { credits: 850 }, firm),
  );
  const waits = { ...EMERGENCY, maxWaitMs: 60_000 };
  shows(rig.when(ask('e', { credits: 80, compute_ms: 50 }, waits)), {
    outcome: 'queued',
    account: { path: 'acme/lab', resource: 'credits' },
  });
  const { events } = rig.when(release('a'));
  const grant = the(events, 'AllocationGranted');
  assert.equal([grant.id, grant.reserve], ['e', { path: 'acme/lab', drawn: { credits: 30 } }]);
});

test('X-02 an emergency draws what it lacks and no more; nothing else may', () => {
  const rig = givenReserve(ask('a', { credits: 870 }, { preemptible: false }));
  shows(rig.when(ask('b', { credits: 60 }, { priority: 'high' })), { outcome: 'denied' });
  const firm = { ...EMERGENCY, preemptible: false };
  const shown = rig.when(ask('c', { credits: 80 }, firm));
  shows(shown, { outcome: 'granted', rule: '5-reserve' });
  assert.equal(the(shown.events, 'AllocationGranted').reserve, {
    path: 'acme/lab',
    drawn: { credits: 50 },
  });
  assert.equal(lab(rig), [50, 100, 50]);
  shows(rig.when(ask('d', { credits: 51 }, EMERGENCY)), { outcome: 'denied' });
  shows(rig.when(ask('e', { credits: 50 }, EMERGENCY)), { outcome: 'granted' });
  assert.equal(lab(rig), [0, 100, 100]);
});

test('X-02 what comes back fills the reserve before anybody else has it', () => {
  const rig = givenReserve(ask('a', { credits: 900 }), ask('b', { credits: 60 }, EMERGENCY));
  shows(rig.when(ask('w', { credits: 30 }, { maxWaitMs: 60_000 })), { outcome: 'queued' });
  rig.when(settle('a', { credits: 850 }));
  assert.equal(lab(rig), [90, 100, 10]);
  assert.not.ok(rig.team.allocations.has('w'));
  rig.when(release('b'));
  assert.equal(lab(rig), [100, 100, 0]);
  assert.ok(rig.team.allocations.has('w'));
});

test('X-02 what is critical draws once the swarm is exhausted, and not before', () => {
  const rig = givenReserve(ask('a', { credits: 890 }));
  const critical = { priority: 'critical' } as const;
  shows(rig.when(ask('b', { credits: 20 }, critical)), { outcome: 'denied' });
  rig.when(ask('c', { credits: 10 }));
  shows(rig.when(ask('d', { credits: 20 }, critical)), { outcome: 'granted', rule: '5-reserve' });
  shows(rig.when(ask('e', { credits: 20 }, { priority: 299 })), { outcome: 'denied' });
});

test('X-02 R-05 row 5: the reserve before an eviction, an eviction where it does not cover the ask', () => {
  const rig = givenReserve(ask('a', { credits: 900 }, { priority: 'low' }));
  shows(rig.when(ask('b', { credits: 100 }, EMERGENCY)), { outcome: 'granted', rule: '5-reserve' });
  shows(rig.when(ask('c', { credits: 10 }, EMERGENCY)), { outcome: 'granted', rule: 'preempted' });
  assert.not.ok(rig.team.allocations.has('a'));
});

test('X-02 a draw needs room beneath the swarm alone, not at the team', () => {
  const rig = givenReserve(
    open('acme/other', { credits: 1_900 }),
    ask('a', { credits: 1_710 }, { path: 'acme/other' }),
  );
  shows(rig.when(ask('b', { credits: 1 })), { outcome: 'denied' });
  shows(rig.when(ask('c', { credits: 80 }, EMERGENCY)), { outcome: 'granted', rule: '5-reserve' });
  play(rig, [open('acme/lab/tight', { credits: 5 })]);
  const tight = { ...EMERGENCY, path: 'acme/lab/tight' };
  shows(rig.when(ask('d', { credits: 6 }, tight)), { outcome: 'denied', reason: 'never_fits' });
});

test('X-02 the reserve follows limit, policy and room, half of the limit at most', () => {
  const rig = givenReserve(ask('a', { credits: 900 }));
  rig.when(topUp('acme/lab', { credits: 1_000 }));
  assert.equal(lab(rig), [200, 200, 0]);
  rig.when(setLimits('acme/lab', { credits: 500 }));
  assert.equal(lab(rig), [50, 50, 0]);
  rig.when(policy({ priorityMax: 'emergency', reserves: { 'acme/lab|credits': { amount: 400 } } }));
  assert.equal(lab(rig), [50, 250, 0]);
  rig.when(settle('a', { credits: 300 }));
  assert.equal(lab(rig), [200, 250, 0]);
  rig.when(policy({}));
  assert.equal(lab(rig), [0, 0, 0]);
});

test('X-02 a charge leaves the reserve to emergencies though the swarm is short', () => {
  const rig = givenReserve(charge('acme/lab/run', { credits: 990 }));
  assert.equal(lab(rig), [100, 100, 0]);
  shows(rig.when(ask('a', { credits: 1 })), { outcome: 'denied' });
  shows(rig.when(ask('b', { credits: 100 }, EMERGENCY)), { outcome: 'granted' });
  assert.equal(lab(rig), [0, 100, 100]);
});

test('X-02 a waiting emergency draws as soon as the reserve covers it', () => {
  const rig = givenReserve(
    ask('a', { credits: 900 }, { preemptible: false }),
    ask('b', { credits: 100 }, { ...EMERGENCY, preemptible: false }),
  );
  const waits = { ...EMERGENCY, maxWaitMs: 60_000 };
  shows(rig.when(ask('c', { credits: 70 }, waits)), { outcome: 'queued' });
  rig.when(settle('b', { credits: 40 }));
  assert.not.ok(rig.team.allocations.has('c'));
  const { events } = rig.when(settle('a', { credits: 885 }));
  assert.equal(the(events, 'AllocationGranted').reserve?.drawn, { credits: 70 });
  assert.equal(lab(rig), [5, 100, 95]);
});

test('X-02 a reserve without a limit, of a rate or of what is exclusive is refused', () => {
  const rig = given(
    open('acme', { credits: 100 }),
    policy({ resources: { gpu: { class: 'capacity', unit: 'gpus', exclusive: true } } }),
    open('acme/free'),
  );
  const resources = { gpu: { class: 'capacity', unit: 'gpus', exclusive: true } } as const;
  const refused = { outcome: 'refused', code: 'reserve_not_possible' };
  for (const key of ['gpu', 'rate.search', 'acme/free|credits', 'other/free|credits', 'unheard']) {
    shows(rig.when(policy({ resources, reserves: { [key]: { permille: 1 } } })), refused);
  }
  play(rig, [policy({ resources, reserves: { 'acme/x|credits': { permille: 1 } } })]);
  shows(rig.when(open('acme/x')), refused);
  play(rig, [open('acme/x', { credits: 10 })]);
  shows(rig.when(setLimits('acme/x', { credits: { limit: null } })), refused);
});

test('X-02 a takeover finds the same reserves', () => {
  const rig = givenReserve(ask('a', { credits: 900 }), ask('b', { credits: 60 }, EMERGENCY));
  const next = rig.takenOver();
  assert.equal(next.recorded.length, rig.recorded.length);
  assert.equal(lab(next), lab(rig));
  next.when(settle('a', { credits: 880 }));
  assert.equal(lab(next), [60, 100, 40]);
});

test('X-02 a swarm closes with its reserve: the team has it again', () => {
  const rig = givenReserve();
  rig.when({ op: 'close', path: 'acme/lab' });
  const { answer } = rig.when({ op: 'balance', path: 'acme' });
  assert.ok(answer.outcome === 'balance');
  assert.is(answer.lines[0]?.committed, 0);
});

test('X-02 an emergency draws rather than wait or be denied, whatever strategy it or the policy names', () => {
  const more = { ...EMERGENCY, strategy: 'queue_and_wait' } as const;
  const full = () => givenReserve(charge(RUN, { credits: 900 }));
  for (const maxWaitMs of [0, 60_000]) {
    const dry = ask('e', { credits: 50 }, { ...more, maxWaitMs, dryRun: true });
    shows(full().when(dry), { outcome: 'would_grant', rule: '5-reserve' });
    const { events, answer } = full().when(ask('e', { credits: 50 }, { ...more, maxWaitMs }));
    assert.is(answer.outcome, 'granted');
    assert.equal(the(events, 'AllocationGranted').reserve, {
      path: 'acme/lab',
      drawn: { credits: 50 },
    });
  }
});

test('X-02 what is critical and waits is looked at when its account becomes exhausted', () => {
  const rig = givenReserve(charge(RUN, { credits: 860 }));
  const critical = { priority: 'critical', strategy: 'queue_and_wait' } as const;
  shows(rig.when(ask('c', { credits: 60 }, { ...critical, maxWaitMs: 60_000 })), {
    outcome: 'queued',
  });
  const { events } = rig.when(ask('e', { credits: 40 }, EMERGENCY));
  assert.equal(
    events.flatMap((event) => (event.type === 'AllocationGranted' ? [event.id] : [])),
    ['e', 'c'],
  );
  assert.is(rig.takenOver().recorded.length, rig.recorded.length, 'a take-over finds no more');
});

test.run();
