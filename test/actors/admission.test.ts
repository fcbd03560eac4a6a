import { Ask, type ResourceAllocationRequest } from '../../events/request-command.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, the } from './rig.ts';
import { ask, enrol, givenLab, open, policy, RUN, STEP, setLimits, settle } from './world.ts';

const test = suite('actors: admission');

test('T-21 what fits on every tier is granted in one event and held on every tier', () => {
  const rig = givenLab(setLimits('acme/lab', { credits: 800 }), setLimits(RUN, { credits: 300 }));
  const shown = rig.when(ask('a', { credits: 300 }), 'ann');
  shows(shown, { outcome: 'granted', granted: { credits: 300 }, rule: 'fits' }, [
    'AllocationGranted',
  ]);
  assert.equal(the(shown.events, 'AllocationGranted').opened, [{ path: STEP, tier: 'step' }]);
  for (const path of ['acme', 'acme/lab', RUN, STEP]) {
    const account = rig.team.nodes.get(path)?.accounts.get('credits');
    assert.is(account?.committed, 300, path);
    assert.is(account?.heldTree, 300, path);
  }
});

for (const [tier, path] of [
  ['team', 'acme'],
  ['swarm', 'acme/lab'],
  ['run', RUN],
] as const) {
  test(`T-06 one more than the ${tier} has left is denied there; the last unit is granted`, () => {
    const rig = givenLab(setLimits(path, { credits: 100 }));
    shows(rig.when(ask('a', { credits: 60 }), 'ann'), { outcome: 'granted' });
    shows(rig.when(ask('b', { credits: 41 }), 'ann'), {
      outcome: 'denied',
      reason: 'insufficient_credits',
      short: [{ path, resource: 'credits', needed: 41, available: 40 }],
      retryOn: 'release',
    });
    shows(rig.when(ask('c', { credits: 40 }), 'ann'), { outcome: 'granted' });
  });
}

test('T-22 a guarantee is set aside: a sibling cannot have it, its owner can', () => {
  const rig = givenLab(open('acme/lab/kept', { credits: { guarantee: 700 } }));
  shows(rig.when(ask('a', { credits: 301 }), 'ann'), {
    outcome: 'denied',
    short: [{ path: 'acme', resource: 'credits', needed: 301, available: 300 }],
  });
  shows(rig.when(ask('b', { credits: 300 }), 'ann'), { outcome: 'granted' });
  const kept = ask('c', { credits: 700 }, { path: 'acme/lab/kept/s' });
  shows(rig.when(kept, 'ann'), { outcome: 'granted' });
});

test('T-22 beyond its guarantee a node asks its parent for the growth alone', () => {
  const rig = givenLab(open('acme/lab/kept', { credits: { guarantee: 100 } }));
  const in_ = { path: 'acme/lab/kept/s' };
  shows(rig.when(ask('a', { credits: 60 }, in_), 'ann'), { outcome: 'granted' });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 100);
  shows(rig.when(ask('b', { credits: 941 }, in_), 'ann'), {
    outcome: 'denied',
    short: [{ path: 'acme', resource: 'credits', needed: 901, available: 900 }],
  });
  shows(rig.when(ask('c', { credits: 940 }, in_), 'ann'), { outcome: 'granted' });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 1_000);
});

test('T-21 a bundle is granted whole or not at all', () => {
  const rig = givenLab();
  const bundle = { credits: 10, concurrency: 5, memory: 7 };
  shows(rig.when(ask('a', bundle), 'ann'), { outcome: 'denied', reason: 'never_fits' });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 0);
  assert.is(rig.team.nodes.get('acme')?.accounts.get('memory'), undefined);
  shows(rig.when(ask('b', { ...bundle, concurrency: 4 }), 'ann'), { outcome: 'granted' });
});

test('T-06 an absent limit limits nothing, but is counted', () => {
  const rig = givenLab();
  shows(rig.when(ask('a', { memory: 1e15 }), 'ann'), { outcome: 'granted' });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('memory')?.committed, 1e15);
});

test('T-06 a sum that would leave the range of safe integers is refused and changes nothing', () => {
  const rig = givenLab();
  shows(rig.when(ask('a', { memory: Number.MAX_SAFE_INTEGER - 5 }), 'ann'), {
    outcome: 'granted',
  });
  shows(
    rig.when(ask('b', { memory: 6 }), 'ann'),
    { outcome: 'refused', code: 'amount_out_of_range', id: 'b' },
    [],
  );
  shows(rig.when(ask('b', { memory: 5 }), 'ann'), { outcome: 'granted' });
});

test('O-04 never_fits: what exceeds an empty tree is told so; less by one is only denied', () => {
  const rig = givenLab(open('acme/lab/kept', { credits: { guarantee: 200 } }));
  rig.when(ask('a', { credits: 800 }), 'ann');
  shows(rig.when(ask('b', { credits: 801 }, { maxWaitMs: 5_000 }), 'ann'), {
    outcome: 'denied',
    reason: 'never_fits',
    retryOn: 'top_up',
  });
  shows(rig.when(ask('c', { credits: 800 }, { maxWaitMs: 5_000 }), 'ann'), { outcome: 'queued' });
});

