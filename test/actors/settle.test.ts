import { assert, suite } from '../harness/suite.ts';
import { shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, policy, RUN, release, STEP, setLimits, settle } from './world.ts';

const test = suite('actors: settle');

const creditsOf = (rig: TeamRig, path: string) => rig.team.nodes.get(path)?.accounts.get('credits');

test('R-02 a settle books the real use on every tier once and returns the rest', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 300, concurrency: 2 }), 'ann');
  shows(
    rig.when(settle('a', { credits: 120 }), 'ann'),
    { outcome: 'settled', booked: { credits: 120 }, estimated: false, late: false },
    ['AllocationEnded'],
  );
  for (const path of ['acme', 'acme/lab', RUN]) {
    assert.is(creditsOf(rig, path)?.committed, 120, path);
    assert.is(creditsOf(rig, path)?.spentTree, 120, path);
  }
  const slots = rig.team.nodes.get('acme')?.accounts.get('concurrency');
  assert.is(slots?.committed, 0, 'capacity comes back');
  assert.is(slots?.peakHeld, 2);
});

test('§6.5 use told of what was never held stays booked, whoever ends the allocation', () => {
  const rig = givenLab();
  rig.when(ask('a', { tool_calls: 2 }, { ttlMs: 1_000 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 8 } }, 'ann');
  const ended = the(rig.pass(1_000), 'AllocationEnded');
  assert.equal([ended.booked, ended.overrun], [{ credits: 8 }, { credits: 8 }]);
  const late = rig.when(settle('a', 'unknown'), 'ann');
  shows(late, { outcome: 'settled', booked: { tool_calls: 2 } }, ['LateSettled']);
  assert.is(creditsOf(rig, 'acme')?.spentTree, 8);
  rig.when(ask('b', { tool_calls: 2 }), 'ann');
  rig.when({ op: 'report', allocation: 'b', used: { credits: 5 } }, 'ann');
  shows(rig.when(settle('b', { tool_calls: 1 }), 'ann'), {
    outcome: 'settled',
    booked: { tool_calls: 1, credits: 5 },
    overrun: { credits: 5 },
    estimated: true,
  });
});

test('§6.1 a release names what was reported beyond the hold', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 15 } }, 'ann');
  const ended = the(rig.when(release('a'), 'ann').events, 'AllocationEnded');
  assert.equal([ended.booked, ended.overrun], [{ credits: 15 }, { credits: 5 }]);
});

test('§6.1 over-settle: booked in full on every tier, the excess named, tiers below zero short', () => {
  const rig = givenLab(setLimits(RUN, { credits: 100 }));
  rig.when(ask('a', { credits: 100 }), 'ann');
  const shown = rig.when(settle('a', { credits: 130 }), 'ann');
  shows(shown, { outcome: 'settled', booked: { credits: 130 }, overrun: { credits: 30 } });
  assert.is(creditsOf(rig, RUN)?.committed, 130);
  assert.is(creditsOf(rig, 'acme')?.committed, 130);
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), {
    outcome: 'denied',
    short: [{ path: RUN, resource: 'credits', needed: 1, available: 0 }],
  });
  // Nothing at all still fits a short node.
  shows(rig.when(ask('c', { credits: 0, memory: 5 }), 'ann'), { outcome: 'granted' });
});

test('§6.1 use of a resource that was not held is booked too', () => {
  const rig = givenLab();
  rig.when(ask('a', { memory: 5 }), 'ann');
  shows(rig.when(settle('a', { credits: 7 }), 'ann'), {
    booked: { credits: 7 },
    overrun: { credits: 7 },
  });
  assert.is(creditsOf(rig, 'acme')?.spentTree, 7);
});

