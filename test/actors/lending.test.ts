import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig } from './rig.ts';
import { ask, enrol, open, release, setLimits } from './world.ts';

const test = suite('actors: lending');

/** acme with 10 slots, of which lab is guaranteed 6 and shop 4; what each lends is given. */
function givenGuarantees(lab?: number | null, shop?: number | null): TeamRig {
  const lend = (amount: number | null | undefined) =>
    amount === undefined ? {} : { lend: amount };
  return given(
    open('acme', { concurrency: 10 }),
    open('acme/lab', { concurrency: { guarantee: 6, ...lend(lab) } }),
    open('acme/shop', { concurrency: { guarantee: 4, ...lend(shop) } }),
    enrol('ann'),
  );
}

const take = (id: string, path: string, concurrency: number) => ask(id, { concurrency }, { path });

function lineOf(rig: TeamRig, path: string) {
  const { answer } = rig.when({ op: 'balance', path });
  assert.ok(answer.outcome === 'balance');
  const line = answer.lines.find(({ resource }) => resource === 'concurrency');
  assert.ok(line !== undefined);
  const { lend, lent, borrowed, committed, effectiveAvailable } = line;
  return { lend, lent, borrowed, committed, effectiveAvailable };
}

test('T-09 the whole guarantee of a capacity is lent where nothing is said, and that is written', () => {
  const rig = givenGuarantees();
  assert.equal(rig.eventsOf('NodeOpened')[1]?.limits, {
    concurrency: { guarantee: 6, lend: null },
  });
  shows(rig.when(take('a', 'acme/shop', 9), 'ann'), { outcome: 'granted' });
  assert.equal(lineOf(rig, 'acme/lab'), {
    lend: null,
    lent: 6,
    borrowed: 0,
    committed: 0,
    effectiveAvailable: 1,
  });
  assert.equal(lineOf(rig, 'acme/shop'), {
    lend: null,
    lent: 0,
    borrowed: 5,
    committed: 9,
    effectiveAvailable: 1,
  });
});

test('T-09 nothing is lent where lend is 0, a part where it is a part', () => {
  const none = givenGuarantees(0);
  shows(none.when(take('a', 'acme/shop', 5), 'ann'), { outcome: 'denied', reason: 'never_fits' });
  shows(none.when(take('b', 'acme/shop', 4), 'ann'), { outcome: 'granted' });
  const some = givenGuarantees(2);
  assert.is(lineOf(some, 'acme').committed, 4);
  shows(some.when(take('a', 'acme/shop', 7), 'ann'), { outcome: 'denied', reason: 'never_fits' });
  shows(some.when(take('b', 'acme/shop', 6), 'ann'), { outcome: 'granted' });
  assert.is(lineOf(some, 'acme').committed, 10);
  // What is not lent is there for its own.
  shows(some.when(take('c', 'acme/lab', 4), 'ann'), { outcome: 'granted' });
  shows(some.when(take('d', 'acme/lab', 1), 'ann'), { outcome: 'denied' });
  some.when(release('b'), 'ann');
  shows(some.when(take('e', 'acme/lab', 2), 'ann'), { outcome: 'granted' });
});

test('T-09 guarantees that are lent are no more than there is', () => {
  const rig = givenGuarantees();
  shows(rig.when(open('acme/more', { concurrency: { guarantee: 1 } })), {
    outcome: 'refused',
    code: 'guarantee_does_not_fit',
  });
  shows(rig.when(setLimits('acme/shop', { concurrency: { guarantee: 5 } })), {
    code: 'guarantee_does_not_fit',
  });
  shows(rig.when(setLimits('acme/shop', { concurrency: { guarantee: 3 } })), {
    outcome: 'limits_set',
  });
  shows(rig.when(open('acme/more', { concurrency: { guarantee: 1 } })), { outcome: 'opened' });
  // Beneath a guarantee its own children share it.
  shows(rig.when(open('acme/lab/x', { concurrency: { guarantee: 6 } })), { outcome: 'opened' });
  shows(rig.when(open('acme/lab/y', { concurrency: { guarantee: 1 } })), {
    code: 'guarantee_does_not_fit',
  });
});

test('T-09 a guarantee that is in use by others is kept back only once it is free', () => {
  const rig = givenGuarantees();
  rig.when(take('a', 'acme/shop', 9), 'ann');
  shows(rig.when(setLimits('acme/lab', { concurrency: { lend: 0 } })), {
    code: 'guarantee_does_not_fit',
  });
  rig.when(release('a'), 'ann');
  shows(rig.when(setLimits('acme/lab', { concurrency: { lend: 0 } })), { outcome: 'limits_set' });
  assert.is(lineOf(rig, 'acme').committed, 6);
});

test('T-09 what is spent does not come back and is not lent', () => {
  const rig = given(open('acme', { credits: 10 }));
  shows(rig.when(open('acme/lab', { credits: { guarantee: 5, lend: null } })), {
    outcome: 'refused',
    code: 'malformed',
  });
  shows(rig.when(open('acme/lab', { credits: { guarantee: 5 } })), { outcome: 'opened' });
  assert.equal(rig.eventsOf('NodeOpened')[1]?.limits, { credits: { guarantee: 5 } });
});

test('INV-1 events of before lending keep their guarantees to themselves', () => {
  const rig = given(open('acme', { concurrency: 10 }), enrol('ann'));
  rig.record({
    type: 'NodeOpened',
    v: 1,
    team: 'acme',
    atMs: rig.nowMs,
    path: 'acme/lab',
    tier: 'swarm',
    limits: { concurrency: { guarantee: 6 } },
  });
  assert.equal(lineOf(rig, 'acme/lab').lend, 0);
  shows(rig.when(take('a', 'acme', 5), 'ann'), { reason: 'never_fits' });
  // A change of it alone is no reason to lend.
  rig.when(setLimits('acme/lab', { concurrency: { guarantee: 5 } }));
  assert.is(lineOf(rig, 'acme').committed, 5);
});

test('INV-8 a closed node gives back what it could count on, lent or not', () => {
  const rig = givenGuarantees();
  rig.when({ op: 'close', path: 'acme/lab' });
  shows(rig.when(open('acme/new', { concurrency: { guarantee: 6 } })), { outcome: 'opened' });
});

test.run();