test('O-04 an ask inside a guarantee is no never_fits where limits above were cut below them', () => {
  const rig = givenLab(
    open('acme/lab/kept', { credits: { guarantee: 100 } }),
    open('acme/lab/k2', { credits: { guarantee: 100 } }),
    setLimits('acme', { credits: 150 }),
  );
  const inside = (id: string, amount: number, min = amount) =>
    ask(id, { credits: { amount, min } }, { path: 'acme/lab/kept/s' });
  shows(rig.when(inside('a', 80), 'ann'), { outcome: 'granted' });
  shows(rig.when(inside('b', 50, 10), 'ann'), { outcome: 'partial', granted: { credits: 20 } });
  shows(rig.when(inside('c', 201), 'ann'), { outcome: 'denied', reason: 'never_fits' });
});

test('O-04 never_fits counts guarantees of grandchildren whose parents have none', () => {
  const rig = givenLab(
    open('acme/lab/free'),
    open('acme/lab/free/kept', { credits: { guarantee: 300 } }),
  );
  shows(rig.when(ask('a', { credits: 701 }), 'ann'), { outcome: 'denied', reason: 'never_fits' });
  shows(rig.when(ask('b', { credits: 700 }), 'ann'), { outcome: 'granted' });
  // The guarantee's own run does not compete with itself.
  const rival = givenLab(
    open('acme/lab/free'),
    open('acme/lab/free/kept', { credits: { guarantee: 300 } }),
  );
  shows(rival.when(ask('a', { credits: 1_000 }, { path: 'acme/lab/free/kept/s' }), 'ann'), {
    outcome: 'granted',
  });
});

test('O-04 never_fits forgets the guarantees of what has closed', () => {
  const rig = givenLab(open('acme/lab/kept', { credits: { guarantee: 300 } }));
  rig.when({ op: 'close', path: 'acme/lab/kept' });
  shows(rig.when(ask('a', { credits: 1_000 }), 'ann'), { outcome: 'granted' });
});

test('T-21 an item without a bound is bounded by policy, or denied unbounded', () => {
  const rig = givenLab();
  shows(rig.when(ask('a', { credits: {} }), 'ann'), { outcome: 'denied', reason: 'unbounded' });
  rig.when(policy({ bounds: { credits: 70 } }));
  shows(rig.when(ask('b', { credits: {} }), 'ann'), {
    outcome: 'granted',
    granted: { credits: 70 },
  });
});

test('T-21 what is asked on a resource or node that nobody knows', () => {
  const rig = givenLab();
  shows(
    rig.when(ask('a', { gold: 1 }), 'ann'),
    { outcome: 'refused', code: 'unknown_resource' },
    [],
  );
  shows(rig.when(ask('b', { credits: 1 }, { path: 'acme/lab/none/s' }), 'ann'), {
    outcome: 'denied',
    reason: 'unknown_node',
  });
  shows(rig.when(ask('c', { credits: 1 }, { path: 'acme/none' }), 'ann'), {
    outcome: 'denied',
    reason: 'unknown_node',
  });
});

test('T-18 autoOpen none, steps, runs', () => {
  const step = { path: 'acme/lab/new/s' };
  const none = givenLab(policy({ autoOpen: 'none' }));
  shows(none.when(ask('a', { credits: 1 }), 'ann'), { reason: 'unknown_node' });
  const runs = givenLab(policy({ autoOpen: 'runs' }));
  const shown = runs.when(ask('a', { credits: 1 }, step), 'ann');
  shows(shown, { outcome: 'granted' });
  assert.equal(the(shown.events, 'AllocationGranted').opened, [
    { path: 'acme/lab/new', tier: 'run' },
    { path: 'acme/lab/new/s', tier: 'step' },
  ]);
  const steps = givenLab();
  shows(steps.when(ask('a', { credits: 1 }, step), 'ann'), { reason: 'unknown_node' });
  shows(runs.when(ask('b', { credits: 1 }, { path: 'acme/lab/two' }), 'ann'), {
    outcome: 'granted',
  });
  assert.is(runs.team.nodes.get('acme/lab/two')?.tier, 'run');
});

