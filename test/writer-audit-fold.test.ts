import type { InvariantError } from '../actors/checks/invariant-error.ts';
import type { BursarEvent } from '../events/events.ts';
import { AuditFold } from '../writer/audit-fold.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('the fold of the background audit');

test('INV-15 a threshold that the log announces twice is found', () => {
  const fold = new AuditFold();
  const rung = { v: 1, team: 'acme', atMs: 1, path: 'acme', resource: 'credits' } as const;
  const crossed: BursarEvent = {
    ...rung,
    type: 'ThresholdCrossed',
    kind: 'notice',
    rung: 1,
    usePermille: 600,
    limit: 10,
  };
  const at = { seq: 7, index: 0 };
  const fails = (event: BursarEvent) => {
    try {
      fold.take(event, at);
    } catch (error) {
      return (error as InvariantError).breach.invariant;
    }
    return 'nothing';
  };
  assert.is(
    fails({ v: 1, team: 'acme', atMs: 1, type: 'NodeOpened', path: 'acme', tier: 'team' }),
    'nothing',
  );
  assert.is(fails(crossed), 'nothing');
  assert.is(fails({ ...rung, type: 'ThresholdRearmed', rung: 1 }), 'nothing');
  assert.is(fails(crossed), 'nothing');
  assert.is(fails(crossed), 'INV-15');
  assert.is(fails({ ...rung, type: 'ThresholdRearmed', rung: 3 }), 'INV-15');
  assert.is(fails({ v: 1, team: 'acme', atMs: 1, type: 'NodeClosed', path: 'acme' }), 'nothing');
  assert.is(fails({ v: 1, team: 'acme', atMs: 1, type: 'NodeClosed', path: 'acme' }), 'INV-11');
});

test.run();
