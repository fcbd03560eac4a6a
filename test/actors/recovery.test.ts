import fc from 'fast-check';
import { emergencyOf } from '../../actors/emergencies/emergency.ts';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, policy, RUN, release, STEP, setLimits } from './world.ts';

const test = suite('actors: recovery with a slow start');

const LAB = 'acme/lab';
type Policy = Extract<CommandInput, { op: 'setPolicy' }>['policy'];
const ladder = [{ kind: 'exhausted' as const, onPermille: 1_000, offPermille: 990 }];
const slow = (fields: Policy = {}) =>
  policy({ recovery: { startPermille: 250, stepPermille: 250, everyMs: 1_000 }, ...fields });

/** A swarm of 100 credits that was stopped and is lifted now. */
function lifted(...more: readonly CommandInput[]): TeamRig {
  const rig = givenLab(slow(), setLimits(LAB, { credits: 100 }), ...more);
  rig.when({ op: 'stop', path: LAB, id: 's' });
  rig.when({ op: 'recover', path: LAB, stop: 's' });
  return rig;
}

/** The intervals of all slow starts, as `tier permille allowed credits`. */
function intervals(rig: TeamRig): string[] {
  return rig.recorded.flatMap(({ event }) => {
    if (event.type === 'RecoveryCompleted') return ['over'];
    if (event.type !== 'RecoveryStarted' && event.type !== 'RecoveryAdvanced') return [];
    return [`${event.tier} ${event.permille} ${event.allow['credits']}`];
  });
}

test('X-05 off unless the policy has it: what was stopped is admitted at once', () => {
  const rig = givenLab(setLimits(LAB, { credits: 100 }));
  rig.when({ op: 'stop', path: LAB, id: 's' });
  rig.when({ op: 'recover', path: LAB, stop: 's' });
  assert.equal(intervals(rig), []);
  shows(rig.when(ask('a', { credits: 100 }), 'ann'), { outcome: 'granted' });
});

test('X-05 V-01 after a stop: the swarm, then runs, then steps, each with more of the room', () => {
  const rig = lifted();
  rig.pass(3_000);
  assert.equal(intervals(rig), ['swarm 250 25', 'run 500 50', 'step 750 75', 'over']);
  has(rig.eventsOf('RecoveryCompleted')[0], { path: LAB, tookMs: 3_000 });
  has(rig.eventsOf('RecoveryStarted')[0], { cause: 'lifted', place: 0 });
});

test('X-05 INV-21 in an interval no more is given out than its part, and to no tier further in', () => {
  const rig = lifted();
  const slowed = { outcome: 'denied', reason: 'recovering', retryOn: 'time', retryAfterMs: 1_000 };
  shows(rig.when(ask('step', { credits: 1 }), 'ann'), slowed);
  shows(rig.when(ask('big', { credits: 26 }, { path: LAB }), 'ann'), slowed);
  shows(rig.when(ask('a', { credits: 20 }, { path: LAB }), 'ann'), { outcome: 'granted' });
  shows(rig.when(ask('b', { credits: 6 }, { path: LAB }), 'ann'), slowed);
  shows(rig.when(ask('c', { credits: 5 }, { path: LAB }), 'ann'), { outcome: 'granted' });
  // What is given back is room of the next interval, not of this one.
  rig.when(release('a'), 'ann');
  shows(rig.when(ask('d', { credits: 1 }, { path: LAB }), 'ann'), slowed);
  rig.pass(1_000);
  shows(rig.when(ask('e', { credits: 30 }, { path: RUN }), 'ann'), { outcome: 'granted' });
  shows(rig.when(ask('f', { credits: 1 }), 'ann'), slowed);
});

test('X-05 growth of what lives is given out like a grant, and counts like one', () => {
  const rig = givenLab(slow(), setLimits(LAB, { credits: 100 }));
  rig.when(ask('a', { credits: 1 }, { path: LAB, priority: 'emergency' }), 'ann');
  rig.when(ask('b', { credits: 1 }, { priority: 'critical' }), 'ann');
  rig.when({ op: 'freeze', path: LAB, id: 'f' });
  rig.when({ op: 'unfreeze', path: LAB, freeze: 'f' });
  const grow = (allocation: string, credits: number) =>
    rig.when({ op: 'resize', allocation, items: { credits } }, 'ann');
  const now4 = 'acme/lab recovers and gives out 4 more credits now: no growth';
  // 98 are free, of which the swarm gives out 24 at first, and to no step.
  shows(grow('b', 2), { outcome: 'refused', code: 'does_not_fit', retryAfterMs: 1_000 });
  rig.when(ask('c', { credits: 20 }, { path: LAB }), 'ann');
  shows(grow('c', 25), {
    code: 'does_not_fit',
    message: now4,
  });
  shows(grow('c', 23), { outcome: 'resized' });
  shows(rig.when(ask('d', { credits: 2 }, { path: LAB }), 'ann'), { reason: 'recovering' });
  shows(grow('a', 40), { outcome: 'resized' });
  shows(grow('c', 24), { outcome: 'resized' });
  shows(rig.takenOver().when(ask('e', { credits: 1 }, { path: LAB }), 'ann'), {
    reason: 'recovering',
  });
});