test('T-18 an auto-opened step closes with its last allocation and may open again', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(ask('b', { credits: 20 }), 'ann');
  rig.when(settle('a', { credits: 5 }), 'ann');
  assert.ok(rig.team.nodes.has(STEP), 'one allocation is left');
  rig.when(settle('b', { credits: 20 }), 'ann');
  assert.not.ok(rig.team.nodes.has(STEP));
  assert.is(rig.team.nodes.get(RUN)?.accounts.get('credits')?.spent, 25, 'rolled up');
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('T-13 an auto-opened run stays when its last allocation ends', () => {
  const rig = givenLab(policy({ autoOpen: 'runs' }));
  rig.when(ask('a', { credits: 10 }, { path: 'acme/lab/two' }), 'ann');
  rig.when(settle('a', { credits: 5 }), 'ann');
  assert.is(rig.team.nodes.get('acme/lab/two')?.accounts.get('credits')?.spent, 5);
});

test('T-06 the deepest path is eight tiers; nothing opens beneath a step', () => {
  const deep = 'acme/lab/a/b/c/d/e/f';
  const rig = given(
    open('acme'),
    ...['acme/lab', 'acme/lab/a', 'acme/lab/a/b', 'acme/lab/a/b/c'].map((path) => open(path)),
    open('acme/lab/a/b/c/d'),
    open('acme/lab/a/b/c/d/e'),
    enrol('ann'),
  );
  shows(rig.when(ask('a', { credits: 1 }, { path: deep }), 'ann'), { outcome: 'granted' });
  assert.throws(() => rig.when(ask('b', { credits: 1 }, { path: `${deep}/g` }), 'ann'), /deeper/);
  shows(rig.when(open(deep.slice(0, -2), {})), { outcome: 'refused', code: 'node_exists' });
  shows(rig.when(open('acme/lab/a/s', {}, { tier: 'step' })), { outcome: 'opened', tier: 'step' });
  shows(rig.when(open('acme/lab/a/s/t')), { outcome: 'refused', code: 'parent_missing' });
  shows(rig.when(ask('c', { credits: 1 }, { path: 'acme/lab/a/s/t' }), 'ann'), {
    reason: 'unknown_node',
  });
});

test('R-08 a deadline that has passed is refused; one that cannot be met is denied', () => {
  const rig = givenLab();
  shows(
    rig.when(ask('a', { credits: 1 }, { deadlineMs: 0 }), 'ann'),
    { outcome: 'refused', code: 'deadline_past' },
    [],
  );
  shows(rig.when(ask('b', { credits: 1 }, { deadlineMs: 500, expectedMs: 501 }), 'ann'), {
    outcome: 'denied',
    reason: 'deadline_unreachable',
  });
  shows(rig.when(ask('c', { credits: 1 }, { deadlineMs: 500, expectedMs: 500 }), 'ann'), {
    outcome: 'granted',
  });
});

test('R-08 work whose length is not told is taken to last its lease', () => {
  const rig = givenLab();
  shows(rig.when(ask('a', { credits: 1 }, { deadlineMs: 500, ttlMs: 501 }), 'ann'), {
    reason: 'deadline_unreachable',
  });
  shows(rig.when(ask('b', { credits: 1 }, { deadlineMs: 500, ttlMs: 500 }), 'ann'), {
    outcome: 'granted',
  });
  // The default lease says nothing about the work.
  shows(rig.when(ask('c', { credits: 1 }, { deadlineMs: 500 }), 'ann'), { outcome: 'granted' });
});

test('K-01 every field of an ask is recorded', () => {
  const all: Required<
    Omit<ResourceAllocationRequest, 'path' | 'items' | 'topsUp' | 'anyOf' | 'instead'>
  > = {
    priority: 120,
    businessImpact: 7,
    deadlineMs: 90_000,
    expectedMs: 80,
    ttlMs: 900,
    maxWaitMs: 70,
    graceMs: 60,
    strategy: 'queue_and_wait',
    preemptible: false,
    reservationId: 'nightly',
    topUpLater: true,
  };
  const asked = ask('a', { credits: { amount: 5, min: 2 } }, all);
  const rig = givenLab({
    op: 'reserve',
    id: 'nightly',
    path: 'acme/lab',
    items: { credits: 9 },
    forMs: 900,
  });
  const { events } = rig.when(asked, 'ann');
  const { op, id, ...recorded } = asked;
  assert.equal(the(events, 'AllocationGranted').ask, recorded);
  // Pools are held in pools.test.ts: they do not go with a reservation; `instead` in breakers.test.ts.
  const others = ['topsUp', 'anyOf', 'instead'];
  const fields = Object.keys(Ask.shape).filter((field) => !others.includes(field));
  assert.equal(fields.sort(), Object.keys(recorded).sort());
});

test('T-05 a dry run answers what would be and records nothing', () => {
  const rig = givenLab();
  const dry = { dryRun: true };
  shows(
    rig.when(ask('a', { credits: 9 }, dry), 'ann'),
    { outcome: 'would_grant', partial: false },
    [],
  );
  shows(rig.when(ask('a', { credits: 900 }), 'ann'), { outcome: 'granted' });
  shows(
    rig.when(ask('a', { credits: 200 }, dry), 'ann'),
    { outcome: 'denied', reason: 'insufficient_credits' },
    [],
  );
  shows(
    rig.when(ask('b', { credits: { amount: 200, min: 50 } }, dry), 'ann'),
    { outcome: 'would_grant', granted: { credits: 100 }, partial: true },
    [],
  );
  shows(
    rig.when(ask('b', { credits: 200 }, { ...dry, maxWaitMs: 1_000 }), 'ann'),
    { outcome: 'would_queue', position: 1 },
    [],
  );
  shows(
    rig.when(ask('b', { credits: 200 }, { ...dry, priority: 'emergency' }), 'ann'),
    { outcome: 'would_preempt', victims: ['a'], graceMs: 0 },
    [],
  );
  shows(rig.when(ask('b', { gold: 1 }, dry), 'ann'), { code: 'unknown_resource' }, []);
});

test.run();
