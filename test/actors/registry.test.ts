import type { CommandInput } from '../../events/commands.ts';
import type { Registry } from '../../events/resources.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, has, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import {
  ask,
  enrol,
  givenLab,
  LAB,
  open,
  policy,
  RUN,
  release,
  setLimits,
  settle,
} from './world.ts';

const test = suite('actors: registry');

const adds = (resources: Registry) => policy({ resources });
const GPU: Registry = {
  gpu_hours: { class: 'consumable', unit: 'mh' },
  gpus: { class: 'capacity', unit: 'cards' },
  mails_per_hour: { class: 'rate', unit: 'mails' },
};

test('R-21 R-22 a resource of the policy behaves by its class, and is shown with its unit', () => {
  const rig = givenLab(adds(GPU));
  shows(rig.when(setLimits('acme', { gpu_hours: 100, gpus: 2, mails_per_hour: 1 })), {
    outcome: 'limits_set',
  });
  rig.when(ask('a', { gpu_hours: 60, gpus: 2, mails_per_hour: 1 }), 'ann');
  shows(rig.when(ask('b', { gpus: 1 }), 'ann'), { reason: 'insufficient_resource' });
  shows(rig.when(ask('c', { mails_per_hour: 1 }), 'ann'), { outcome: 'denied', retryOn: 'time' });
  shows(rig.when(settle('a', { gpu_hours: 80 }), 'ann'), { booked: { gpu_hours: 80 } });
  const { answer } = rig.when({ op: 'balance', path: 'acme' });
  const lines = answer.outcome === 'balance' ? answer.lines : [];
  has(
    lines.find(({ resource }) => resource === 'gpu_hours'),
    { unit: 'mh', class: 'consumable', spentTree: 80, available: 20 },
  );
  has(
    lines.find(({ resource }) => resource === 'gpus'),
    { unit: 'cards', class: 'capacity', spentTree: 0, heldTree: 0, peakHeld: 2 },
  );
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
});