test('§6.1 an overrun above the policy freezes the run, and the settle says that it is booked', () => {
  const rig = givenLab(policy({ overrunMax: { credits: 10 } }));
  rig.when(ask('a', { credits: 50 }), 'ann');
  rig.when(ask('b', { credits: 50 }), 'ann');
  shows(rig.when(settle('a', { credits: 60 }), 'ann'), { outcome: 'settled' }, ['AllocationEnded']);
  const shown = rig.when(settle('b', { credits: 61 }, { id: 's' }), 'ann');
  shows(shown, { outcome: 'settled', id: 's', booked: { credits: 61 } }, [
    'AllocationEnded',
    'Frozen',
  ]);
  assert.is(the(shown.events, 'Frozen').path, RUN);
  shows(rig.when(settle('b', { credits: 61 }, { id: 's' }), 'ann'), {
    outcome: 'settled',
    replayed: true,
    booked: { credits: 61 },
  });
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'denied', reason: 'frozen' });
});

for (const [how, end] of [
  ['expiry', (rig: TeamRig) => rig.pass(60_000)],
  ['release', (rig: TeamRig) => rig.when(release('a'), 'ann')],
  [
    'preemption',
    (rig: TeamRig) =>
      rig.when(
        ask('vip', { credits: 900 }, { priority: 'emergency', path: `${RUN}/other` }),
        'bob',
      ),
  ],
  [
    'fencing',
    (rig: TeamRig) => {
      rig.when({ op: 'stop', path: 'acme', below: 'all', ackMs: 100 });
      rig.pass(100);
    },
  ],
] as const) {
  test(`§6.2 late settle after ${how}: accepted once and booked in full`, () => {
    const rig = givenLab();
    rig.when(ask('a', { credits: 200 }), 'ann');
    end(rig);
    assert.not.ok(rig.team.allocations.has('a'));
    const before = creditsOf(rig, 'acme')?.spentTree ?? 0;
    const late = settle('a', { credits: 250 }, { id: 'late' });
    shows(rig.when(late, 'ann'), { outcome: 'settled', booked: { credits: 250 }, late: true }, [
      'LateSettled',
    ]);
    assert.is(creditsOf(rig, 'acme')?.spentTree, before + 250);
    shows(rig.when(late, 'ann'), { outcome: 'settled', replayed: true }, []);
    shows(rig.when(settle('a', { credits: 250 }), 'ann'), { replayed: true, late: true }, []);
    shows(rig.when(settle('a', { credits: 9 }), 'ann'), { code: 'id_conflict' }, []);
    assert.is(creditsOf(rig, 'acme')?.spentTree, before + 250, 'once');
  });
}

test('§6.2 late settle after an unclaimed grant was revoked', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(ask('b', { credits: 10 }, { maxWaitMs: 5_000 }), 'bob');
  rig.when(release('a'), 'ann');
  for (let round = 0; round < 3; round += 1) rig.pass(30_000);
  assert.not.ok(rig.team.allocations.has('b'));
  shows(rig.when(settle('b', { credits: 4 }), 'bob'), { outcome: 'settled', late: true });
  assert.is(creditsOf(rig, 'acme')?.spentTree, 4);
});

test('§6.2 a late release is a no-op that says how it ended', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  rig.when(settle('a', { credits: 5 }), 'ann');
  shows(
    rig.when(release('a'), 'ann'),
    { outcome: 'ended', as: 'settled', booked: { credits: 5 } },
    [],
  );
});

test('§6.3 a settle repeated with or without an id is answered as before, another is a conflict', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  const first = rig.when(settle('a', { credits: 50 }, { id: 's1' }), 'ann');
  for (const again of [{ id: 's1' }, {}, { id: 's2' }]) {
    const repeat = rig.when(settle('a', { credits: 50 }, again), 'ann');
    assert.equal(repeat.answer, { ...first.answer, replayed: true });
    assert.equal(repeat.events, []);
  }
  for (const again of [{ id: 's1' }, {}, { id: 's3' }]) {
    shows(rig.when(settle('a', { credits: 51 }, again), 'ann'), { code: 'id_conflict' }, []);
  }
});

