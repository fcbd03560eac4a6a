import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import type { Move } from './histories.ts';
import { play, TeamRig } from './rig.ts';
import { enrol, open } from './world.ts';

const RUNS = ['acme/a/r1', 'acme/a/r2', 'acme/b/r1'];
const STEPS = RUNS.flatMap((run) => [`${run}/x`, `${run}/y`]);
const NODES = ['acme', 'acme/a', 'acme/b', ...RUNS];
const POOLS = ['pool.p', 'pool.q', 'slot.web'] as const;

/** What is limited, promised and counted before a history begins. */
const BEFORE: readonly CommandInput[] = [
  open('acme', {
    credits: 800,
    concurrency: 4,
    'pool.p': 3,
    'pool.q': 3,
    'slot.web': 3,
    'tool.search': 40,
    'rate.search': { limit: 4, per: { ms: 5_000, by: 'sliding' } },
  }),
  open('acme/a', { credits: { limit: 600, guarantee: 100 } }),
  open('acme/a/r1', { concurrency: { guarantee: 1, lend: null }, 'pool.p': 2 }),
  open('acme/a/r2', { credits: { limit: 300 } }),
  open('acme/b', { concurrency: { limit: 4, guarantee: 2, lend: 1 }, credits: 500 }),
  open('acme/b/r1'),
  enrol('ann'),
  enrol('bob'),
];

type PolicyInput = Extract<CommandInput, { op: 'setPolicy' }>['policy'];

const times = <Value>(count: number, value: Value): Value[] => Array(count).fill(value) as Value[];

const levels = fc.record({
  toolsDenied: fc.constantFrom<string[]>([], [], ['web'], ['search']),
  refused: fc.constantFrom('deny' as const, 'queue' as const),
  partialPermilleMax: fc.constantFrom(null, null, 500),
  admit: fc.constantFrom(null, null, 'high' as const),
  newRuns: fc.boolean(),
  reserve: fc.boolean(),
});
const breaker = fc.record({
  resource: fc.constantFrom('tool.search', 'slot.web', 'pool.*', 'credits'),
  failures: fc.constant(1),
  windowMs: fc.constant(2_000),
  openMs: fc.constantFrom(300, 2_000),
  probes: fc.constantFrom(1, 2),
  mode: fc.constantFrom('deny' as const, 'queue' as const, 'queue' as const),
});
/** A policy of which every part may be set or not. */
const anyPolicy: fc.Arbitrary<PolicyInput> = fc
  .record(
    {
      queueing: fc.constantFrom('default', 'default', 'default', 'classic', 'fair', 'budget'),
      backfill: fc.constantFrom('none', 'conservative'),
      sharing: fc.constantFrom('need', 'fair', 'topUp'),
      aging: fc.record({ intervalMs: fc.constant(700), step: fc.constantFrom(0, 30) }),
      preemption: fc.record({
        by: fc.constantFrom('classic', 'fair'),
        withinNode: fc.constantFrom('never', 'lower', 'any'),
        reclaim: fc.constantFrom('never', 'any'),
        minRuntimeMs: fc.constantFrom(0, 0, 400),
      }),
      degradation: fc.option(
        fc.record({
          levels: fc.array(levels, { minLength: 1, maxLength: 3 }),
          dwellMs: fc.constantFrom(0, 500),
        }),
      ),
      recovery: fc.option(
        fc.record({
          startPermille: fc.constantFrom(100, 400),
          stepPermille: fc.constantFrom(200, 600),
          everyMs: fc.constantFrom(200, 1_000),
        }),
      ),
      reserves: fc.constantFrom<object>({}, { credits: { permille: 200 } }),
      breakers: fc.array(breaker, { maxLength: 2 }),
      tools: fc.constantFrom<object[]>(
        [],
        [],
        [{ path: 'acme/a', deny: ['web'] }],
        [{ path: 'acme', deny: ['search'] }],
      ),
      pools: fc.constantFrom<object>({}, {}, { 'pool.q': { nodes: ['acme/a'] } }),
      rules: fc.constantFrom<object[]>(
        [],
        [],
        [{ path: 'acme', resource: 'credits', above: 250, effect: 'approve' }],
      ),
      autoOpen: fc.constantFrom('steps', 'runs'),
      bounds: fc.constantFrom<object>({}, { credits: 25 }),
    },
    { requiredKeys: [] },
  )
  .map((drawn) => JSON.parse(JSON.stringify(drawn)) as PolicyInput);

