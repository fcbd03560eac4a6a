import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';

/** What a `setPolicy` says. */
export type PolicyFields = Extract<CommandInput, { op: 'setPolicy' }>['policy'];

const PLACES = ['t', 't/s', 't/s/r1', 't/s/r2', 't/s2'] as const;
const PATTERNS = [
  '*',
  '*',
  'credits',
  'memory',
  'slot.*',
  'pool.*',
  'concurrency',
  'rate.*',
] as const;

const breakers = fc.array(
  fc
    .record({
      path: fc.constantFrom(undefined, undefined, ...PLACES),
      resource: fc.constantFrom(...PATTERNS),
      failures: fc.constantFrom(1, 1, 2, 3),
      windowMs: fc.constantFrom(1, 500, 60_000),
      counts: fc.constantFrom(['failure'], ['failure', 'unresolved'], ['unresolved']),
      openMs: fc.constantFrom(1, 250, 1_500, 30_000),
      times: fc.constantFrom(0, 1, 4),
      probes: fc.constantFrom(1, 1, 2),
      mode: fc.constantFrom(
        'deny',
        'queue',
        'queue',
        ...['memory', 'pool.b', 'tool_calls', 'rate.search'].map((fallback) => ({ fallback })),
      ),
    })
    .map(({ times, ...rule }) => ({
      ...rule,
      ...(times === 0 ? {} : { openMsMax: rule.openMs * times }),
    })),
  { maxLength: 3 },
);

const level = fc.record({
  admit: fc.constantFrom(null, 'normal', 'high', 'critical', 'emergency'),
  partialPermilleMax: fc.constantFrom(null, null, 1, 300, 750),
  newRuns: fc.boolean(),
  toolsDenied: fc.constantFrom([], [], ['search'], ['g*'], ['*']),
  reserve: fc.boolean(),
  refused: fc.constantFrom('deny', 'queue', 'queue'),
});
const degradation = fc.record({
  levels: fc.array(level, { minLength: 1, maxLength: 4 }),
  from: fc.constantFrom(
    {},
    { notice: 1, warning: 1, critical: 2, exhausted: 2 },
    { notice: 0, warning: 2, critical: 3, exhausted: 4 },
  ),
  dwellMs: fc.constantFrom(0, 1, 700, 30_000),
});
const recovery = fc.record({
  startPermille: fc.constantFrom(1, 100, 500, 1_000),
  stepPermille: fc.constantFrom(100, 300, 1_000),
  everyMs: fc.constantFrom(1, 200, 1_500),
});
const rebalance = fc.record({
  resources: fc.constantFrom(['*'], ['credits'], ['memory', 'c*']),
  method: fc.constantFrom('demand', 'fair'),
  deadZonePermille: fc.constantFrom(0, 50, 300),
  everyMs: fc.constantFrom(100, 700, 30_000),
});
const forecast = fc.record({
  horizonMs: fc.constantFrom(500, 60_000, 7_200_000),
  windowMs: fc.constantFrom(120, 6_000, 3_600_000),
  leastSamples: fc.constantFrom(2, 3),
});
const reserves = fc.dictionary(
  fc.constantFrom('credits', 'memory', 't/s|credits', 't/s|memory', 'concurrency'),
  fc.oneof(
    fc.constantFrom(1, 100, 500).map((permille) => ({ permille })),
    fc.constantFrom(1, 40, 200).map((amount) => ({ amount })),
  ),
  { maxKeys: 3, noNullPrototype: true },
);
const shedding = fc.dictionary(
  fc.constantFrom('memory', 'concurrency', 'pool.b'),
  fc.constantFrom(100, 500, 900).chain((onPermille) =>
    fc.record({
      onPermille: fc.constant(onPermille),
      offPermille: fc.constantFrom(0, 50, Math.floor(onPermille / 2), onPermille - 1),
      graceMs: fc.constantFrom(100, 500, 5_000),
      idleMs: fc.constantFrom(null, 1, 400),
    }),
  ),
  { maxKeys: 2, noNullPrototype: true },
);
const queueAges = fc.array(
  fc
    .tuple(
      fc.constantFrom('*', '*', 'memory', 'slot.*', 'pool.*'),
      fc.constantFrom(
        { noticeMs: 1, warningMs: 30, criticalMs: 200 },
        { noticeMs: 10, criticalMs: 600 },
        { warningMs: 1_000 },
      ),
    )
    .map(([resource, bounds]) => ({ resource, ...bounds })),
  { maxLength: 2 },
);
const pools = fc.constantFrom(
  {},
  {},
  { 'pool.a': { weightMilli: 500 }, 'pool.b': { weightMilli: 2_000 } },
  { 'pool.b': { nodes: ['t/s/r2', 't/s2'] }, 'slot.gpu': {} },
);
const preemption = fc.record({
  by: fc.constantFrom('classic', 'fair'),
  withinNode: fc.constantFrom('never', 'lower', 'lowerOrNewerEqual', 'any'),
  reclaim: fc.constantFrom('never', 'any'),
  minRuntimeMs: fc.constantFrom(0, 0, 500),
  evictionsMax: fc.constantFrom(1, 3),
  extendDeadline: fc.boolean(),
});
const ladder = fc.constantFrom(
  [],
  [
    { kind: 'warning', onPermille: 300, offPermille: 100 },
    { kind: 'exhausted', onPermille: 1_000, offPermille: 700 },
  ],
  [{ kind: 'critical', onPermille: 200, offPermille: 199 }],
);

/** What a policy says of safeguards, each or none of them; what it does not say has its default. */
export const anySafeguards: fc.Arbitrary<PolicyFields> = fc
  .record(
    {
      breakers,
      degradation,
      recovery,
      rebalance,
      forecast,
      reserves,
      shedding,
      queueAges,
      pools,
      preemption,
      ladder,
      queueing: fc.constantFrom('default', 'default', 'classic', 'fair', 'budget'),
      sharing: fc.constantFrom('need', 'fair', 'topUp'),
      aging: fc.constant({ intervalMs: 500, step: 10 }),
      bounds: fc.constant({ credits: 25 }),
      overrunMax: fc.constantFrom(null, { credits: 150 }),
      rules: fc.constantFrom(
        [],
        [],
        [{ path: 't/s', resource: 'credits', above: 200, effect: 'approve' }],
        [{ path: 't/s2', resource: 'memory', above: 20, effect: 'deny' }],
      ),
    },
    { requiredKeys: [] },
  )
  // As it is sent: nothing where nothing is said.
  .map((drawn) => JSON.parse(JSON.stringify(drawn)) as PolicyFields);