test('X-05 V-02 the queue drains in its order, and whoever is small does not pass', () => {
  const rig = lifted();
  const wait = { maxWaitMs: 60_000 };
  for (const [id, credits] of [
    ['big', 60],
    ['small', 1],
    ['last', 30],
  ] as const) {
    shows(rig.when(ask(id, { credits }, wait), 'ann'), { outcome: 'queued' });
  }
  const served = () => rig.eventsOf('AllocationGranted').map(({ id }) => id);
  rig.pass(1_999);
  assert.equal(served(), []);
  rig.pass(1);
  assert.equal(served(), ['big', 'small'], '75 are given out, to the first first');
  rig.pass(1_000);
  assert.equal(served(), ['big', 'small', 'last']);
});

test('X-05 an emergency, what was reserved, and other swarms wait for nothing', () => {
  const rig = lifted({ op: 'open', path: 'acme/two' }, { op: 'open', path: 'acme/two/r' });
  shows(rig.when(ask('a', { credits: 90 }, { priority: 'emergency' }), 'ann'), {
    outcome: 'granted',
  });
  const two = ask('b', { credits: 90 }, { path: 'acme/two/r/s' });
  shows(rig.when(two, 'ann'), { outcome: 'granted' });
});

test('X-05 a top-up that ends an exhaustion begins it; a release does not', () => {
  const rig = givenLab(slow({ ladder }));
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(release('a'), 'ann');
  assert.equal(intervals(rig), []);
  rig.when(ask('b', { credits: 1_000 }), 'ann');
  rig.when({ op: 'topUp', id: 't', path: 'acme', amounts: { credits: 1_000 } });
  assert.equal(intervals(rig), ['swarm 250 250']);
  assert.is(rig.eventsOf('RecoveryStarted')[0]?.cause, 'top_up');
});

test('X-05 with a reserve too, what work gives back or an emergency draws begins nothing', () => {
  const rig = givenLab(
    setLimits('acme/lab', { credits: 100 }),
    slow({ ladder, reserves: { credits: { permille: 100 } } }),
  );
  rig.when(ask('a', { credits: 90 }), 'ann');
  assert.is(rig.eventsOf('ThresholdCrossed')[0]?.kind, 'exhausted');
  rig.when(release('a'), 'ann');
  assert.is(rig.eventsOf('ThresholdRearmed').length, 1);
  rig.when(ask('b', { credits: 90 }), 'ann');
  rig.when(ask('c', { credits: 5 }, { priority: 'emergency' }), 'ann');
  rig.when(release('b'), 'ann');
  assert.equal(intervals(rig), []);
  rig.when(ask('d', { credits: 85 }), 'ann');
  rig.when({ op: 'topUp', id: 't', path: LAB, amounts: { credits: 100 } });
  assert.is(intervals(rig).length, 1);
});

test('X-05 an exhaustion that a new window or new thresholds have ended begins nothing later', () => {
  const window = { every: '1d' };
  const notice = { kind: 'notice' as const, onPermille: 600, offPermille: 550 };
  const windowed = setLimits(LAB, { credits: { limit: 100, window } });
  const rig = givenLab(slow({ ladder: [notice, ...ladder] }), windowed);
  const thresholds = [
    { kind: 'notice' as const, usagePercent: 60 },
    { kind: 'exhausted' as const, usage: 10_000 },
  ];
  const anew: readonly CommandInput[] = [
    { op: 'resetWindow', id: 'w', path: LAB, resource: 'credits' },
    setLimits(LAB, { credits: { thresholds } }),
  ];
  for (const [no, command] of anew.entries()) {
    const limit = rig.team.nodes.get(LAB)?.accounts.get('credits')?.limit ?? 0;
    rig.when(ask(`a${no}`, { credits: limit }), 'ann');
    if (no === 0) rig.when({ op: 'settle', allocation: 'a0', actual: { credits: limit } }, 'ann');
    shows(rig.when(command), {});
    rig.when({ op: 'topUp', id: `t${no}`, path: LAB, amounts: { credits: 100 } });
    if (no > 0) rig.when(release(`a${no}`), 'ann');
    // Of the new window more is used, and less again.
    rig.when(ask(`b${no}`, { credits: 140 + no * 100 }), 'ann');
    rig.when(release(`b${no}`), 'ann');
    assert.equal(intervals(rig), [], JSON.stringify(command));
  }
});

