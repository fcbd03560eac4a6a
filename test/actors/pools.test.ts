import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, policy, RUN, release, STEP, setLimits } from './world.ts';

const test = suite('actors: pools');

type RequestInput = Extract<CommandInput, { op: 'request' }>;
type Group = NonNullable<RequestInput['anyOf']>[number];

const A = 'pool.gpu-a';
const B = 'pool.gpu-b';
const wait = { maxWaitMs: 60_000 };

/** A request for so many of any of some pools. */
function anyOf(
  id: string,
  amount: number,
  more: Partial<RequestInput> = {},
  pools: readonly string[] = [B, A],
): RequestInput {
  return { op: 'request', id, path: STEP, anyOf: [{ pools: [...pools], amount }], ...more };
}

/** Two pools of the team, of these sizes. */
const givenPools = (a: number, b: number, ...more: readonly CommandInput[]) =>
  givenLab(setLimits('acme', { [A]: a, [B]: b }), ...more);

/** What ann is granted by a request. */
function granted(rig: TeamRig, request: RequestInput): unknown {
  const { answer } = rig.when(request, 'ann');
  return answer.outcome === 'granted' ? answer.granted : answer;
}

test('A-07 of pools that fit the one with the least weighted use is taken, ties by name', () => {
  const rig = givenPools(4, 8);
  assert.equal(granted(rig, anyOf('a', 1)), { [A]: 1 });
  assert.equal(granted(rig, anyOf('b', 2)), { [B]: 2 });
  // 1 of 4 and 2 of 8 are the same use.
  assert.equal(granted(rig, anyOf('c', 1)), { [A]: 1 });
  assert.equal(granted(rig, anyOf('d', 2)), { [B]: 2 });
});

test('A-07 a weight makes a pool take more of the load', () => {
  const rig = givenPools(6, 6, policy({ pools: { [A]: { weightMilli: 2_000 } } }));
  const taken = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => granted(rig, anyOf(id, 1)));
  assert.is(taken.filter((one) => A in (one as object)).length, 4);
});

test('A-07 the choice is recorded with the use of all candidates; a repeat gets the same', () => {
  const rig = givenPools(4, 4);
  granted(rig, anyOf('a', 1));
  const request = anyOf('b', 1, { items: { credits: { amount: 5 } } });
  const { events } = rig.when(request, 'ann');
  const grant = the(events, 'AllocationGranted');
  has(grant, {
    items: { credits: 5, [B]: 1 },
    factors: { [`use of ${A}`]: 250, [`use of ${B}`]: 0 },
  });
  assert.equal(grant.ask.anyOf, request.anyOf);
  granted(rig, anyOf('c', 3, {}, [B]));
  shows(rig.when(request, 'ann'), { outcome: 'granted', granted: grant.items, replayed: true }, []);
  const other = { ...request, anyOf: [{ pools: [A, B], amount: 2 }] };
  shows(rig.when(other, 'ann'), { outcome: 'refused', code: 'id_conflict' }, []);
});

test('A-07 a pool that is too full is passed over for one that fits, however used', () => {
  const rig = givenPools(10, 3);
  granted(rig, anyOf('a', 5, {}, [A]));
  granted(rig, anyOf('b', 1, {}, [B]));
  assert.equal(granted(rig, anyOf('c', 3)), { [A]: 3 });
});

test('A-07 where it fits in none it waits for the least used; room in any of them serves it', () => {
  const rig = givenPools(2, 4);
  granted(rig, anyOf('a', 2, {}, [A]));
  granted(rig, anyOf('b', 3, {}, [B]));
  shows(rig.when(anyOf('w', 2, wait), 'bob'), {
    outcome: 'queued',
    account: { path: 'acme', resource: B },
  });
  const { events } = rig.when(release('a'), 'ann');
  has(the(events, 'AllocationGranted'), { id: 'w', items: { [A]: 2 }, via: 'queue' });
});

test('A-07 who waits elsewhere and ranks before the head of a queue is served before it', () => {
  const rig = givenPools(2, 2);
  for (const [id, pool] of [
    ['a', A],
    ['b', B],
  ] as const)
    granted(rig, anyOf(id, 2, {}, [pool]));
  rig.when(anyOf('any', 2, { ...wait, priority: 'high' }), 'bob');
  rig.when(anyOf('only', 2, wait, [B]), 'bob');
  has(the(rig.when(release('b'), 'ann').events, 'AllocationGranted'), { id: 'any' });
  has(the(rig.when(release('a'), 'ann').events, 'AllocationEnded'), { allocation: 'a' });
  assert.ok(rig.team.waiting.has('only'), 'it wants the other pool');
});

