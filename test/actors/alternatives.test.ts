import { alternativesTo } from '../../actors/contests/alternatives.ts';
import type { Alternative } from '../../events/answers.ts';
import type { DecisionEvent } from '../../events/decision-event.ts';
import { assert, suite } from '../harness/suite.ts';
import type { Shown } from './rig.ts';
import { ask, givenLab } from './world.ts';

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

test.run();