test('X-05 the end of a freeze begins it where an operator ends it, and not where its time does', () => {
  const rig = givenLab(slow(), setLimits(LAB, { credits: 100 }));
  rig.when({ op: 'freeze', path: LAB, id: 'f1', forMs: 500 });
  rig.pass(500);
  assert.equal(intervals(rig), []);
  rig.when({ op: 'freeze', path: LAB, id: 'f2' });
  rig.when({ op: 'stop', path: LAB, id: 's' });
  rig.when({ op: 'unfreeze', path: LAB, freeze: 'f2' });
  assert.equal(intervals(rig), [], 'it is stopped still');
  rig.when({ op: 'recover', path: LAB, stop: 's' });
  assert.equal(intervals(rig), ['swarm 250 25']);
});

test('X-05 X-06 a stop, or worse than before, ends it; another policy gives all out at once', () => {
  const rig = lifted();
  rig.when({ op: 'stop', path: LAB, id: 's2' });
  rig.pass(5_000);
  assert.equal(intervals(rig), ['swarm 250 25']);
  rig.when({ op: 'recover', path: LAB, stop: 's2' });
  shows(rig.when(ask('a', { credits: 60 }, { maxWaitMs: 9_000 }), 'ann'), { outcome: 'queued' });
  const { events } = rig.when(policy({}));
  has(the(events, 'RecoveryCompleted'), { path: LAB, tookMs: 0 });
  has(the(events, 'AllocationGranted'), { id: 'a', via: 'queue' });
});

test('X-05 X-06 while its level rises it recovers on, from whatever level; a fall to 3 ends it', () => {
  const rig = givenLab(
    policy({
      ladder,
      degradation: { levels: [{}], from: { exhausted: 4 }, dwellMs: 300 },
      recovery: { startPermille: 100, stepPermille: 100, everyMs: 1_000 },
    }),
  );
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when({ op: 'topUp', id: 't', path: 'acme', amounts: { credits: 1_000 } });
  rig.pass(300);
  const { answer } = rig.when({ op: 'balance', path: 'acme' });
  has(answer.outcome === 'balance' ? answer.crisis : undefined, { state: 'recovering', level: 3 });
  rig.pass(1_000);
  rig.when({ op: 'charge', id: 'c', path: 'acme', amounts: { credits: 1_000 } });
  const { answer: after } = rig.when({ op: 'balance', path: 'acme' });
  has(after.outcome === 'balance' ? after.crisis : undefined, { state: 'emergency', level: 4 });
  const begun = rig.eventsOf('RecoveryAdvanced').length;
  rig.pass(5_000);
  assert.is(rig.eventsOf('RecoveryAdvanced').length, begun);
});

test('X-05 X-06 it is shown and told: recovering, with what is left of the interval; recovered', () => {
  const rig = lifted();
  rig.when(ask('a', { credits: 5 }, { path: LAB }), 'ann');
  rig.pass(400);
  const { answer } = rig.when({ op: 'balance', path: LAB });
  has(answer.outcome === 'balance' ? answer.crisis : undefined, {
    state: 'recovering',
    recovery: { permille: 250, tier: 'swarm', left: { credits: 20 }, nextInMs: 600 },
  });
  rig.pass(3_000);
  const told = rig.team.emergencies.map(({ event, at }) => emergencyOf(event, 0, at).kind);
  const slowly = ['recovering', 'recovering', 'recovering', 'recovered'];
  assert.equal(told, ['stop', 'stopped', 'recovering', ...slowly]);
});

test('X-05 another process goes on where this one stopped, and gives out no interval twice', () => {
  const rig = lifted();
  rig.when(ask('a', { credits: 20 }, { path: LAB }), 'ann');
  const next = rig.takenOver();
  shows(next.when(ask('b', { credits: 6 }, { path: LAB }), 'ann'), { reason: 'recovering' });
  next.pass(3_000);
  assert.is(intervals(next).at(-1), 'over');
});

test('X-05 nobody starves: whoever fits is served by the end, the first of equals first', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  const rules = fc.record({
    startPermille: fc.integer({ min: 1, max: 1_000 }),
    stepPermille: fc.integer({ min: 50, max: 1_000 }),
    everyMs: fc.integer({ min: 1, max: 500 }),
  });
  fc.assert(
    fc.property(sizes, rules, (asked, recovery) => {
      const rig = givenLab(policy({ recovery }), setLimits(LAB, { credits: 600 }));
      rig.when({ op: 'stop', path: LAB, id: 's' });
      rig.when({ op: 'recover', path: LAB, stop: 's' });
      const ids = asked.map((credits, index) => {
        const id = `q${index}`;
        rig.when(ask(id, { credits }, { path: STEP, maxWaitMs: 600_000 }), 'ann');
        return id;
      });
      rig.pass(25_000);
      assert.is(intervals(rig).at(-1), 'over');
      assert.equal(
        rig.eventsOf('AllocationGranted').map(({ id }) => id),
        ids,
      );
    }),
    { numRuns: 60 },
  );
});

test.run();
