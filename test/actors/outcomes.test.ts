import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { type Shown, shows, the } from './rig.ts';
import { ask, givenLab, policy } from './world.ts';

const test = suite('actors: outcomes');

type More = Parameters<typeof ask>[2];
const vip: More = { priority: 'emergency' };

interface Case {
  /** What is true before, beside ann's allocation `v` of 900 of the team's 1,000 credits. */
  readonly given?: readonly CommandInput[];
  readonly holder?: More;
  readonly amount?: number;
  readonly min?: number;
  readonly more?: More;
}

/** bob asks; everything but what a case names is the same in all of them. */
function outcomeOf({ given = [], holder = {}, amount = 500, min, more = {} }: Case): Shown {
  const rig = givenLab(...given);
  rig.when(ask('v', { credits: 900 }, { priority: 'low', ...holder }), 'ann');
  return rig.when(ask('b', { credits: min === undefined ? amount : { amount, min } }, more), 'bob');
}

/** For each outcome a case that has it and cases that differ from it in one factor and have not. */
const PAIRS: readonly [
  outcome: string,
  rule: string,
  base: Case,
  others: readonly [factor: string, outcome: string, other: Case][],
][] = [
  [
    'granted',
    'fits',
    { amount: 100 },
    [
      ['amount', 'denied', { amount: 101 }],
      ['stop', 'denied', { amount: 100, given: [{ op: 'stop', path: 'acme/lab' }] }],
      [
        'freeze',
        'denied',
        { amount: 100, given: [{ op: 'freeze', path: 'acme/lab/run', forMs: 1 }] },
      ],
    ],
  ],
  [
    'partial',
    '7-equal-divisible',
    { min: 100 },
    [
      ['min', 'denied', { min: 101 }],
      ['divisible', 'denied', {}],
      ['strategy of the caller', 'denied', { min: 100, more: { strategy: 'queue_and_wait' } }],
      ['patience', 'queued', { min: 101, more: { maxWaitMs: 1_000 } }],
      ['priority', 'granted', { min: 100, more: vip }],
      [
        'strategy of the policy',
        'denied',
        { min: 100, given: [policy({ strategies: { credits: 'first_come_first_served' } })] },
      ],
    ],
  ],
  [
    'denied',
    '7-wait',
    {},
    [
      ['amount', 'granted', { amount: 100 }],
      ['patience', 'queued', { more: { maxWaitMs: 1 } }],
      ['priority', 'granted', { more: vip }],
      ['divisible', 'partial', { min: 1 }],
    ],
  ],
  [
    'queued',
    '7-wait',
    { more: { maxWaitMs: 1_000 } },
    [
      ['patience', 'denied', { more: { maxWaitMs: 0 } }],
      ['amount', 'granted', { amount: 100, more: { maxWaitMs: 1_000 } }],
      ['amount beyond the limit', 'denied', { amount: 1_001, more: { maxWaitMs: 1_000 } }],
      ['deadline', 'denied', { more: { maxWaitMs: 1_000, deadlineMs: 100, expectedMs: 101 } }],
    ],
  ],
  [
    'preempting',
    '5-emergency',
    { holder: { graceMs: 500 }, more: vip },
    [
      ['grace of the victim', 'granted', { more: vip }],
      ['priority', 'denied', { holder: { graceMs: 500 }, more: {} }],
      [
        'slack',
        'granted',
        { holder: { graceMs: 500 }, more: { ...vip, deadlineMs: 9, expectedMs: 9 } },
      ],
      ['preemptible', 'denied', { holder: { graceMs: 500, preemptible: false }, more: vip }],
      ['priority of the holder', 'denied', { holder: { graceMs: 500, ...vip }, more: vip }],
      [
        'policy',
        'denied',
        {
          holder: { graceMs: 500 },
          more: vip,
          given: [policy({ preemption: { withinNode: 'never' } })],
        },
      ],
    ],
  ],
  [
    'granted',
    'preempted',
    { more: vip },
    [
      ['grace of the victim', 'preempting', { holder: { graceMs: 1 }, more: vip }],
      ['priority', 'denied', { more: { priority: 'high' } }],
      ['its strategy', 'denied', { more: { ...vip, strategy: 'queue_and_wait' } }],
    ],
  ],
];

for (const [outcome, rule, base, others] of PAIRS) {
  for (const [factor, otherwise, other] of others) {
    test(`${outcome} by ${rule}, but ${otherwise} with another ${factor}`, () => {
      shows(outcomeOf(base), { outcome, rule });
      shows(outcomeOf(other), { outcome: otherwise });
    });
  }
}

test('S-11 a caller may ask to preempt, wait or share; it never gains rank by it', () => {
  const preempting: More = { priority: 'normal', strategy: 'preemption_allowed' };
  shows(outcomeOf({ more: preempting }), { outcome: 'granted' });
  shows(outcomeOf({ holder: { priority: 'normal' }, more: preempting }), { outcome: 'denied' });
  shows(outcomeOf({ more: { priority: 'high' } }), { outcome: 'denied', rule: '7-wait' });
});

test('S-09 a strategy that is configured comes before that of the caller, if it is legal', () => {
  const given = [policy({ strategies: { credits: 'preemption_allowed' } })];
  shows(outcomeOf({ given, more: { strategy: 'queue_and_wait' } }), { outcome: 'granted' });
  const shared = [policy({ strategies: { '*': 'proportional_sharing' } })];
  // Not legal for what cannot be divided: the caller's own counts then.
  shows(outcomeOf({ given: shared, more: { strategy: 'preemption_allowed' } }), {
    outcome: 'granted',
    preempted: ['v'],
  });
  shows(outcomeOf({ given: shared, min: 50, more: { strategy: 'preemption_allowed' } }), {
    outcome: 'partial',
  });
});

test('N-03 critical work preempts only when its deadline leaves no time to wait', () => {
  const critical = (deadlineMs: number): Case => ({
    more: { priority: 'critical', deadlineMs, expectedMs: 1_000, maxWaitMs: 90_000 },
  });
  // The holder's lease ends in 60 s.
  shows(outcomeOf(critical(60_999)), { outcome: 'granted' });
  shows(outcomeOf(critical(61_000)), { outcome: 'queued' });
});

test('A-06 F-01 … F-07 a decision in a contest names its rule and what it looked at', () => {
  const shown = outcomeOf({ more: { maxWaitMs: 1_000, deadlineMs: 9_000, expectedMs: 4_000 } });
  const factors = the(shown.events, 'RequestQueued').factors;
  assert.equal(factors, {
    priority: 100,
    highestWaiting: null,
    slackMs: 5_000,
    expectedWaitMs: 60_000,
    scarcityPermille: 900,
    victimPriority: 0,
    victimRanMs: 0,
    loadWaiting: 0,
    loadLive: 1,
    aheadCount: 0,
    fairness: 'default',
    runSharePermille: 900,
    reservation: false,
    booked: 0,
    divisible: false,
    maxWaitMs: 1_000,
  });
  assert.equal(the(shown.events, 'StrategySelected').factors, factors);
});

test.run();
