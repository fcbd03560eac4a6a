import type { Threshold } from '../../events/window.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, enrol, open, RUN, release } from './world.ts';

const test = suite('actors: thresholds');

type Asked = Partial<Threshold>;

function lab(limit: number | null, thresholds: Asked[], path = 'acme/lab'): TeamRig {
  const rig = given(open('acme', { credits: 10_000 }), open('acme/lab'), open(RUN), enrol('ann'));
  rig.when({ op: 'setLimits', path, limits: { credits: { limit, thresholds } } });
  return rig;
}

function charge(rig: TeamRig, credits: number) {
  const id = `c${rig.recorded.length}`;
  return rig.when({ op: 'charge', id, path: RUN, amounts: { credits } }).events;
}

/** What was told, oldest first: `+` raised, `-` cleared, with the place in the list. */
function told(rig: TeamRig): string[] {
  return rig.recorded.flatMap(({ event }) => {
    if (event.type === 'AlertRaised') return [`+${event.place}`];
    return event.type === 'AlertCleared' ? [`-${event.place}>${event.still ?? ''}`] : [];
  });
}

test('D-03 values and percentages compare by value; the highest that is reached is told', () => {
  const rig = lab(30, [{ usage: 20 }, { usage: 10 }, { usage: 30 }, { usagePercent: 50 }]);
  const raised = the(charge(rig, 16), 'AlertRaised');
  assert.equal([raised.place, raised.threshold.usagePercent, raised.usage], [3, 50, 16]);
  charge(rig, 4);
  assert.equal(told(rig), ['+3'], 'at the bound it is not passed yet');
  charge(rig, 1);
  assert.equal(told(rig), ['+3', '+0']);
  const [emergency] = rig.team.emergencies.slice(-1);
  assert.is(emergency?.event.type, 'AlertRaised');
});

test('D-03 of two thresholds at the same use, the later in the list is told', () => {
  const rig = lab(30, [{ usagePercent: 50 }, { usage: 15 }, { usage: 10 }]);
  charge(rig, 16);
  assert.equal(told(rig), ['+1']);
});

test('D-03 a percentage may be above a hundred', () => {
  const rig = lab(95, [{ usagePercent: 50 }, { usagePercent: 110 }, { usagePercent: 120 }]);
  charge(rig, 110);
  assert.equal(told(rig), ['+1']);
});

test('D-03 of balances the lowest that is reached is told', () => {
  const rig = lab(30, [{ balance: 20 }, { balance: 10 }, { balance: 30 }]);
  assert.equal(told(rig), [], 'no less than 30 is left');
  charge(rig, 5);
  assert.equal(told(rig), ['+2']);
  charge(rig, 10);
  assert.equal(told(rig), ['+2', '+0']);
});

test('D-03 a balance of nothing is told when nothing is left; nothing of a limit of nothing', () => {
  const rig = lab(30, [{ balance: 10 }, { balance: 0 }]);
  charge(rig, 30);
  assert.equal(told(rig), ['+1']);
  const none = lab(0, [{ balance: 10 }, { usagePercent: 50 }, { usage: 20 }]);
  charge(none, 10);
  assert.equal(told(none), []);
  charge(none, 11);
  assert.equal(told(none), ['+2']);
});

test('D-03 one holds until use has fallen by a twentieth of it, then a milder one is told', () => {
  const rig = lab(1_000, [{ usage: 100 }, { usage: 400, kind: 'critical' }]);
  rig.when(ask('a', { credits: 300 }), 'ann');
  rig.when(ask('b', { credits: 101 }), 'ann');
  rig.when({ op: 'resize', allocation: 'b', items: { credits: 85 } }, 'ann');
  assert.equal(told(rig), ['+0', '+1']);
  rig.when({ op: 'resize', allocation: 'b', items: { credits: 101 } }, 'ann');
  assert.equal(told(rig), ['+0', '+1']);
  rig.when(release('b'), 'ann');
  rig.when(release('a'), 'ann');
  assert.equal(told(rig), ['+0', '+1', '-1>0', '-0>']);
});

test('D-03 they are told of runs too, and there is no ladder beside them', () => {
  const rig = lab(100, [{ usagePercent: 10, kind: 'warning' }], RUN);
  assert.is(the(charge(rig, 50), 'AlertRaised').threshold.kind, 'warning');
  const swarm = lab(100, [{ usagePercent: 10 }]);
  charge(swarm, 95);
  assert.equal(swarm.eventsOf('ThresholdCrossed'), []);
  const limits = { credits: { thresholds: null } };
  swarm.when({ op: 'setLimits', path: 'acme/lab', limits });
  assert.is(swarm.eventsOf('ThresholdCrossed').length, 3, 'without them the ladder is back');
});

test('D-03 a new window tells them anew, and a replay makes the same of them', () => {
  const rig = lab(100, [{ usagePercent: 50 }]);
  const window = { every: 'manual' };
  rig.when({ op: 'setLimits', path: 'acme/lab', limits: { credits: { window } } });
  charge(rig, 60);
  rig.when({ op: 'resetWindow', path: 'acme/lab', resource: 'credits' });
  charge(rig, 60);
  assert.equal(told(rig), ['+0', '+0']);
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
});

test.run();
