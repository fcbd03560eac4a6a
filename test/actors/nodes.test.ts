import { DEFAULT_POLICY } from '../../events/policy.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, givenLab, open, policy, RUN, STEP, setLimits, settle } from './world.ts';

const test = suite('actors: nodes');

const creditsOf = (rig: TeamRig, path: string) => rig.team.nodes.get(path)?.accounts.get('credits');
const close = (path: string, more: { force?: boolean; graceMs?: number } = {}) =>
  ({ op: 'close', path, ...more }) as const;

test('T-13 open: tiers by depth, runs nest, a step may be opened by name', () => {
  const rig = given(open('acme'));
  shows(rig.when(open('acme')), { code: 'node_exists' }, []);
  shows(rig.when(open('acme/lab/run')), { code: 'parent_missing' }, []);
  shows(rig.when(open('acme/lab')), { outcome: 'opened', tier: 'swarm' });
  shows(rig.when(open('acme/lab/run')), { outcome: 'opened', tier: 'run' });
  shows(rig.when(open('acme/lab/run/sub')), { outcome: 'opened', tier: 'run' });
  shows(rig.when(open('acme/lab/run/s', {}, { tier: 'step' })), {
    outcome: 'opened',
    tier: 'step',
  });
  shows(rig.when(open('acme/lab/run/x', { gold: 1 })), { code: 'unknown_resource' }, []);
});

test('T-22 a guarantee is set aside on every tier above, and what does not fit is refused', () => {
  const rig = givenLab(setLimits('acme/lab', { credits: 500 }));
  shows(rig.when(open('acme/lab/x', { credits: { guarantee: 501 } })), {
    code: 'guarantee_does_not_fit',
  });
  shows(rig.when(open('acme/lab/x', { credits: { limit: 10, guarantee: 11 } })), {
    code: 'guarantee_does_not_fit',
  });
  shows(rig.when(open('acme/lab/x', { credits: { guarantee: 500 } })), { outcome: 'opened' });
  assert.equal(
    [creditsOf(rig, 'acme/lab')?.committed, creditsOf(rig, 'acme')?.committed],
    [500, 500],
  );
  shows(rig.when(setLimits('acme/lab/x', { credits: { guarantee: 200 } })), {
    outcome: 'limits_set',
  });
  assert.is(creditsOf(rig, 'acme')?.committed, 200);
  shows(rig.when(ask('a', { credits: 250 }, { path: 'acme/lab/x/s' }), 'ann'), {
    outcome: 'granted',
  });
  // Only the growth beyond what is committed already is asked of the parent.
  shows(rig.when(setLimits('acme/lab/x', { credits: { guarantee: 500 } })), {
    outcome: 'limits_set',
  });
  assert.is(creditsOf(rig, 'acme')?.committed, 500);
  shows(rig.when(setLimits('acme/lab/x', { credits: { guarantee: 501 } })), {
    code: 'guarantee_does_not_fit',
  });
});

test('§6.6 a limit cut below use is accepted: the node is short and admits nothing', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 600 }), 'ann');
  shows(rig.when(setLimits('acme', { credits: 500 })), { outcome: 'limits_set' });
  const { answer } = rig.when({ op: 'balance', path: 'acme' });
  assert.ok(answer.outcome === 'balance');
  const line = answer.lines.find(({ resource }) => resource === 'credits');
  assert.equal([line?.available, line?.effectiveAvailable, line?.short], [0, 0, true]);
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'denied' });
  rig.when(settle('a', { credits: 499 }), 'ann');
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('T-06 effective limit and room are the tightest over the path', () => {
  const rig = givenLab(setLimits(RUN, { credits: 2_000 }), setLimits('acme/lab', { credits: 700 }));
  rig.when(ask('a', { credits: 300 }), 'ann');
  const { answer } = rig.when({ op: 'balance', path: RUN }, 'ann');
  assert.ok(answer.outcome === 'balance');
  const [line] = answer.lines;
  assert.equal(
    [line?.limit, line?.effectiveLimit, line?.available, line?.effectiveAvailable],
    [2_000, 700, 1_700, 400],
  );
  shows(rig.when({ op: 'balance', path: 'acme/none' }, 'ann'), { code: 'unknown_node' }, []);
});

