import { INVARIANTS } from '../../actors/checks/invariant-error.ts';
import type { CommandInput } from '../../events/commands.ts';
import type { EventOf } from '../../events/events.ts';
import { noticesOf } from '../../writer/notices.ts';
import { assert, suite } from '../harness/suite.ts';
import { shows, type TeamRig } from './rig.ts';
import { ask, givenLab, policy, release, setLimits, settle } from './world.ts';

const test = suite('actors: top-up later');

const later = { maxWaitMs: 30_000, graceMs: 500, topUpLater: true } as const;
const some = (amount: number, min: number) => ({ credits: { amount, min } });

/** 1,000 credits; `busy` holds 900 of them, `part` has 100 and claims 200 more. */
function givenPart(...more: readonly CommandInput[]): TeamRig {
  const rig = givenLab(...more);
  rig.when(ask('busy', { credits: 900 }), 'ann');
  shows(rig.when(ask('part', some(300, 50), later), 'bob'), {
    outcome: 'partial',
    granted: { credits: 100 },
    topUp: claimOf(rig),
  });
  return rig;
}

/** 1,000 credits; `busy` holds 700, `a` and `b` have 200 and 100 and claim 400 and 200 more. */
function givenShared(): TeamRig {
  const rig = givenLab();
  rig.when(ask('busy', { credits: 700 }), 'ann');
  rig.when(ask('rest', { credits: 300 }), 'ann');
  rig.when(ask('a', some(600, 1), later), 'bob');
  rig.when(ask('b', some(300, 1), later), 'bob');
  rig.when(release('rest'), 'ann');
  return rig;
}

const claims = (rig: TeamRig) =>
  rig.eventsOf('RequestQueued').filter(({ after }) => after === 'partial');
const claimOf = (rig: TeamRig): string => claims(rig).at(-1)?.id ?? 'no claim';
const growths = (rig: TeamRig): EventOf<'AllocationResized'>[] =>
  rig.eventsOf('AllocationResized').filter(({ topUp }) => topUp !== undefined);
const held = (rig: TeamRig, id: string) => rig.team.allocations.get(id)?.items['credits'];

test('O-03 a part keeps a claim for the rest, and grows by it when room comes', () => {
  const rig = givenPart();
  const [claim] = claims(rig);
  assert.equal(claim?.ask.items, { credits: { amount: 200 } });
  assert.equal(
    [claim?.of, claim?.by, claim?.position, claim?.account],
    ['part', 'bob', 1, { path: 'acme', resource: 'credits' }],
  );
  rig.pass(40);
  rig.when(settle('busy', { credits: 700 }), 'ann');
  assert.equal(held(rig, 'part'), 300);
  assert.equal(
    growths(rig).map(({ allocation, items, waitedMs }) => [allocation, items, waitedMs]),
    [['part', { credits: 300 }, 40]],
  );
  assert.equal(rig.team.waiting.size, 0);
  assert.equal(rig.eventsOf('AllocationGranted').length, 2);
  shows(rig.when(settle('part', { credits: 300 }), 'bob'), { outcome: 'settled' });
});

test('O-03 the claim waits until all of the rest fits, and in its turn', () => {
  const rig = givenPart();
  rig.when(ask('small', { credits: 10 }, { maxWaitMs: 60_000 }), 'ann');
  rig.when(setLimits('acme', { credits: 1_150 }));
  assert.equal([held(rig, 'part'), rig.team.waiting.size], [100, 2]);
  rig.when(setLimits('acme', { credits: 1_200 }));
  assert.equal([held(rig, 'part'), held(rig, 'small')], [300, undefined]);
  const urgent = ask('urgent', { credits: 5 }, { maxWaitMs: 60_000, priority: 'high' });
  shows(rig.when(urgent, 'ann'), { outcome: 'queued', position: 1 });
});