const credits = fc.oneof(
  fc.integer({ min: 1, max: 500 }).map((amount) => ({ amount })),
  fc
    .tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 10 }))
    .map(([amount, tenth]) => ({ amount, min: Math.floor((amount * tenth) / 10) })),
);
const few = (max: number) => fc.integer({ min: 1, max }).map((amount) => ({ amount }));
const bundle = fc.oneof(
  { weight: 3, arbitrary: fc.record({ items: fc.record({ credits }) }) },
  { weight: 2, arbitrary: fc.record({ items: fc.record({ concurrency: few(4) }) }) },
  { weight: 2, arbitrary: fc.record({ items: fc.record({ credits, concurrency: few(3) }) }) },
  { weight: 1, arbitrary: fc.record({ items: fc.record({ 'rate.search': few(3), credits }) }) },
  { weight: 1, arbitrary: fc.record({ items: fc.record({ 'tool.search': few(9) }) }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.subarray([...POOLS], { minLength: 1 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
      )
      .map(([pools, amount, hasCredits]) => ({
        items: hasCredits ? { credits: { amount: 20 } } : {},
        anyOf: [{ pools, amount }],
      })),
  },
);
const request = fc
  .tuple(
    bundle,
    fc.record(
      {
        path: fc.constantFrom(...STEPS, ...STEPS, 'acme/b/new/x'),
        priority: fc.constantFrom('low', 'normal', 'normal', 'high', 'critical', 'emergency'),
        maxWaitMs: fc.constantFrom(0, 400, ...times(5, 60_000)),
        ttlMs: fc.constantFrom(150, 2_000, ...times(3, 60_000)),
        graceMs: fc.constantFrom(0, 0, 250),
        topUpLater: fc.boolean(),
        deadlineMs: fc.constantFrom(...times(8, undefined), 400),
        expectedMs: fc.constantFrom(0, 100),
        strategy: fc.constantFrom(
          ...times(6, undefined),
          'preemption_allowed',
          'proportional_sharing',
          'queue_and_wait',
          'first_come_first_served',
        ),
        preemptible: fc.constantFrom(...times(7, undefined), false),
      },
      { requiredKeys: ['path'] },
    ),
  )
  .map(([what, more]) => ({ op: 'request', ...what, ...more }));

const onAllocation = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ op: 'release' }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 0, max: 150 }),
        fc.constantFrom<object>({}, {}, { failed: ['credits'] }),
      )
      .map(([used, more]) => ({ op: 'settle', actual: { credits: used }, ...more })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<object>({ credits: 10 }, { credits: 300 }, { concurrency: 1 }, { 'pool.p': 1 })
      .map((items) => ({ op: 'resize', items })),
  },
  { weight: 1, arbitrary: fc.constant({ op: 'renew', ttlMs: 5_000 }) },
  { weight: 1, arbitrary: fc.constant({ op: 'cancel' }) },
  { weight: 1, arbitrary: fc.constant({ op: 'approve' }) },
);
const limits = fc.oneof(
  fc.constantFrom(300, 700, 1_000).map((limit) => ({ credits: { limit } })),
  fc.constantFrom(0, 2, 6).map((limit) => ({ concurrency: { limit } })),
  fc.constantFrom(0, 1, 2).map((guarantee) => ({ concurrency: { guarantee } })),
  fc.constantFrom(null, 0).map((lend) => ({ concurrency: { lend } })),
  fc.constantFrom(0, 100).map((guarantee) => ({ credits: { guarantee } })),
  fc.constantFrom(1, 3).map((limit) => ({ 'pool.p': { limit } })),
  fc.constantFrom(1, 4).map((limit) => ({ 'slot.web': { limit } })),
);
const onNode = fc.constantFrom(...NODES).chain((path) =>
  fc.oneof(
    { weight: 5, arbitrary: limits.map((set) => ({ op: 'setLimits', path, limits: set })) },
    {
      weight: 2,
      arbitrary: fc
        .nat()
        .map((n) => ({ op: 'topUp', id: `u${n}`, path, amounts: { credits: 80 } })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...NODES), fc.nat()).map(([to, n]) => ({
        op: 'transfer',
        id: `t${n}`,
        from: path,
        to,
        amounts: { credits: 50 },
      })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom<object>({ concurrency: 1 }, { credits: 60 }), fc.nat(3))
        .map(([items, n]) => ({ op: 'reserve', id: `v${n}`, path, items, forMs: 800 })),
    },
    {
      weight: 1,
      arbitrary: fc.nat(3).map((n) => ({ op: 'cancelReservation', reservation: `v${n}` })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<object>({ forMs: 150 }, {})
        .map((more) => ({ op: 'freeze', path, id: `f.${path.length}`, ...more })),
    },
    { weight: 2, arbitrary: fc.constant({ op: 'unfreeze', path, freeze: `f.${path.length}` }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<object>({}, { below: 'normal' })
        .map((more) => ({ op: 'stop', path, id: `s.${path.length}`, ackMs: 200, ...more })),
    },
    { weight: 2, arbitrary: fc.constant({ op: 'recover', path, stop: `s.${path.length}` }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('tool.search', 'slot.web', 'pool.p', 'credits')
        .map((resource) => ({ op: 'openBreaker', path, resource, forMs: 500 })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('tool.search', 'slot.web', 'pool.p', 'credits')
        .map((resource) => ({ op: 'closeBreaker', path, resource })),
    },
    {
      weight: 1,
      arbitrary: fc
        .nat()
        .map((n) => ({ op: 'charge', id: `c${n}`, path, amounts: { credits: 60 } })),
    },
  ),
);

type Drawn = { readonly op: string };

/** Moves over everything that may keep a request from being served, or let it. */
export const richMoves: fc.Arbitrary<Move[]> = fc
  .array(
    fc.record({
      afterMs: fc.constantFrom(...times(8, 0), 30, 250, 1_000, 5_100),
      agent: fc.constantFrom('ann', 'bob'),
      back: fc.nat({ max: 7 }),
      command: fc.oneof(
        { weight: 30, arbitrary: request as fc.Arbitrary<Drawn> },
        { weight: 16, arbitrary: onAllocation as fc.Arbitrary<Drawn> },
        { weight: 9, arbitrary: onNode as fc.Arbitrary<Drawn> },
        {
          weight: 3,
          arbitrary: anyPolicy.map((one) => ({
            op: 'setPolicy',
            path: 'acme',
            policy: one,
          })) as fc.Arbitrary<Drawn>,
        },
      ),
    }),
    { minLength: 20, maxLength: 70, size: 'max' },
  )
  .map((drawn) => {
    const asked: string[] = [];
    return drawn.map(({ afterMs, agent, back, command }): Move => {
      if (command.op === 'request') {
        const id = `r${asked.length}`;
        asked.push(id);
        return { afterMs, agent, command: { id, ...command } as CommandInput };
      }
      const id = asked[asked.length - 1 - back] ?? asked[0] ?? 'none';
      const name = NAMED_BY[command.op];
      const named = name === undefined ? command : { ...command, [name]: id };
      return { afterMs, agent: 'operator', command: named as CommandInput };
    });
  });

const NAMED_BY: Readonly<Record<string, string>> = {
  settle: 'allocation',
  release: 'allocation',
  renew: 'allocation',
  resize: 'allocation',
  cancel: 'request',
  approve: 'request',
};

/** A team in which such a history may begin. */
export function beginRich(make: () => TeamRig = () => new TeamRig()): TeamRig {
  return play(make(), BEFORE);
}
