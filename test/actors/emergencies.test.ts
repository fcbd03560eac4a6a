import { decideEmergencies } from '../../actors/decide-read.ts';
import { emergencyOf } from '../../actors/emergencies/emergency.ts';
import { Command } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { START_MS, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, givenLab, open, policy, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: emergencies');

const LADDER = [
  { kind: 'notice', onPermille: 600, offPermille: 550 },
  { kind: 'warning', onPermille: 750, offPermille: 700 },
  { kind: 'critical', onPermille: 900, offPermille: 850 },
  { kind: 'exhausted', onPermille: 1000, offPermille: 990 },
] as const;
const ladder = policy({ ladder: [...LADDER] });

/** Thresholds of a path that were crossed (+) and re-armed (−), in order. */
function rungs(rig: TeamRig, path: string): string[] {
  return rig.recorded.flatMap(({ event }) => {
    if (event.type === 'ThresholdCrossed' && event.path === path) return [`+${event.kind}`];
    if (event.type === 'ThresholdRearmed' && event.path === path) return [`-${event.rung}`];
    return [];
  });
}

test('D-03 X-01 thresholds fire on the way up, once, at their value exactly', () => {
  const rig = givenLab(ladder);
  rig.when(ask('a', { credits: 599 }), 'ann');
  assert.equal(rungs(rig, 'acme'), []);
  rig.when(ask('b', { credits: 1 }), 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice']);
  rig.when(ask('c', { credits: 149 }), 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice']);
  rig.when(ask('d', { credits: 251 }), 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice', '+warning', '+critical', '+exhausted']);
  const last = rig.eventsOf('ThresholdCrossed').at(-1);
  assert.equal([last?.usePermille, last?.limit, last?.rung], [1_000, 1_000, 4]);
});

test('X-01 hysteresis: a threshold re-arms below its lower bound only', () => {
  const rig = givenLab(ladder);
  rig.when(ask('a', { credits: 550 }), 'ann');
  rig.when(ask('b', { credits: 60 }), 'ann');
  rig.when(release('b'), 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice'], '55 % is not below 55 %');
  rig.when(ask('c', { credits: 60 }), 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice'], 'not told again');
  rig.when(release('c'), 'ann');
  rig.when({ op: 'resize', allocation: 'a', items: { credits: 549 } }, 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice', '-1']);
  rig.when(ask('d', { credits: 60 }), 'ann');
  assert.equal(rungs(rig, 'acme'), ['+notice', '-1', '+notice']);
});

test('X-01 thresholds are of consumables of team and swarm, with a limit of their own', () => {
  const rig = givenLab(
    ladder,
    setLimits('acme/lab', { credits: 100 }),
    setLimits(RUN, { credits: 100 }),
  );
  rig.when(ask('a', { credits: 80, concurrency: 4 }), 'ann');
  assert.equal(rungs(rig, 'acme'), []);
  assert.equal(rungs(rig, 'acme/lab'), ['+notice', '+warning']);
  assert.equal(rungs(rig, RUN), []);
  assert.is(
    rig.eventsOf('ThresholdCrossed').every(({ resource }) => resource === 'credits'),
    true,
  );
});

test('X-01 a changed limit and a changed ladder are told at once', () => {
  const rig = givenLab(ladder);
  rig.when(ask('a', { credits: 500 }), 'ann');
  rig.when(setLimits('acme', { credits: 600 }));
  assert.equal(rungs(rig, 'acme'), ['+notice', '+warning']);
  rig.when({ op: 'topUp', id: 't', path: 'acme', amounts: { credits: 400 } });
  assert.equal(rungs(rig, 'acme'), ['+notice', '+warning', '-2', '-1']);
  rig.when(policy({ ladder: [{ kind: 'warning', onPermille: 500, offPermille: 400 }] }));
  assert.equal(rungs(rig, 'acme').at(-1), '+warning');
  rig.when(policy({ ladder: [] }));
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.rung, 0);
});

test('X-01 a ladder by which an alarm would never be told is refused, whoever sends it', () => {
  const [notice, warning] = LADDER;
  const isTaken = (...rungs: readonly object[]) =>
    Command.safeParse({ op: 'setPolicy', path: 'acme', policy: { ladder: rungs } }).success;
  assert.ok(isTaken(...LADDER) && isTaken(notice) && isTaken());
  // At 70 % it would fire and re-arm at once, and so stay silent.
  assert.not.ok(isTaken({ ...notice, offPermille: 990 }));
  assert.not.ok(isTaken({ ...notice, offPermille: notice.onPermille }));
  assert.not.ok(isTaken(warning, notice), 'the second is reached before the first');
});

test('X-01 a limit that is taken away is exhausted no more, and another one is told of anew', () => {
  const rig = givenLab(ladder);
  rig.when({ op: 'charge', id: 'c', path: 'acme/lab', amounts: { credits: 1_000 } });
  assert.is(rungs(rig, 'acme').length, 4);
  rig.when({ op: 'setLimits', path: 'acme', limits: { credits: { limit: null } } });
  assert.equal(rungs(rig, 'acme').slice(4), ['-4', '-3', '-2', '-1']);
  rig.when(setLimits('acme', { credits: 1_100 }));
  assert.equal(rungs(rig, 'acme').slice(8), ['+notice', '+warning', '+critical']);
});

test('§6.7 freeze: nothing is admitted beneath it, emergency included; settles go on', () => {
  const rig = givenLab(open('acme/two'), open('acme/two/r'));
  rig.when(ask('a', { credits: 100 }), 'ann');
  shows(rig.when({ op: 'freeze', path: 'acme/lab', id: 'fr', reason: 'look' }), {
    outcome: 'frozen',
    freeze: 'fr',
  });
  const deny = { outcome: 'denied', reason: 'frozen', retryOn: 'unfreeze' };
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), deny);
  shows(rig.when(ask('c', { credits: 1 }, { priority: 'emergency' }), 'ann'), deny);
  shows(rig.when(open(`${RUN}/x`)), { code: 'node_frozen' }, []);
  shows(rig.when(setLimits(RUN, { credits: { guarantee: 500 } })), { code: 'node_frozen' }, []);
  const grow = { op: 'resize', allocation: 'a', items: { credits: 101 } } as const;
  shows(rig.when(grow, 'ann'), { code: 'node_frozen' }, []);
  shows(rig.when(ask('d', { credits: 1 }, { path: 'acme/two/r/s' }), 'ann'), {
    outcome: 'granted',
  });
  shows(rig.when({ ...grow, items: { credits: 99 } }, 'ann'), { outcome: 'resized' });
  shows(rig.when({ op: 'renew', allocation: 'a', byMs: 10 }, 'ann'), { outcome: 'renewed' });
  shows(rig.when({ op: 'report', allocation: 'a', used: { credits: 1 } }, 'ann'), {
    outcome: 'reported',
  });
  shows(rig.when({ op: 'charge', id: 'ch', path: RUN, amounts: { credits: 1 } }), {
    outcome: 'charged',
  });
  shows(rig.when(settle('a', { credits: 150 }), 'ann'), { outcome: 'settled' });
});

test('INV-9 a node is frozen while any freeze is in force; unfreeze names the one', () => {
  const rig = givenLab();
  rig.when({ op: 'freeze', path: RUN, id: 'f1' });
  rig.when({ op: 'freeze', path: RUN, id: 'f2', forMs: 1_000 });
  shows(rig.when({ op: 'unfreeze', path: RUN, freeze: 'f3' }), { code: 'unknown_freeze' }, []);
  shows(rig.when({ op: 'unfreeze', path: RUN, freeze: 'f1' }), {
    outcome: 'unfrozen',
    stillFrozen: true,
  });
  shows(rig.when(ask('a', { credits: 1 }), 'ann'), { reason: 'frozen' });
  assert.equal(rig.pass(999), []);
  assert.is(the(rig.pass(1), 'Unfrozen').freeze, 'f2');
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('§6.7 freezes nest: a thawed run beneath a frozen swarm admits nothing', () => {
  const rig = givenLab();
  rig.when({ op: 'freeze', path: 'acme/lab', id: 'f1' });
  rig.when({ op: 'freeze', path: RUN, id: 'f2' });
  shows(rig.when({ op: 'unfreeze', path: RUN, freeze: 'f2' }), { stillFrozen: false });
  shows(rig.when(ask('a', { credits: 1 }), 'ann'), { reason: 'frozen' });
  rig.when({ op: 'unfreeze', path: 'acme/lab', freeze: 'f1' });
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('§6.7 the end of an old freeze does not take off a new one of the same name', () => {
  const rig = givenLab();
  rig.when({ op: 'freeze', path: RUN, id: 'f', forMs: 1_000 });
  rig.when({ op: 'unfreeze', path: RUN, freeze: 'f' });
  rig.team.ids.delete('f');
  rig.when({ op: 'freeze', path: RUN, id: 'f', forMs: 5_000 });
  assert.equal(rig.pass(1_000), []);
  shows(rig.when(ask('a', { credits: 1 }), 'ann'), { reason: 'frozen' });
});

test('X-04 stop: lower priorities are denied, told, and fenced at the deadline', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(ask('b', { credits: 10 }), 'bob');
  rig.when(ask('crit', { credits: 10 }, { priority: 'critical' }), 'bob');
  const shown = rig.when({ op: 'stop', path: 'acme/lab', id: 'st', ackMs: 1_000 });
  shows(shown, { outcome: 'stopped', allocations: 2, agents: 2, ackInMs: 1_000 });
  assert.is(the(shown.events, 'Stopped').below, 300);
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), {
    outcome: 'denied',
    reason: 'stopped',
    retryOn: 'recover',
    rule: '2-stopped',
  });
  shows(rig.when(ask('d', { credits: 1 }, { priority: 'critical' }), 'ann'), {
    outcome: 'granted',
  });
  shows(rig.when({ op: 'resize', allocation: 'a', items: { credits: 11 } }, 'ann'), {
    code: 'node_stopped',
  });
  shows(rig.when({ op: 'acknowledgeStop', path: 'acme/lab', stop: 'st' }, 'ann'), {
    outcome: 'acknowledged',
  });
  shows(rig.when({ op: 'renew', allocation: 'a', byMs: 60_000 }, 'ann', START_MS + 999), {
    outcome: 'renewed',
  });
  const events = rig.pass(1);
  assert.equal(
    events.map(({ type }) => type),
    ['AllocationEnded', 'AllocationEnded', 'StopCompleted'],
  );
  assert.is(the(events, 'StopCompleted').fencedCount, 2);
  assert.equal([...rig.team.allocations.keys()], ['crit', 'd']);
  shows(rig.when(settle('a', { credits: 9 }), 'ann'), { outcome: 'settled', late: true });
});

test('X-04 a stop is complete as soon as all have ended, at once where nothing is concerned', () => {
  const rig = givenLab();
  shows(rig.when({ op: 'stop', path: 'acme', id: 's0' }), { allocations: 0 }, [
    'Stopped',
    'StopCompleted',
  ]);
  rig.when({ op: 'recover', path: 'acme', stop: 's0' });
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when({ op: 'stop', path: 'acme', id: 's1', ackMs: 1_000 });
  const events = rig.when(settle('a', { credits: 5 }), 'ann').events;
  assert.is(the(events, 'StopCompleted').fencedCount, 0);
  assert.equal(rig.pass(2_000), []);
});

test('X-04 stop with no time to acknowledge fences in the same decision', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  shows(rig.when({ op: 'stop', path: 'acme', below: 'all', ackMs: 0 }), { outcome: 'stopped' }, [
    'Stopped',
    'AllocationEnded',
    'StopCompleted',
  ]);
});

test('X-04 stop below all stops emergencies too', () => {
  const rig = givenLab();
  rig.when({ op: 'stop', path: 'acme', below: 'all' });
  shows(rig.when(ask('a', { credits: 1 }, { priority: 'emergency' }), 'ann'), {
    reason: 'stopped',
  });
});

test('X-05 recover lifts the stop: what has not ended may stay and be renewed', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when({ op: 'stop', path: 'acme', id: 'st', ackMs: 1_000 });
  rig.when({ op: 'stop', path: 'acme/lab', id: 'st2', ackMs: 5_000 });
  shows(rig.when({ op: 'recover', path: 'acme', stop: 'none' }), { code: 'unknown_stop' }, []);
  shows(rig.when({ op: 'recover', path: 'acme', stop: 'st' }), { outcome: 'recovered' });
  rig.pass(2_000);
  shows(rig.when({ op: 'renew', allocation: 'a', byMs: 10 }, 'ann'), { outcome: 'renewed' });
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { reason: 'stopped' });
  rig.when({ op: 'recover', path: 'acme/lab', stop: 'st2' });
  rig.pass(9_000);
  assert.ok(rig.team.allocations.has('a'));
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('X-04 agents beneath a stop acknowledge it, those elsewhere do not', () => {
  const rig = givenLab(enrol('deep', { prefix: RUN }), enrol('far', { prefix: 'acme/other' }));
  rig.when({ op: 'stop', path: 'acme/lab', id: 'st' });
  const ack = { op: 'acknowledgeStop', path: 'acme/lab', stop: 'st' } as const;
  shows(rig.when(ack, 'deep'), { outcome: 'acknowledged' });
  shows(rig.when(ack, 'far'), { code: 'not_permitted' }, []);
  shows(rig.when({ ...ack, stop: 'x' }, 'deep'), { code: 'unknown_stop' }, []);
  const stop = rig.team.nodes.get('acme/lab')?.stops?.get('st');
  assert.equal([...(stop?.acknowledgedBy ?? [])], ['deep']);
});

test('§6.4 an outage moves the deadlines of a stop and of a closing', () => {
  const rig = givenLab(open('acme/lab/two'));
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(ask('b', { credits: 10 }, { path: 'acme/lab/two/s' }), 'ann');
  rig.when({ op: 'stop', path: RUN, id: 'st', ackMs: 1_000 });
  rig.when({ op: 'close', path: 'acme/lab/two', force: true, graceMs: 1_000 });
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 400 });
  assert.equal(rig.pass(1_399), []);
  assert.equal(
    rig.pass(1).map(({ type }) => type),
    ['AllocationEnded', 'StopCompleted', 'AllocationEnded', 'NodeClosed'],
  );
});

test('U-03 emergencies are listed after a position, none left out, each with its own id', () => {
  const rig = givenLab(ladder);
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when({ op: 'freeze', path: 'acme/lab' });
  const all = rig.when({ op: 'emergencies' }, 'ann').answer;
  assert.ok(all.outcome === 'emergencies');
  assert.equal(
    all.emergencies.map(({ kind }) => kind),
    ['notice', 'warning', 'critical', 'exhausted', 'critical'],
  );
  assert.is(new Set(all.emergencies.map(({ id }) => id)).size, 5);
  const [first] = all.emergencies;
  const rest = rig.when({ op: 'emergencies', since: first?.seq ?? 0 }, 'ann').answer;
  assert.ok(rest.outcome === 'emergencies');
  assert.equal(rest.emergencies, all.emergencies.slice(4));
  shows(rig.when({ op: 'emergencies', since: rest.position }, 'ann'), {
    emergencies: [],
    position: rest.position,
  });
  // While a block is being filled, more of it may be to come: it is shown once it is whole.
  const filled = { seq: rest.position, index: 9 };
  const ctx = { atMs: rig.nowMs, agent: 'ann', digest: undefined, at: filled };
  const { answer } = decideEmergencies(rig.team, { op: 'emergencies' }, ctx, 0);
  assert.ok(answer?.outcome === 'emergencies');
  assert.equal(answer.emergencies, all.emergencies.slice(0, 4));
  assert.is(answer.position, all.emergencies[3]?.seq);
});

test('U-03 who asks for more than is kept is told that it is not all', () => {
  const rig = givenLab();
  const since = (position: number) => rig.when({ op: 'emergencies', since: position }).answer;
  for (let i = 0; i <= LIMITS.emergenciesKeptMax; i += 1) {
    rig.when({ op: 'stop', path: RUN, id: `s${i}`, ackMs: 60_000 });
    rig.when({ op: 'recover', path: RUN, stop: `s${i}` });
  }
  const [first] = rig.team.emergencies;
  const all = since(0);
  assert.is(all.outcome === 'emergencies' && all.incomplete, true);
  const rest = since(first?.at.seq ?? 0);
  assert.is(rest.outcome === 'emergencies' && rest.incomplete, undefined);
});

test('U-03 the subject names the swarm, or ~ for the team itself', () => {
  const rig = givenLab();
  rig.when({ op: 'freeze', path: RUN });
  rig.when({ op: 'freeze', path: 'acme' });
  const subjects = rig.team.emergencies.map(({ event, at }) => emergencyOf(event, 3, at).subject);
  assert.equal(subjects, [
    'bursar.emergency.acme.lab.critical',
    'bursar.emergency.acme.~.critical',
  ]);
});

test('§8 ends of large stops are caught up with in answers that can be sent', () => {
  const rig = givenLab();
  const names = (kind: string) =>
    Array.from({ length: LIMITS.stopAgentsNamedMax }, (_, i) => `${kind}${i}`.padEnd(64, 'x'));
  const STOPS = 200;
  for (let no = 0; no < STOPS; no += 1) {
    const stamped = { v: 1, type: 'StopCompleted', team: 'acme', path: 'acme/lab' } as const;
    const counts = { fencedCount: 100, allocationCount: 100, agentCount: 100 };
    const named = { unacknowledged: names('u'), fencedAgents: names('f'), acknowledgedCount: 0 };
    const event = { ...stamped, atMs: rig.nowMs, stop: `s${no}`, ...counts, ...named };
    rig.team.emergencies.push({ event, at: { seq: 1_000 + no, index: 0 } });
  }
  const heard = new Set<string>();
  for (let since = 0; ; ) {
    const { answer } = rig.when({ op: 'emergencies', since });
    if (answer.outcome !== 'emergencies' || answer.emergencies.length === 0) break;
    const { byteLength } = new TextEncoder().encode(JSON.stringify(answer));
    assert.ok(byteLength < 800_000, `${byteLength} bytes`);
    for (const { id } of answer.emergencies) heard.add(id);
    since = answer.position;
  }
  assert.is(heard.size, STOPS);
});

test.run();