test('§6.5 unknown use books what was reported, else what was held; it is marked estimated', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200, tool_calls: 9 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 70 } }, 'ann');
  shows(rig.when(settle('a', 'unknown'), 'ann'), {
    booked: { credits: 70, tool_calls: 9 },
    estimated: true,
  });
  rig.when(ask('b', { credits: 200, tool_calls: 9 }), 'ann');
  shows(rig.when(settle('b', { tool_calls: 1 }), 'ann'), {
    booked: { credits: 200, tool_calls: 1 },
    estimated: true,
  });
  rig.when(ask('c', { credits: 200 }), 'ann');
  shows(rig.when(settle('c', { credits: 'unknown' }), 'ann'), {
    booked: { credits: 200 },
    estimated: true,
  });
});

test('§6.5 explicit zero stays zero, in a settle and in a report', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  shows(rig.when(settle('a', { credits: 0 }), 'ann'), { booked: { credits: 0 }, estimated: false });
  rig.when(ask('b', { credits: 200 }), 'ann');
  rig.when({ op: 'report', allocation: 'b', used: { credits: 0 } }, 'ann');
  shows(rig.when(settle('b', 'unknown'), 'ann'), { booked: { credits: 0 }, estimated: true });
  rig.when(ask('c', { credits: 200 }), 'ann');
  rig.when({ op: 'report', allocation: 'c', used: { credits: 0 } }, 'ann');
  rig.pass(60_000);
  shows(rig.when(settle('c', 'unknown'), 'ann'), { booked: {}, late: true, estimated: true });
  assert.is(creditsOf(rig, 'acme')?.spentTree, 0);
});

test('§6.5 a late unknown use books what was held', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  rig.pass(60_000);
  shows(rig.when(settle('a', 'unknown'), 'ann'), {
    booked: { credits: 200 },
    late: true,
    estimated: true,
  });
});

test('§6.5 a report is booked at expiry, and the settle after it books the difference', () => {
  const up = givenLab();
  up.when(ask('a', { credits: 200 }), 'ann');
  up.when({ op: 'report', allocation: 'a', used: { credits: 150 } }, 'ann');
  const ended = the(up.pass(60_000), 'AllocationEnded');
  assert.equal([ended.as, ended.booked, ended.estimated], ['expired', { credits: 150 }, true]);
  shows(up.when(settle('a', { credits: 180 }), 'ann'), { booked: { credits: 30 } });
  assert.is(creditsOf(up, 'acme')?.spentTree, 180);

  const down = givenLab();
  down.when(ask('a', { credits: 200 }), 'ann');
  down.when({ op: 'report', allocation: 'a', used: { credits: 150 } }, 'ann');
  down.pass(60_000);
  const late = the(down.when(settle('a', { credits: 40 }), 'ann').events, 'LateSettled');
  assert.equal([late.booked, late.returned], [{}, { credits: 110 }]);
  assert.is(creditsOf(down, 'acme')?.spentTree, 40);
});

test('§6.5 what a late settle returns comes from where the use lies, not from a reopened step', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 150 } }, 'ann');
  rig.pass(60_000);
  assert.not.ok(rig.team.nodes.has(STEP), 'closed with its allocation');
  rig.when(ask('b', { credits: 10 }), 'ann');
  const late = the(rig.when(settle('a', { credits: 40 }), 'ann').events, 'LateSettled');
  assert.is(late.path, RUN);
  assert.is(creditsOf(rig, STEP)?.spent, 0);
  assert.is(creditsOf(rig, RUN)?.spent, 40);
  assert.is(creditsOf(rig, 'acme')?.committed, 50);
});

test('§6.2 a late settle of a closed run is booked on its swarm', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  rig.when({ op: 'close', path: RUN, force: true });
  const late = the(rig.when(settle('a', { credits: 40 }), 'ann').events, 'LateSettled');
  assert.is(late.path, 'acme/lab');
  assert.is(creditsOf(rig, 'acme/lab')?.spent, 40);
});