test('O-03 no claim is kept where nobody asks for one, would wait, or could ever have the rest', () => {
  for (const more of [{ maxWaitMs: 60_000 }, { topUpLater: true }, { ...later, maxWaitMs: 0 }]) {
    const rig = givenLab();
    rig.when(ask('busy', { credits: 900 }), 'ann');
    const { answer } = rig.when(ask('part', some(300, 50), more), 'bob');
    assert.equal([answer.outcome, 'topUp' in answer, rig.team.waiting.size], ['partial', false, 0]);
  }
  const rig = givenLab();
  const { answer } = rig.when(ask('part', some(1_001, 50), later), 'bob');
  assert.equal([answer.outcome, 'topUp' in answer], ['partial', false]);
});

test('O-03 a part out of the queue keeps a claim as old as its request', () => {
  const rig = givenLab(policy({ aging: { step: 0, intervalMs: 1_000 } }));
  rig.when(ask('busy', { credits: 600 }), 'ann');
  rig.when(ask('rest', { credits: 400 }), 'ann');
  const askedAtMs = rig.nowMs;
  shows(rig.when(ask('part', some(500, 100), later), 'bob'), { outcome: 'queued' });
  rig.pass(1_000);
  rig.when(settle('rest', { credits: 100 }), 'ann');
  const [claim] = claims(rig);
  assert.equal([held(rig, 'part'), claim?.queuedAtMs], [300, askedAtMs]);
  assert.equal(claim?.untilMs, rig.nowMs + later.maxWaitMs);
  rig.when(settle('busy', 'unknown'), 'ann');
  assert.equal(held(rig, 'part'), 300);
});

test('O-03 those who divide what is free keep a claim each', () => {
  const rig = givenShared();
  assert.equal([held(rig, 'a'), held(rig, 'b')], [200, 100]);
  assert.equal(
    claims(rig).map(({ of, position, ask: { items } }) => [of, position, items['credits']?.amount]),
    [
      ['a', 1, 400],
      ['b', 2, 200],
    ],
  );
  rig.when(release('busy'), 'ann');
  assert.equal([held(rig, 'a'), held(rig, 'b')], [600, 300]);
});

test('O-03 the claim is seen by status, queue and explain, and taken back by cancel', () => {
  const rig = givenPart();
  const claim = claimOf(rig);
  shows(rig.when({ op: 'status', of: claim }, 'bob'), { outcome: 'queued', position: 1 });
  const seen = rig.when({ op: 'queue', path: 'acme' }).answer;
  assert.equal(seen.outcome === 'queue' && seen.waiting.map(({ topsUp }) => topsUp), ['part']);
  shows(rig.when({ op: 'explain', of: claim }), {
    outcome: 'explained',
  });
  shows(rig.when({ op: 'cancel', request: claim }, 'bob'), {
    outcome: 'cancelled',
  });
  assert.equal([rig.team.waiting.size, held(rig, 'part')], [0, 100]);
  rig.when(release('busy'), 'ann');
  assert.equal(held(rig, 'part'), 100);
});

test('O-03 the claim ends with its allocation, its patience, or what bars it; that alone', () => {
  const ended = givenPart();
  ended.when(settle('part', { credits: 60 }), 'bob');
  assert.equal(ended.team.waiting.size, 0);
  assert.equal(
    ended.eventsOf('RequestCancelled').map(({ request, by }) => [request, by]),
    [[claimOf(ended), undefined]],
  );
  const late = givenPart();
  late.passTo(late.nowMs + later.maxWaitMs);
  assert.equal(
    late.eventsOf('RequestDenied').map(({ id, reason }) => [id, reason]),
    [[claimOf(late), 'wait_timeout']],
  );
  assert.equal(held(late, 'part'), 100);
  const frozen = givenPart();
  frozen.when({ op: 'freeze', path: 'acme/lab' });
  assert.equal(
    frozen.eventsOf('RequestDenied').map(({ id, reason }) => [id, reason]),
    [[claimOf(frozen), 'frozen']],
  );
  assert.equal(held(frozen, 'part'), 100);
});