test('T-06 room over a path counts what a guarantee keeps, exactly, beyond 2^52 too', () => {
  const huge = Number.MAX_SAFE_INTEGER;
  const rig = given(
    open('acme', { credits: huge }),
    open('acme/lab', { credits: { guarantee: 7 } }),
    open('acme/two'),
  );
  rig.when({ op: 'charge', id: 'c', path: 'acme/two', amounts: { credits: huge - 10 } });
  const room = (path: string) => {
    const { answer } = rig.when({ op: 'balance', path });
    return answer.outcome === 'balance' ? answer.lines[0]?.effectiveAvailable : answer;
  };
  assert.equal([room('acme'), room('acme/lab'), room('acme/two')], [3, 10, 3]);
});

test('INV-1 a closed step hands up what it has used to the credit, beyond 2^52 too', () => {
  const huge = Number.MAX_SAFE_INTEGER;
  const rig = givenLab(setLimits('acme', { credits: huge }));
  rig.when(ask('a', { credits: 1 }, { path: `${RUN}/other` }), 'ann');
  rig.when(ask('b', { credits: huge - 1 }), 'ann');
  rig.when(settle('b', { credits: huge - 1 }), 'ann');
  assert.is(rig.team.nodes.has(STEP), false, 'the step has closed');
  for (const path of [RUN, 'acme/lab', 'acme']) {
    assert.is(creditsOf(rig, path)?.committed, huge, path);
  }
});

test("T-04 overcommit refuse: children's limits may not add up to more than the parent's", () => {
  const rig = givenLab(
    policy({ overcommit: 'refuse' }),
    setLimits('acme/lab', { credits: 500 }),
    setLimits(RUN, { credits: 300 }),
  );
  shows(rig.when(open('acme/lab/x', { credits: 201 })), { code: 'overcommit_refused' }, []);
  shows(rig.when(open('acme/lab/x', { credits: 200 })), { outcome: 'opened' });
  shows(rig.when(setLimits(RUN, { credits: 301 })), { code: 'overcommit_refused' }, []);
  const topUp = { op: 'topUp', id: 't', path: RUN, amounts: { credits: 1 } } as const;
  shows(rig.when(topUp), { code: 'overcommit_refused' }, []);
  rig.when(policy({}));
  shows(rig.when(topUp), { outcome: 'topped_up' });
  rig.when(policy({ overcommit: 'refuse' }));
  // It is about limits: a guarantee may still be changed.
  shows(rig.when(setLimits(RUN, { credits: { guarantee: 5 } })), { outcome: 'limits_set' });
});

test('T-03 topUp adds to the base limit; not to none, not beyond the range', () => {
  const rig = givenLab();
  const topUp = (id: string, path: string, credits: number) =>
    ({ op: 'topUp', id, path, amounts: { credits } }) as const;
  shows(rig.when(topUp('a', 'acme', 5)), { outcome: 'topped_up' });
  assert.is(creditsOf(rig, 'acme')?.limit, 1_005);
  shows(rig.when(topUp('b', RUN, 5)), { code: 'unknown_resource' }, []);
  shows(rig.when(topUp('c', 'acme', Number.MAX_SAFE_INTEGER)), { code: 'amount_out_of_range' });
  shows(rig.when(topUp('d', 'acme/none', 5)), { code: 'unknown_node' });
});

test('§5 close with nothing alive: closed at once, its use is its parent’s, its guarantee returns', () => {
  const rig = givenLab(setLimits(RUN, { credits: { guarantee: 400 } }));
  rig.when(ask('a', { credits: 100 }), 'ann');
  rig.when(settle('a', { credits: 70 }), 'ann');
  shows(rig.when(close(RUN)), { outcome: 'closed', path: RUN }, ['NodeClosing', 'NodeClosed']);
  assert.equal([creditsOf(rig, 'acme/lab')?.spent, creditsOf(rig, 'acme')?.committed], [70, 70]);
  shows(rig.when(open(RUN)), { code: 'node_closed' }, []);
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'denied', reason: 'unknown_node' });
  shows(rig.when(ask('c', { credits: 1 }, { path: RUN }), 'ann'), {
    outcome: 'denied',
    reason: 'node_closed',
  });
});

