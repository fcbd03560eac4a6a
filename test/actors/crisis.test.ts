import { createActor } from 'xstate';
import {
  CRISES,
  CRISIS_MACHINE,
  type CrisisKind,
  type CrisisState,
} from '../../actors/emergencies/crisis-machine.ts';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { shows, TeamRig } from './rig.ts';
import { ask, givenLab, policy } from './world.ts';

const test = suite('actors: the crisis of a team or swarm');

const STATES = Object.keys(CRISES) as CrisisState[];
const KINDS = [...new Set(STATES.flatMap((state) => Object.keys(CRISES[state])))] as CrisisKind[];

test('X-06 the table is what a real actor of the machine does, kind by kind', () => {
  assert.equal(STATES.sort(), ['degraded', 'emergency', 'normal', 'recovering', 'stopped']);
  for (const state of STATES) {
    for (const kind of KINDS) {
      const snapshot = CRISIS_MACHINE.resolveState({ value: state });
      const actor = createActor(CRISIS_MACHINE, { snapshot }).start();
      const isLegal = actor.getSnapshot().can({ type: kind });
      actor.send({ type: kind });
      const after = isLegal ? actor.getSnapshot().value : undefined;
      assert.is(CRISES[state][kind], after, `${state} ${kind}`);
    }
  }
});

test('X-06 what is stopped recovers by being lifted alone; a slow start advances only under way', () => {
  for (const kind of ['calm', 'degrade', 'escalate', 'stop'] as const) {
    assert.is(CRISES.stopped[kind], 'stopped');
  }
  assert.is(CRISES.stopped.recover, undefined);
  for (const state of STATES) {
    const isUnderWay = state === 'recovering';
    for (const kind of ['advance', 'complete'] as const) {
      assert.is(CRISES[state][kind] !== undefined, isUnderWay, `${state} ${kind}`);
    }
    assert.is(CRISES[state].lift, state === 'stopped' ? 'normal' : undefined);
  }
});

const stop = (id: string): CommandInput => ({ op: 'stop', path: 'acme/lab', id });
const recover = (id: string): CommandInput => ({ op: 'recover', path: 'acme/lab', stop: id });

function stateOf(rig: TeamRig, path = 'acme/lab'): string | undefined {
  const { answer } = rig.when({ op: 'balance', path });
  return answer.outcome === 'balance' ? answer.crisis?.state : undefined;
}

test('X-06 a swarm is stopped until its last stop is lifted; the team above it fares as it did', () => {
  const rig = givenLab();
  assert.is(stateOf(rig), 'normal');
  rig.when(stop('s1'));
  rig.when(stop('s2'));
  assert.equal([stateOf(rig), stateOf(rig, 'acme')], ['stopped', 'normal']);
  rig.when(recover('s1'));
  assert.is(stateOf(rig), 'stopped');
  rig.when(recover('s2'));
  assert.is(stateOf(rig), 'normal');
  assert.is(stateOf(rig, 'acme/lab/run'), undefined, 'a run has no level');
});

test('X-06 levels 1 and 2 are degraded, 3 an emergency; a stop above them goes back to them', () => {
  const ladder = [
    { kind: 'warning' as const, onPermille: 500, offPermille: 400 },
    { kind: 'exhausted' as const, onPermille: 900, offPermille: 800 },
  ];
  const rig = givenLab(policy({ ladder, degradation: { levels: [{}], dwellMs: 1_000 } }));
  rig.when(ask('a', { credits: 500 }), 'ann');
  assert.is(stateOf(rig, 'acme'), 'degraded');
  rig.when(ask('b', { credits: 400 }), 'ann');
  assert.is(stateOf(rig, 'acme'), 'emergency');
  rig.when({ op: 'stop', path: 'acme', id: 's' });
  assert.is(stateOf(rig, 'acme'), 'stopped');
  rig.when({ op: 'release', allocation: 'b' }, 'ann');
  rig.pass(1_000);
  assert.is(stateOf(rig, 'acme'), 'stopped', 'its level rises, and it is stopped still');
  rig.when({ op: 'recover', path: 'acme', stop: 's' });
  assert.is(stateOf(rig, 'acme'), 'degraded');
});

test('X-06 what the machine does not allow is refused, and nothing is recorded', () => {
  const rig = givenLab();
  const { crises } = rig.team;
  Object.assign(rig.team, { crises: { ...crises, normal: { ...crises.normal, stop: undefined } } });
  shows(rig.when(stop('s')), { outcome: 'refused', code: 'not_available' }, []);
  Object.assign(rig.team, { crises });
  shows(rig.when(stop('s')), { outcome: 'stopped' });
  Object.assign(rig.team, { crises: { ...crises, stopped: {} } });
  shows(rig.when(recover('s')), { outcome: 'refused', code: 'not_available' }, []);
});

test('X-06 a log whose events the machine does not allow is not replayed', () => {
  const rig = givenLab(stop('s'));
  const at = rig.recorded.findIndex(({ event }) => event.type === 'Stopped');
  const stopped = rig.recorded[at]?.event;
  const other = new TeamRig();
  Object.assign(other.team, { crises: { ...other.team.crises, normal: {} } });
  for (const { event } of rig.recorded.slice(0, at)) other.record(event);
  assert.throws(() => stopped && other.record(stopped), /stop is not legal for acme\/lab/);
});

test.run();