test('O-03 a circle of those who wait for more is broken at the lowest claim', () => {
  const rig = givenLab();
  rig.when(ask('free', { credits: 400 }), 'ann');
  rig.when(ask('low', some(700, 10), { ...later, priority: 'low' }), 'bob');
  const lowest = claimOf(rig);
  rig.when(ask('high', some(700, 10), { ...later, priority: 'high' }), 'bob');
  assert.equal(rig.eventsOf('RequestDenied').length, 0);
  rig.when(release('free'), 'ann');
  assert.equal([held(rig, 'low'), held(rig, 'high')], [600, 400]);
  assert.equal(
    rig.eventsOf('RequestDenied').map(({ id, reason, rule }) => [id, reason, rule]),
    [[lowest, 'deadlock', 'deadlock']],
  );
  rig.when(release('low'), 'bob');
  assert.equal(held(rig, 'high'), 700);
});

test('O-03 of equal claims in a circle the youngest goes; there is none while one works on', () => {
  const rig = givenShared();
  assert.equal(rig.team.waiting.size, 2);
  rig.when(settle('busy', 'unknown'), 'ann');
  assert.equal(
    rig.eventsOf('RequestDenied').map(({ ask: { topsUp }, reason }) => [topsUp, reason]),
    [['b', 'deadlock']],
  );
  rig.when(release('b'), 'bob');
  assert.equal([held(rig, 'a'), rig.team.waiting.size], [200, 1]);
  // It alone holds any: it waits for the limit.
  rig.when(setLimits('acme', { credits: 1_300 }));
  assert.equal(held(rig, 'a'), 600);
});

test('O-03 who is told to yield keeps nobody in a circle', () => {
  const rig = givenShared();
  const graced = { ...later, priority: 'critical', strategy: 'preemption_allowed' } as const;
  shows(rig.when(ask('c', { credits: 100 }, graced), 'ann'), { outcome: 'preempting' });
  rig.when(settle('busy', { credits: 700 }), 'ann');
  assert.equal(rig.eventsOf('RequestDenied').length, 0);
  rig.when({ op: 'cancel', request: 'c' }, 'ann');
  assert.equal(
    rig.eventsOf('RequestDenied').map(({ ask: { topsUp } }) => topsUp),
    ['b'],
  );
});

test('INV-18 an allocation grows by itself by its own claim alone, and by no more', () => {
  const rig = givenPart();
  const grown = (topUp: string, credits: number): EventOf<'AllocationResized'> => ({
    type: 'AllocationResized',
    v: 1,
    team: 'acme',
    atMs: rig.nowMs,
    allocation: 'part',
    items: { credits },
    topUp,
  });
  rig.when(setLimits('acme', { credits: 1_150 }));
  for (const event of [grown('busy', 300), grown(claimOf(rig), 120)]) {
    assert.throws(() => rig.record(event), /INV-18/);
  }
  assert.is(INVARIANTS['INV-18'].says, 'what grows by itself meets its own claim');
});

test('O-03 its agent is told of the growth', () => {
  const rig = givenPart();
  rig.when(release('busy'), 'ann');
  const [growth] = growths(rig);
  if (growth === undefined) throw new Error('it has grown');
  const [told] = noticesOf(rig.team, growth);
  assert.equal([told?.kind, told?.id, told?.allocations], ['grown', 'part', ['part']]);
  assert.equal(told?.answer?.outcome === 'resized' && told.answer.items, { credits: 300 });
});

test('O-03 a writer that takes over knows the claim, and one that was cut off makes it', () => {
  const rig = givenPart();
  const next = rig.takenOver();
  next.when(release('busy'), 'ann');
  assert.equal(held(next, 'part'), 300);
  const cut = givenPart();
  cut.recorded.splice(cut.recorded.findIndex(({ event }) => event.type === 'RequestQueued'));
  const after = cut.takenOver();
  assert.equal(
    claims(after).map(({ of }) => of),
    ['part'],
  );
});

test.run();