test('§6.2 a late settle after the whole team has closed is refused: no books are left', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  rig.when({ op: 'close', path: 'acme', force: true });
  shows(rig.when(settle('a', { credits: 40 }), 'ann'), { code: 'node_closed' }, []);
});

test('§6.1 implausible use is not booked: quarantined, the run frozen, an alarm; once', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }), 'ann');
  const shown = rig.when(settle('a', { credits: 1_001 }, { id: 's' }), 'ann');
  shows(shown, { outcome: 'refused', code: 'implausible_amount', id: 's' }, [
    'UsageQuarantined',
    'Frozen',
  ]);
  assert.is(the(shown.events, 'Frozen').path, RUN);
  assert.equal(rig.when(settle('a', { credits: 1_001 }, { id: 's' }), 'ann').answer, {
    ...shown.answer,
    replayed: true,
  } as never);
  shows(rig.when(settle('a', { credits: 1_001 }), 'ann'), { code: 'implausible_amount' }, []);
  assert.is(creditsOf(rig, 'acme')?.spentTree, 0);
  assert.ok(rig.team.allocations.has('a'), 'it lives on');
  shows(rig.when({ op: 'charge', id: 'c', path: RUN, amounts: { credits: 1_001 } }), {
    outcome: 'charged',
  });
  assert.is(creditsOf(rig, 'acme')?.spentTree, 1_001, 'an operator books it');
});

test('§6.1 policy settleMax bounds a settle below the limit of the root; the bound itself is fine', () => {
  const rig = givenLab(policy({ settleMax: { credits: 60 } }));
  rig.when(ask('a', { credits: 100 }), 'ann');
  rig.when(ask('b', { credits: 100 }), 'ann');
  shows(rig.when(settle('a', { credits: 60 }), 'ann'), { outcome: 'settled' });
  shows(rig.when(settle('b', { credits: 61 }), 'ann'), { code: 'implausible_amount' });
});

test('§6.1 a report is no way around it: an implausible one is quarantined and never booked', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }), 'ann');
  shows(
    rig.when({ op: 'report', allocation: 'a', used: { credits: 1_001 } }, 'ann'),
    { code: 'implausible_amount' },
    ['UsageQuarantined', 'Frozen'],
  );
  rig.pass(60_000);
  assert.is(creditsOf(rig, 'acme')?.spentTree, 0);
});

test('§6.1 a peak of a capacity is no use that could be implausible', () => {
  const rig = givenLab();
  rig.when(ask('a', { concurrency: 1 }), 'ann');
  const report = { op: 'report', allocation: 'a', used: { concurrency: 9 } } as const;
  shows(rig.when(report, 'ann'), { outcome: 'reported', overrun: true });
});

test('§6.1 implausible use outside a run freezes nothing above it', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }), 'ann');
  rig.when({ op: 'close', path: RUN, force: true });
  shows(rig.when(settle('a', { credits: 1_001 }), 'ann'), { code: 'implausible_amount' }, [
    'UsageQuarantined',
  ]);
});

test('§2 a settle that leaves the range of integers is refused and changes nothing', () => {
  const rig = givenLab(setLimits('acme', { credits: { limit: null } }));
  rig.when({ op: 'charge', id: 'c', path: RUN, amounts: { credits: 9e15 } });
  rig.when(ask('a', { credits: 100 }), 'ann');
  shows(rig.when(settle('a', { credits: 9e15 }), 'ann'), { code: 'amount_out_of_range' }, []);
  shows(rig.when(settle('a', { credits: 5 }), 'ann'), { outcome: 'settled' });
});

test('§2 reports that no account can hold are set apart when their allocations end', () => {
  const rig = givenLab(setLimits('acme', { credits: { limit: null } }));
  for (const id of ['a', 'b', 'c']) {
    rig.when(ask(id, { credits: 100 }), 'ann');
    rig.when({ op: 'report', allocation: id, used: { credits: 4e15 } }, 'ann');
  }
  rig.when({ op: 'stop', path: 'acme', below: 'all', ackMs: 10 });
  const events = rig.pass(10);
  const booked = events.flatMap((event) =>
    event.type === 'AllocationEnded' ? [event.booked['credits'] ?? null] : [],
  );
  assert.equal(booked, [4e15, 4e15, null]);
  assert.is(the(events, 'UsageQuarantined').allocation, 'c');
});

