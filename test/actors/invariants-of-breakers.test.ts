import { InvariantError } from '../../actors/checks/invariant-error.ts';
import { evolve } from '../../actors/evolve.ts';
import { assert, suite } from '../harness/suite.ts';
import { the } from './rig.ts';
import { ask, givenLab } from './world.ts';

const test = suite('actors: the invariant of breakers');

test('INV-22 a grant beneath an open breaker is a breach, beneath a half-open one unless it probes', () => {
  const rig = givenLab();
  const { events } = rig.when(ask('a', { 'tool.search': 1 }), 'ann');
  const granted = { ...the(events, 'AllocationGranted'), id: 'b' };
  const open = { op: 'openBreaker', path: 'acme', resource: 'tool.search', forMs: 50 } as const;
  rig.when(open);
  const record = (more: object) => () =>
    evolve(rig.team, { ...granted, atMs: rig.nowMs, ...more }, { seq: 900, index: 0 });
  const isBreach = (error: unknown) =>
    error instanceof InvariantError && error.message.includes('INV-22');
  assert.throws(record({ probe: true }), isBreach);
  rig.pass(50);
  assert.throws(record({}), isBreach);
  assert.not.throws(record({ probe: true, opened: undefined }));
});

test.run();