test('§5 close with live allocations: nothing new, everything else goes on, closed with the last', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }), 'ann');
  rig.when(ask('b', { credits: 100 }), 'ann');
  shows(rig.when(close(RUN)), { outcome: 'closing', liveAllocations: 2 }, ['NodeClosing']);
  shows(rig.when(close(RUN)), { code: 'node_closing' }, []);
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'denied', reason: 'closing' });
  shows(rig.when(open(`${RUN}/x`)), { code: 'node_closing' }, []);
  shows(rig.when({ op: 'resize', allocation: 'a', items: { credits: 101 } }, 'ann'), {
    code: 'node_closing',
  });
  shows(rig.when({ op: 'resize', allocation: 'a', items: { credits: 99 } }, 'ann'), {
    outcome: 'resized',
  });
  shows(rig.when({ op: 'renew', allocation: 'a', byMs: 10 }, 'ann'), { outcome: 'renewed' });
  shows(rig.when({ op: 'report', allocation: 'a', used: { credits: 1 } }, 'ann'), {
    outcome: 'reported',
  });
  rig.when(settle('a', { credits: 1 }), 'ann');
  assert.ok(rig.team.nodes.has(RUN));
  shows(rig.when(settle('b', { credits: 1 }), 'ann'), { outcome: 'settled' }, [
    'AllocationEnded',
    'NodeClosed',
  ]);
  assert.not.ok(rig.team.nodes.has(RUN));
});

test('§5 close force fences the rest, at once or after its grace', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }), 'ann');
  shows(rig.when(close(RUN, { force: true, graceMs: 500 })), {
    outcome: 'closing',
    liveAllocations: 1,
  });
  assert.equal(rig.pass(499), []);
  const events = rig.pass(1);
  assert.equal([the(events, 'AllocationEnded').as, events.at(-1)?.type], ['fenced', 'NodeClosed']);

  const now = givenLab();
  now.when(ask('a', { credits: 100 }), 'ann');
  shows(now.when(close(RUN)), { outcome: 'closing' });
  shows(now.when(close(RUN, { force: true })), { outcome: 'closed' });
  assert.not.ok(now.team.nodes.has(RUN));
});

test('§5 close takes what is beneath it along, and never waits for who waits', () => {
  const rig = givenLab(open(`${RUN}/sub`), open(`${RUN}/sub/deep`, { credits: { guarantee: 50 } }));
  rig.when(ask('a', { credits: 950 }, { path: `${RUN}/sub/s` }), 'ann');
  rig.when(ask('w', { credits: 500 }, { path: `${RUN}/sub/deep/s`, maxWaitMs: 9_000 }), 'ann');
  shows(rig.when(close(RUN, { force: true })), { outcome: 'closed' });
  assert.equal([...rig.team.nodes.keys()], ['acme', 'acme/lab']);
  assert.equal([rig.team.waiting.size, creditsOf(rig, 'acme')?.committed], [0, 0]);
  assert.is(rig.team.contests.size, 0);
});

test('§5 fencing more than goes into one block is done in several', () => {
  const rig = givenLab(setLimits('acme', { concurrency: 1_000 }));
  for (let n = 0; n < 300; n += 1) {
    rig.when(ask(`a${n}`, { concurrency: 1 }, { path: `${RUN}/s${n % 7}` }), 'ann');
  }
  shows(rig.when(close(RUN, { force: true })), { outcome: 'closed' });
  assert.is(rig.eventsOf('AllocationEnded').length, 300);
});

test('§5 a step closed by command keeps its name, though a request had opened it', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1 }), 'ann');
  shows(rig.when(close(STEP)), { outcome: 'closing' });
  rig.when(settle('a', { credits: 1 }), 'ann');
  assert.not.ok(rig.team.nodes.has(STEP));
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'denied', reason: 'node_closed' });
});

test('§5 a team that was closed does not open again', () => {
  const rig = givenLab();
  shows(rig.when(close('acme')), { outcome: 'closed' });
  shows(rig.when(open('acme')), { code: 'node_closed' }, []);
  shows(rig.when(ask('a', { credits: 1 }), 'ann'), { outcome: 'denied', reason: 'node_closed' });
});