test('A-07 who ranks behind the head of the queue of a pool does not pass it', () => {
  const rig = givenPools(2, 2, policy({ backfill: 'none' }));
  for (const [id, pool] of [
    ['a', A],
    ['b', B],
  ] as const)
    granted(rig, anyOf(id, 1, {}, [pool]));
  shows(rig.when(anyOf('big', 2, { ...wait, priority: 'high' }, [A]), 'bob'), {
    outcome: 'queued',
  });
  // There is room for it in both, but somebody stands before it at one.
  assert.equal(granted(rig, anyOf('c', 1, {}, [A, B])), { [B]: 1 });
  shows(rig.when(anyOf('d', 1, wait), 'ann'), { account: { path: 'acme', resource: A } });
});

test('A-07 an ask that is larger than a pool does not contend for that', () => {
  const rig = givenPools(2, 8);
  granted(rig, anyOf('a', 5, {}, [B]));
  shows(rig.when(anyOf('b', 6), 'ann'), { outcome: 'denied', reason: 'concurrency_limit_reached' });
  shows(rig.when(anyOf('c', 9), 'ann'), { outcome: 'denied', reason: 'never_fits' });
});

test('A-07 a divisible ask takes a part of the least used where it fits nowhere', () => {
  const rig = givenPools(4, 4);
  granted(rig, anyOf('a', 3, {}, [A]));
  granted(rig, anyOf('b', 2, {}, [B]));
  const part = anyOf('p', 0, { anyOf: [{ pools: [A, B], amount: 4, min: 1 }] });
  shows(rig.when(part, 'ann'), { outcome: 'partial', granted: { [B]: 2 } });
});

test('R-23 several groups are chosen each for itself', () => {
  const pools = ['pool.m', 'pool.n'];
  const rig = givenPools(2, 2, setLimits('acme', { 'pool.m': 1, 'pool.n': 100 }));
  granted(rig, anyOf('x', 1, {}, ['pool.m']));
  const groups: Group[] = [
    { pools: [A, B], amount: 1 },
    { pools, amount: 1 },
  ];
  assert.equal(granted(rig, anyOf('a', 1, { anyOf: groups })), { [A]: 1, 'pool.n': 1 });
});

test('R-23 a pool is shared by the nodes that policy names, beneath the node that limits it', () => {
  const rig = givenPools(
    2,
    2,
    open('acme/other'),
    open('acme/other/run'),
    policy({ pools: { [A]: { nodes: ['acme/other'] } } }),
  );
  const denied = { outcome: 'denied', reason: 'pool_not_allowed', rule: 'pool-not-its-node' };
  shows(rig.when(ask('a', { [A]: 1 }), 'ann'), denied, ['RequestDenied']);
  shows(rig.when(anyOf('b', 1, {}, [A]), 'ann'), denied);
  assert.equal(granted(rig, anyOf('c', 1)), { [B]: 1 });
  const there = anyOf('d', 1, { path: 'acme/other/run/s' });
  assert.equal(granted(rig, there), { [A]: 1 });
  shows(rig.when(ask('e', { 'pool.nobodys': 1 }), 'ann'), {
    reason: 'pool_not_allowed',
    rule: 'pool-no-limit',
    message: `pool_not_allowed: pool.nobodys is no pool here; no tier of ${STEP} limits it: set its capacity with setLimits`,
  });
});

test('R-23 who waits for a pool that is taken from its node is denied; growth is refused', () => {
  const rig = givenPools(2, 2);
  granted(rig, anyOf('a', 1, {}, [A]));
  rig.when(anyOf('w', 2, wait, [A]), 'bob');
  const { events } = rig.when(policy({ pools: { [A]: { nodes: ['acme/other'] } } }));
  has(the(events, 'RequestDenied'), { id: 'w', reason: 'pool_not_allowed', waited: true });
  const grow: CommandInput = { op: 'resize', allocation: 'a', items: { [A]: 2 } };
  shows(rig.when(grow, 'ann'), { outcome: 'refused', code: 'not_permitted' });
});

test('R-10 R-14 a worker slot and memory of a pool come back with their lease', () => {
  const rig = givenPools(1, 1, setLimits('acme', { 'pool.memory': 64 }));
  granted(rig, anyOf('a', 1, { items: { 'pool.memory': { amount: 64 } }, ttlMs: 5_000 }, [A]));
  shows(rig.when(ask('b', { 'pool.memory': 1 }), 'ann'), { outcome: 'denied' });
  rig.when(ask('c', { 'pool.memory': 64, [A]: 1 }, wait), 'bob');
  const [ended, next] = rig.pass(5_000).filter(({ type }) => /^Allocation/.test(type));
  has(ended, { type: 'AllocationEnded', as: 'expired' });
  has(next, { type: 'AllocationGranted', id: 'c' });
});