test('§6.5 adjust trues an ended allocation up and down; a live one is refused', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 200 }), 'ann');
  const adjust = (id: string, credits: number) =>
    ({ op: 'adjust', id, allocation: 'a', actual: { credits } }) as const;
  shows(rig.when(adjust('j0', 5)), { code: 'allocation_live' }, []);
  rig.when(settle('a', { credits: 100 }), 'ann');
  shows(rig.when(adjust('j1', 130)), { outcome: 'adjusted', more: { credits: 30 }, less: {} });
  assert.is(creditsOf(rig, 'acme')?.spentTree, 130);
  shows(rig.when(adjust('j2', 20)), { outcome: 'adjusted', more: {}, less: { credits: 110 } });
  assert.is(creditsOf(rig, 'acme')?.spentTree, 20);
  shows(rig.when(adjust('j2', 20)), { replayed: true, less: { credits: 110 } }, []);
  shows(rig.when(settle('a', { credits: 100 }), 'ann'), { replayed: true }, []);
  shows(rig.when({ ...adjust('j3', 1), actual: { memory: 1 } }), { code: 'unknown_resource' });
  shows(rig.when({ ...adjust('j4', 1), allocation: 'none' }), { code: 'unknown_allocation' });
});

test('R-03 charge books without an allocation, below zero too', () => {
  const rig = givenLab(setLimits(RUN, { credits: 10 }));
  const charge = { op: 'charge', id: 'c', path: RUN, amounts: { credits: 15 } } as const;
  shows(rig.when(charge), { outcome: 'charged', path: RUN });
  assert.is(creditsOf(rig, RUN)?.committed, 15);
  shows(rig.when(charge), { outcome: 'charged', replayed: true }, []);
  shows(rig.when({ ...charge, id: 'd', amounts: { memory: 1 } }), { code: 'unknown_resource' });
  shows(rig.when({ ...charge, id: 'd', path: 'acme/none' }), { code: 'unknown_node' });
  shows(rig.when({ ...charge, id: 'd', amounts: { credits: Number.MAX_SAFE_INTEGER } }), {
    code: 'amount_out_of_range',
  });
});

test('§5 settle, release, renew, report, resize of what is not known or of somebody else', () => {
  const rig = givenLab(open('acme/lab/two'));
  rig.when(ask('a', { credits: 200 }), 'ann');
  rig.when(ask('full', { credits: 800 }), 'ann');
  rig.when(ask('w', { credits: 900 }, { maxWaitMs: 1_000 }), 'ann');
  for (const make of [
    (allocation: string) => settle(allocation, { credits: 1 }),
    (allocation: string) => release(allocation),
    (allocation: string) => ({ op: 'renew', allocation, byMs: 100 }) as const,
    (allocation: string) => ({ op: 'report', allocation, used: { credits: 1 } }) as const,
    (allocation: string) => ({ op: 'resize', allocation, items: { credits: 1 } }) as const,
  ]) {
    shows(rig.when(make('none'), 'ann'), { code: 'unknown_allocation' }, []);
    shows(rig.when(make('w'), 'ann'), { code: 'unknown_allocation' }, []);
    shows(rig.when(make('a'), 'bob'), { code: 'not_permitted' }, []);
  }
  shows(rig.when(settle('a', { gold: 1 }), 'ann'), { code: 'unknown_resource' }, []);
  shows(rig.when(settle('a', { credits: 1 })), { outcome: 'settled' });
  shows(rig.when(settle('a', { credits: 1 }), 'bob'), { code: 'not_permitted' }, []);
});

test.run();