test('T-18 a step that somebody configured or froze does not close by itself', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(setLimits(STEP, { credits: 20 }));
  rig.when(ask('w', { credits: 15 }, { maxWaitMs: 9_000 }), 'ann');
  rig.when(settle('a', { credits: 1 }), 'ann');
  assert.ok(rig.team.allocations.has('w'), 'who waited on it was served');
  rig.when(settle('w', { credits: 1 }), 'ann');
  assert.ok(rig.team.nodes.has(STEP));

  const frozen = givenLab();
  frozen.when(ask('a', { credits: 10 }), 'ann');
  frozen.when({ op: 'freeze', path: STEP, id: 'fr' });
  frozen.when(settle('a', { credits: 1 }), 'ann');
  shows(frozen.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'denied', reason: 'frozen' });
  frozen.when({ op: 'unfreeze', path: STEP, freeze: 'fr' });
  assert.not.ok(frozen.team.nodes.has(STEP), 'idle and free: closed');
  shows(frozen.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('T-18 who waits for a step that no request may open is denied when it closes', () => {
  const rig = givenLab();
  rig.when(ask('full', { credits: 1_000 }, { path: `${RUN}/other` }), 'ann');
  rig.when(ask('a', { memory: 1 }), 'ann');
  rig.when(ask('w', { credits: 1 }, { maxWaitMs: 9_000 }), 'ann');
  rig.when(policy({ autoOpen: 'none' }));
  assert.ok(rig.team.waiting.has('w'));
  const events = rig.when(settle('a', { credits: 0 }), 'ann').events;
  assert.is(the(events, 'RequestDenied').reason, 'unknown_node');
});

test('T-18 a step on which a request collects stays until that is over', () => {
  const rig = givenLab();
  rig.when(
    ask('v', { credits: 900 }, { path: `${RUN}/v`, graceMs: 5_000, priority: 'low' }),
    'ann',
  );
  rig.when(ask('s', { credits: 50 }), 'ann');
  rig.when(ask('b', { credits: 500 }, { priority: 'emergency', maxWaitMs: 9_000 }), 'bob');
  rig.when(settle('s', { credits: 0 }), 'ann');
  assert.ok(rig.team.nodes.has(STEP));
  rig.when({ op: 'cancel', request: 'b' }, 'bob');
  assert.not.ok(rig.team.nodes.has(STEP));
});

test('T-04 setPolicy is of the team; a later grant obeys it', () => {
  const rig = givenLab();
  shows(rig.when({ ...policy({}), path: 'acme/lab' }), { code: 'malformed' }, []);
  shows(rig.when(policy({ priorityMax: 50 })), { outcome: 'policy_set' }, ['PolicySet']);
  rig.when(enrol('eve', { priorityMax: undefined }));
  assert.is(rig.team.policy.priorityMax, 50);
});

test('T-04 a policy is set for the version that its author saw, or not at all', () => {
  const rig = given(open('acme'));
  const read = { op: 'policy', path: 'acme' } as const;
  shows(rig.when(read), { outcome: 'policy', version: 0 }, []);
  const why = { comment: 'more at night', preset: 'guarded', ifVersion: 0 };
  shows(rig.when({ ...policy({ autoOpen: 'runs' }), ...why }), {
    outcome: 'policy_set',
    version: 1,
  });
  const dry = { ...policy({ autoOpen: 'none' }), dryRun: true };
  shows(rig.when({ ...dry, id: 'd' }), { outcome: 'would_set_policy', version: 2 }, []);
  shows(rig.when({ ...dry, ifVersion: 0 }), { code: 'version_conflict' }, []);
  // Another operator has looked before that.
  const late = rig.when({ ...policy({ autoOpen: 'none' }), ifVersion: 0 });
  shows(late, { code: 'version_conflict', class: 'state', retryable: false }, []);
  const shown = { version: 1, by: 'operator', comment: 'more at night', preset: 'guarded' };
  shows(rig.when(read), shown, []);
  assert.is(rig.team.policy.autoOpen, 'runs');
  shows(rig.when({ ...policy({ autoOpen: 'none' }), ifVersion: 1 }), { version: 2 }, ['PolicySet']);
  shows(rig.when({ op: 'policy', path: 'acme/lab' }), { code: 'malformed' }, []);
});

test('T-04 policies of old logs, which have no number, are counted', () => {
  const rig = given(open('acme'));
  const stamped = { type: 'PolicySet', v: 1, team: 'acme', atMs: rig.nowMs } as const;
  rig.record({ ...stamped, policy: DEFAULT_POLICY });
  rig.record({ ...stamped, policy: DEFAULT_POLICY });
  shows(rig.when({ ...policy({}), ifVersion: 2 }), { version: 3 });
  assert.throws(
    () => rig.record({ ...stamped, policy: DEFAULT_POLICY, version: 7 }),
    /7 follows 3/,
  );
});

test.run();