test('R-21 what is reported and charged of an added consumable is spent; its threshold is told', () => {
  const rig = givenLab(
    policy({ resources: GPU, ladder: [{ kind: 'notice', onPermille: 500, offPermille: 400 }] }),
  );
  rig.when(setLimits('acme', { gpu_hours: 100 }));
  rig.when(ask('a', { gpu_hours: 40 }, { ttlMs: 1_000 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { gpu_hours: 30 } }, 'ann');
  has(the(rig.pass(1_000), 'AllocationEnded'), { as: 'expired', booked: { gpu_hours: 30 } });
  const { events } = rig.when({ op: 'charge', id: 'c', path: RUN, amounts: { gpu_hours: 25 } });
  has(the(events, 'ThresholdCrossed'), { resource: 'gpu_hours', usePermille: 550 });
  const wrong = { op: 'charge', id: 'd', path: RUN, amounts: { gpus: 1 } } as const;
  shows(rig.when(wrong), { code: 'unknown_resource' });
});

test('R-21 a resource that nobody has added is refused, and again when it is taken away unused', () => {
  const rig = givenLab();
  shows(rig.when(ask('a', { gpus: 1 }), 'ann'), { code: 'unknown_resource' });
  rig.when(adds(GPU));
  rig.when(adds({}));
  shows(rig.when(setLimits('acme', { gpus: 1 })), { code: 'unknown_resource' });
});

test('R-21 the class of a resource in use is not changed, nor its name taken away', () => {
  const changes = (use: CommandInput | undefined, next: Registry) => {
    const rig = givenLab(adds(GPU), ...(use === undefined ? [] : [use]));
    const { answer, events } = rig.when(adds(next));
    if (answer.outcome === 'refused') assert.equal(events, []);
    return answer.outcome === 'refused' ? answer.code : answer.outcome;
  };
  const other: Registry = { ...GPU, gpus: { class: 'consumable', unit: 'cards' } };
  assert.is(changes(undefined, other), 'policy_set');
  assert.is(changes(open('acme/x', { gpus: 1 }), other), 'resource_in_use');
  assert.is(changes(open('acme/x', { gpus: 1 }), {}), 'resource_in_use');
  assert.is(changes(open('acme/x', { mails_per_hour: 1 }), {}), 'resource_in_use');
  const renamed: Registry = { ...GPU, gpus: { class: 'capacity', unit: 'boards' } };
  assert.is(changes(open('acme/x', { gpus: 1 }), renamed), 'policy_set');
});

const LOCK: Registry = { deploy: { class: 'capacity', unit: 'locks', exclusive: true } };
const lock = (id: string, more = {}) => ask(id, { deploy: 1 }, { maxWaitMs: 60_000, ...more });

test('R-20 D-08 an exclusive resource has the limit 1 for the whole team, whoever opens it when', () => {
  const first = givenLab(adds(LOCK));
  const second = given(policy({ resources: LOCK }), ...LAB.slice(0, 5));
  for (const rig of [first, second]) {
    shows(rig.when(ask('a', { deploy: 1 }), 'ann'), { outcome: 'granted' });
    const denied = rig.when(ask('b', { deploy: 1 }, { path: 'acme/lab' }), 'bob');
    shows(denied, { outcome: 'denied', reason: 'exclusive_access_required' });
    shows(rig.when(ask('c', { deploy: 2 }), 'bob'), { reason: 'never_fits' });
    shows(rig.when(setLimits('acme', { deploy: 2 })), { code: 'exclusive_resource' });
    shows(rig.when(setLimits('acme', { deploy: { limit: null } })), { code: 'exclusive_resource' });
    shows(rig.when(setLimits(RUN, { deploy: 2 })), { code: 'exclusive_resource' });
    shows(rig.when({ op: 'topUp', id: 't', path: 'acme', amounts: { deploy: 1 } }), {
      code: 'exclusive_resource',
    });
    shows(rig.when(setLimits(RUN, { deploy: 0 })), { outcome: 'limits_set' });
  }
});

test('R-20 S-02 S-03 an exclusive resource goes by priority with aging, never in parts', () => {
  const rig = givenLab(adds(LOCK));
  const events = (shown: ReturnType<TeamRig['when']>) => the(shown.events, 'StrategySelected');
  rig.when(lock('busy', { ttlMs: 600_000 }), 'ann');
  has(events(rig.when(lock('low', { priority: 'low' }), 'bob')), { rule: '6-exclusive' });
  rig.when(lock('high', { priority: 'high' }), 'bob');
  has(the(rig.when(release('busy'), 'ann').events, 'AllocationGranted'), { id: 'high' });
  has(the(rig.when(release('high'), 'bob').events, 'AllocationGranted'), { id: 'low' });
});

test('N-02 F-06 what an agent says of itself is capped by policy, per agent and node', () => {
  const caps: NonNullable<Parameters<typeof policy>[0]>['caps'] = [
    { path: 'acme/lab', businessImpactMax: 60, strategies: ['queue_and_wait'] },
    { name: 'junior', path: 'acme', agents: ['ann'], priorityMax: 'normal' },
    { path: RUN, agents: ['ann'], businessImpactMax: 40 },
  ];
  const rig = givenLab(policy({ caps }));
  const refused = (id: string, more: object, agent: string) => {
    const { answer, events } = rig.when(ask(id, { credits: 1 }, more), agent);
    if (answer.outcome !== 'refused') return answer.outcome;
    assert.equal([answer.code, events.length], ['not_permitted', 0]);
    return answer.message;
  };
  assert.is(refused('a', { businessImpact: 60 }, 'bob'), 'granted');
  assert.is(
    refused('b', { businessImpact: 61 }, 'bob'),
    'business impact 61 is above 60 (cap-1 of acme/lab)',
  );
  assert.is(
    refused('c', { businessImpact: 41 }, 'ann'),
    `business impact 41 is above 40 (cap-3 of ${RUN})`,
  );
  assert.is(
    refused('d', { priority: 'high' }, 'ann'),
    'priority 200 is above 100 (junior of acme)',
  );
  assert.is(refused('e', { priority: 'high' }, 'bob'), 'granted');
  assert.is(refused('f', { strategy: 'queue_and_wait' }, 'bob'), 'granted');
  assert.match(refused('g', { strategy: 'preemption_allowed' }, 'bob'), /not one to ask for/);
});

test('S-05 what may be held without being preemptible is a capped share of the limit', () => {
  const rig = givenLab(
    policy({ caps: [{ path: 'acme', nonPreemptibleMaxPermille: 500 }] }),
    enrol('cat'),
  );
  const firm = (id: string, concurrency: number) =>
    ask(id, { concurrency }, { preemptible: false });
  shows(rig.when(firm('a', 1), 'ann'), { outcome: 'granted' });
  shows(rig.when(firm('b', 2), 'bob'), { code: 'not_permitted' });
  shows(rig.when(ask('c', { concurrency: 1 }), 'cat'), { outcome: 'granted' });
  shows(rig.when(firm('d', 1), 'bob'), { outcome: 'granted' });
  shows(rig.when(firm('e', 1), 'bob'), {
    code: 'not_permitted',
    message:
      '3 of 4 slots of concurrency would be held by what may not be preempted, 500 permille at most (cap-1 of acme)',
  });
  rig.when(release('a'), 'ann');
  shows(rig.when(firm('f', 1), 'bob'), { outcome: 'granted' });
});

test.run();
