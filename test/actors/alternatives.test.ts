import { alternativesTo } from '../../actors/contests/alternatives.ts';
import type { Alternative } from '../../events/answers.ts';
import type { DecisionEvent } from '../../events/decision-event.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, type Shown } from './rig.ts';
import { ask, givenLab, policy, STEP, setLimits } from './world.ts';

const test = suite('actors: what else could be done about a request');

const dry = { dryRun: true } as const;

/** The alternatives of a dry run, by kind. */
function weighed({ answer }: Shown): Map<Alternative['kind'], Alternative> {
  const { alternatives } = answer as { readonly alternatives?: readonly Alternative[] };
  assert.ok(alternatives, JSON.stringify(answer));
  return new Map(alternatives?.map((one) => [one.kind, one]));
}

test('F-04 S-11 a dry run weighs a part, an eviction, a wait and a denial, with the cost of each', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { priority: 'low', graceMs: 250 }), 'ann');
  rig.when({ op: 'report', allocation: 'v', used: { credits: 40 } }, 'ann', rig.nowMs + 5_000);
  const items = { credits: { amount: 500, min: 50 } };
  const options = weighed(rig.when(ask('q', items, { ...dry, maxWaitMs: 1_000 }), 'bob'));
  assert.equal(options.get('grant')?.possible, false);
  assert.equal(options.get('part'), {
    kind: 'part',
    chosen: true,
    possible: true,
    granted: { credits: 100 },
    missing: { credits: 400 },
  });
  assert.equal(options.get('preempt'), {
    kind: 'preempt',
    chosen: false,
    possible: true,
    victims: ['v'],
    graceMs: 250,
    lostWorkMs: 5_000,
    sunk: { credits: 40 },
  });
  assert.is(options.get('wait')?.position, 1);
  assert.is(options.get('deny')?.possible, true);
  assert.is(rig.team.waiting.size, 0);
});

test('S-11 exactly one alternative is the chosen one, and it is possible', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { priority: 'low' }), 'ann');
  const asks = [
    { maxWaitMs: 1_000 },
    { maxWaitMs: 0 },
    { priority: 'emergency' },
    { priority: 'low', maxWaitMs: 10 },
  ] as const;
  for (const more of asks) {
    const options = [...weighed(rig.when(ask('q', { credits: 500 }, { ...dry, ...more }), 'bob'))];
    const chosen = options.filter(([, one]) => one.chosen).map(([, { possible }]) => possible);
    assert.equal(chosen, [true], JSON.stringify(more));
  }
});

test('O-04 what never fits has a denial as its only alternative', () => {
  const options = weighed(givenLab().when(ask('q', { credits: 5_000 }, dry), 'bob'));
  const possible = [...options.values()].filter((one) => one.possible).map(({ kind }) => kind);
  assert.equal(possible, ['deny']);
});

test('U-02 the same alternatives follow from the log alone, before the decision', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { priority: 'low' }), 'ann');
  const told = weighed(rig.when(ask('q', { credits: 500 }, { ...dry, maxWaitMs: 9 }), 'bob'));
  const before = rig.replayed();
  const { events } = rig.when(ask('q', { credits: 500 }, { maxWaitMs: 9 }), 'bob');
  const decision = events.find((event) => event.type === 'RequestQueued') as DecisionEvent;
  assert.equal(alternativesTo(before, decision), [...told.values()]);
});

test('S-11 nothing is weighed where a request meets nobody or is barred', () => {
  const rig = givenLab();
  const free = rig.when(ask('q', { credits: 5 }, dry), 'ann').answer;
  assert.is('alternatives' in free, false);
  rig.when({ op: 'freeze', path: 'acme' });
  const barred = rig.when(ask('q', { credits: 5 }, dry), 'ann').answer;
  assert.is(barred.outcome, 'denied');
  assert.is('alternatives' in barred, false);
});

test('S-11 whom a breaker, a rule, a tool, a level or a reservation decides about has no alternatives', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { priority: 'low' }), 'ann');
  rig.when({ op: 'reserve', id: 'res', path: STEP, items: { concurrency: 4 }, forMs: 60_000 });
  const told = (items: Parameters<typeof ask>[1], more = {}) =>
    rig.when(ask('q', items, { ...dry, maxWaitMs: 9_000, ...more }), 'bob').answer;
  const drawn = told({ concurrency: 1 }, { reservationId: 'res', maxWaitMs: 0 });
  has(drawn, { outcome: 'would_grant', rule: '3-reservation', alternatives: undefined });

  rig.when({ op: 'openBreaker', path: 'acme', resource: 'credits', forMs: 500 });
  has(told({ credits: 500 }), { reason: 'breaker_open', alternatives: undefined });
  rig.when({ op: 'closeBreaker', path: 'acme', resource: 'credits' });
  assert.ok('alternatives' in told({ credits: 500 }), 'once it is closed they are weighed');

  const business = { name: '7-wait', path: 'acme', resource: 'credits', above: 400 };
  rig.when(policy({ rules: [{ ...business, effect: 'deny' }] }));
  has(told({ credits: 500 }), { reason: 'rule_denied', rule: '7-wait', alternatives: undefined });

  const level = { admit: 'critical', refused: 'queue' } as const;
  const ladder = [{ kind: 'critical', onPermille: 800, offPermille: 700 }] as const;
  rig.when(policy({ ladder: [...ladder], degradation: { levels: [level] } }));
  has(told({ credits: 500 }), { outcome: 'would_queue', rule: 'barrier-degraded' });
  has(told({ credits: 500 }), { alternatives: undefined });
});

test('S-08 a grant past others who are not delayed is the possible alternative that it is', () => {
  const rig = givenLab();
  rig.when(ask('v', { concurrency: 3 }, { ttlMs: 60_000 }), 'ann');
  rig.when(ask('w', { concurrency: 2 }, { maxWaitMs: 60_000 }), 'ann');
  const shown = rig.when(ask('q', { concurrency: 1 }, { ...dry, ttlMs: 1_000 }), 'bob');
  has(shown.answer, { outcome: 'would_grant', rule: 'backfill' });
  has(weighed(shown).get('grant'), { chosen: true, possible: true });
});

test('X-03 a grant of all that a level allows is a grant, possible and chosen', () => {
  const rig = givenLab();
  rig.when(
    policy({
      ladder: [{ kind: 'notice', onPermille: 500, offPermille: 400 }],
      degradation: { levels: [{ partialPermilleMax: 500 }], from: { notice: 1 } },
      reserves: { credits: { amount: 100 } },
    }),
  );
  rig.when(setLimits('acme/lab', { credits: 800 }));
  rig.when(ask('v', { credits: 700 }), 'ann');
  const items = { credits: { amount: 40, min: 2 } };
  const shown = rig.when(ask('q', items, { ...dry, priority: 'emergency' }), 'bob');
  has(shown.answer, { outcome: 'would_grant', rule: '5-reserve', granted: { credits: 20 } });
  const options = weighed(shown);
  has(options.get('grant'), { chosen: true, possible: true, granted: { credits: 20 } });
  has(options.get('part'), { chosen: false });
});

test.run();