test('A-07 I-10 room in a pool serves nobody whom a breaker bars; when it is tried it does', () => {
  const breakers = ['pool.*', 'tool.search'].map((resource) => {
    return { resource, failures: 1, windowMs: 1_000, openMs: 500, mode: 'queue' } as const;
  });
  const items = { 'tool.search': { amount: 1 } };
  for (const [resource, more] of [[B] as const, ['tool.search', { items }] as const]) {
    const rig = givenPools(1, 1, policy({ breakers }));
    granted(rig, anyOf('a', 1, {}, [A]));
    granted(rig, anyOf('b', 1, {}, [B]));
    rig.when({ op: 'openBreaker', path: 'acme', resource: A, forMs: 60_000 });
    rig.when({ op: 'openBreaker', path: 'acme', resource, forMs: 500 });
    const pools = resource === B ? [A, B] : [B];
    shows(rig.when(anyOf('w', 1, { ...wait, ...more }, pools), 'bob'), { outcome: 'queued' });
    const freed = rig.when(release('b'), 'ann').events.map(({ type }) => type);
    assert.equal(freed, ['AllocationEnded'], resource);
    has(the(rig.pass(500), 'AllocationGranted'), { id: 'w', probe: true });
  }
});

test('A-07 I-10 of pools that are all barred one is waited for before another denies', () => {
  const breakers = ([A, B] as const).map((resource) => {
    const mode = resource === A ? ('deny' as const) : ('queue' as const);
    return { resource, failures: 1, windowMs: 1_000, openMs: 60_000, mode };
  });
  const rig = givenPools(9, 2, policy({ breakers }));
  granted(rig, anyOf('b', 1, {}, [B]));
  for (const resource of [A, B]) rig.when({ op: 'openBreaker', path: 'acme', resource });
  shows(rig.when(anyOf('w', 1, wait), 'bob'), {
    outcome: 'queued',
    account: { path: 'acme', resource: B },
  });
});

test('A-07 what waits and what was chosen are the same after a replay and a take-over', () => {
  const rig = givenPools(2, 2);
  for (const [id, pool] of [
    ['a', A],
    ['b', B],
  ] as const)
    granted(rig, anyOf(id, 2, {}, [pool]));
  rig.when(anyOf('w', 1, wait), 'bob');
  rig.when(anyOf('v', 1, { ...wait, path: `${RUN}/other` }), 'bob');
  const next = rig.takenOver();
  const served = (one: TeamRig) =>
    one
      .when(release('b'), 'ann')
      .events.flatMap((event) =>
        event.type === 'AllocationGranted' ? [event.id, event.items] : [],
      );
  assert.equal(served(next), served(rig));
  assert.equal(served(rig.takenOver()), []);
});

test('A-07 wrong groups are refused: no capacity, unknown, twice, beside the item', () => {
  const rig = givenPools(2, 2);
  const refused = (request: RequestInput) => rig.when(request, 'ann').answer;
  has(refused(anyOf('a', 1, {}, ['credits'])), { code: 'malformed' });
  has(refused(anyOf('b', 1, {}, ['unheard-of'])), { code: 'unknown_resource' });
  const wrong = [
    anyOf('c', 1, {}, [A, A]),
    anyOf('d', 1, { items: { [A]: { amount: 1 } } }),
    anyOf('e', 1, { reservationId: 'r' }),
    { ...anyOf('f', 1), anyOf: [] },
    { ...ask('g', {}), items: {} },
  ];
  for (const request of wrong) assert.throws(() => rig.when(request, 'ann'), /anyOf|items/);
});

test('A-07 X-03 T-12 a pool that is a tool which a level or a rule denies is taken last', () => {
  const pools = ['slot.web', A];
  const request = (id: string) => anyOf(id, 1, wait, pools);
  const full = { kind: 'critical', onPermille: 800, offPermille: 700 } as const;
  for (const refused of ['deny', 'queue'] as const) {
    const levels = [{ toolsDenied: ['web'], refused }];
    const rig = givenPools(2, 2, setLimits('acme', { 'slot.web': 8 }));
    assert.equal(granted(rig, request('before')), { [A]: 1 }, 'at equal use by name');
    rig.when(policy({ ladder: [full], degradation: { levels } }));
    rig.when(ask('spent', { credits: 900 }), 'ann');
    assert.equal(granted(rig, request('a')), { [A]: 1 }, `${refused}, though slot.web is idle`);
  }
  const rig = givenPools(2, 2, setLimits('acme', { 'slot.web': 8 }));
  granted(rig, anyOf('before', 1, {}, [A]));
  rig.when(policy({ tools: [{ path: 'acme', deny: ['web'] }] }));
  assert.equal(granted(rig, request('a')), { [A]: 1 });
});

test.run();
