import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import { divisionsOf } from '../share-moves.ts';
import { onTime } from '../window-moves.ts';
import { play, type Shown, TeamRig } from './rig.ts';
import { enrol, open, policy } from './world.ts';

/** A command, sent by whom, how long after the one before it, ms. */
export interface Move {
  readonly afterMs: number;
  readonly agent: string;
  readonly command: CommandInput;
}

/** Times a property is tried; more from the environment: `RUNS=5000`. */
export const RUNS = Number(process.env['RUNS'] ?? 0);

const STEPS = ['t/s/r1/a', 't/s/r1/b', 't/s/r2/a', 't/s/r2/sub/a', 't/s2/r/a'];
const NODES = ['t', 't/s', 't/s/r1', 't/s/r2', 't/s/r2/sub', 't/s2', 't/s2/r', ...STEPS];
const RESOURCES = ['credits', 'memory', 'slot.gpu'] as const;
const AGENTS = ['ann', 'bob'] as const;
const RESERVATIONS = ['v0', 'v1', 'v2', 'v3', 'v4', 'v5'];

/** What is true of the team `t` before its history begins: limits and guarantees of all kinds. */
const BEFORE: readonly CommandInput[] = [
  open('t', { credits: 1_000, memory: 60, 'slot.gpu': 1 }),
  open('t/s', { credits: 700 }),
  open('t/s/r1', { credits: { limit: 300, guarantee: 120 } }),
  open('t/s/r2', { memory: { guarantee: 20 } }),
  open('t/s/r2/sub', { credits: { limit: 400, guarantee: 50 }, memory: { limit: 30 } }),
  open('t/s2', { credits: { guarantee: 80 } }),
  open('t/s2/r'),
  ...AGENTS.map((agent) => enrol(agent, { prefix: 't' })),
  { ...policy({ bounds: { credits: 25 }, overrunMax: { credits: 150 } }), path: 't' },
];

/** The names of those right beneath a node; of a step one that is not there. */
function childrenOf(path: string): string[] {
  const names = NODES.filter((node) => node.startsWith(`${path}/`)).map(
    (node) => node.slice(path.length + 1).split('/')[0] ?? '',
  );
  return names.length === 0 ? ['none'] : [...new Set(names)];
}

const amount = fc.integer({ min: 0, max: 420 });
const step = fc.constantFrom(...STEPS);
const node = fc.constantFrom(...NODES);
const amounts = (max: number) =>
  fc.dictionary(fc.constantFrom(...RESOURCES), fc.integer({ min: 0, max }), {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  });
const credits = (max: number) => fc.integer({ min: 0, max }).map((value) => ({ credits: value }));
const item = fc.oneof(
  { weight: 3, arbitrary: amount.map((value) => ({ amount: value })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(amount, fc.integer({ min: 0, max: 10 }))
      .map(([value, tenth]) => ({ amount: value, min: Math.floor((value * tenth) / 10) })),
  },
  { weight: 1, arbitrary: fc.constant({}) },
);
const items = fc.oneof(
  { weight: 4, arbitrary: item.map((value) => ({ credits: value })) },
  { weight: 1, arbitrary: fc.constant({ 'slot.gpu': { amount: 1 } }) },
  {
    weight: 2,
    arbitrary: fc.record({
      credits: item,
      memory: fc.integer({ min: 0, max: 40 }).map((value) => ({ amount: value })),
    }),
  },
);
const times = <Value>(count: number, value: Value): Value[] => Array(count).fill(value) as Value[];
const request = fc.record(
  {
    op: fc.constant('request' as const),
    path: step,
    items,
    priority: fc.constantFrom('low', 'normal', 'high', 'critical', 'emergency', 'emergency'),
    maxWaitMs: fc.constantFrom(300, 2_000, ...times(4, 90_000)),
    graceMs: fc.constantFrom(0, 200, 900),
    ttlMs: fc.constantFrom(150, 5_000, ...times(4, 60_000)),
    strategy: fc.constantFrom(
      ...times(5, undefined),
      'preemption_allowed',
      'proportional_sharing',
      'queue_and_wait',
    ),
    preemptible: fc.constantFrom(...times(5, undefined), false),
    deadlineMs: fc.constantFrom(...times(8, undefined), 400, 60_000),
    expectedMs: fc.constantFrom(0, 100),
    businessImpact: fc.integer({ min: 0, max: 100 }),
    reservationId: fc.constantFrom(...times(9, undefined), 'v0', 'v1', 'v2'),
  },
  { requiredKeys: ['op', 'path', 'items'] },
);
const use = fc.oneof(
  { weight: 1, arbitrary: fc.constant('unknown' as const) },
  { weight: 1, arbitrary: amounts(450) },
  { weight: 4, arbitrary: credits(200) },
);
/** Commands about an allocation or a request, which is named when its turn has come. */
const onAllocation = fc.oneof(
  { weight: 4, arbitrary: use.map((actual) => ({ op: 'settle', actual })) },
  { weight: 2, arbitrary: fc.constant({ op: 'release' }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<object>({ byMs: 900 }, { ttlMs: 3_000 })
      .map((more) => ({ op: 'renew', ...more })),
  },
  { weight: 2, arbitrary: amounts(80).map((more) => ({ op: 'resize', items: more })) },
  { weight: 2, arbitrary: credits(300).map((used) => ({ op: 'report', used })) },
  { weight: 1, arbitrary: fc.constant({ op: 'cancel' }) },
  { weight: 1, arbitrary: fc.constant({ op: 'status' }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(credits(450), fc.nat())
      .map(([actual, n]) => ({ op: 'adjust', id: `j${n}`, actual })),
  },
);
const limits = fc.dictionary(
  fc.constantFrom(...RESOURCES),
  fc.record(
    {
      limit: fc.option(fc.integer({ min: 0, max: 900 })),
      guarantee: fc.integer({ min: 0, max: 90 }),
      lend: fc.constantFrom(null, 0, 10),
      overrunLimit: fc.constantFrom(null, 40),
    },
    { requiredKeys: [] },
  ),
  { minKeys: 1, noNullPrototype: true },
);
const onNode = node.chain((path) =>
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc
        .tuple(credits(90), fc.nat())
        .map(([more, n]) => ({ op: 'charge', id: `c${n}`, path, amounts: more })),
    },
    {
      weight: 1,
      arbitrary: fc
        .nat()
        .map((n) => ({ op: 'topUp', id: `u${n}`, path, amounts: { credits: 60 } })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(limits, fc.constantFrom<object>({}, {}, { reclaim: true }))
        .map(([set, more]) => ({ op: 'setLimits', path, limits: set, ...more })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(amounts(40), fc.constantFrom(...RESERVATIONS), fc.constantFrom(300, 20_000))
        .map(([reserved, id, forMs]) => ({ op: 'reserve', id, path, items: reserved, forMs })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(node, amounts(40), fc.nat())
        .map(([to, moved, n]) => ({ op: 'transfer', id: `t${n}`, from: path, to, amounts: moved })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...RESERVATIONS)
        .map((reservation) => ({ op: 'cancelReservation', reservation })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat({ max: 20 }), fc.constantFrom(200, 9_000))
        .map(([n, deadlineMs]) => ({
          op: 'open',
          path: `t/s/d${n}`,
          deadlineMs,
        })),
    },
    { weight: 6, arbitrary: onTime(path) },
    { weight: 3, arbitrary: divisionsOf(path, childrenOf(path)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<object>({ forMs: 100 }, { forMs: 250 }, {}).map((more) => ({
        op: 'freeze',
        path,
        id: `f.${path.length}`,
        ...more,
      })),
    },
    { weight: 2, arbitrary: fc.constant({ op: 'unfreeze', path, freeze: `f.${path.length}` }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<object>({}, { below: 'low' }, { below: 'all' }, { ackMs: 0 })
        .map((more) => ({
          op: 'stop',
          path,
          id: `s.${path.length}`,
          ackMs: 350,
          ...more,
        })),
    },
    { weight: 1, arbitrary: fc.constant({ op: 'recover', path, stop: `s.${path.length}` }) },
    { weight: 1, arbitrary: fc.constant({ op: 'open', path, tier: 'step' }) },
  ),
);
const closing = fc
  .tuple(
    fc.constantFrom(...NODES.slice(2)),
    fc.constantFrom<object>({}, { force: true }, { force: true, graceMs: 300 }),
  )
  .map(([path, more]) => ({ op: 'close', path, ...more }));
const opening = fc
  .tuple(fc.constantFrom('t/s/n1', 't/s/n2', 't/s2/n1'), limits)
  .map(([path, set]) => ({ op: 'open', path, limits: set }));
const setPolicy = fc
  .record({
    withinNode: fc.constantFrom('never', 'lower', 'lower', 'any', 'any'),
    minRuntimeMs: fc.constantFrom(0, 0, 500),
    autoOpen: fc.constantFrom('none', 'steps', 'steps', 'runs'),
    step: fc.constantFrom(0, 10),
    queueing: fc.constantFrom('default', 'default', 'classic', 'fair', 'budget'),
    strategy: fc.option(fc.constantFrom('first_come_first_served', 'preemption_allowed')),
    hasBounds: fc.boolean(),
  })
  .map(
    ({ withinNode, minRuntimeMs, autoOpen, step: agingStep, queueing, strategy, hasBounds }) => ({
      op: 'setPolicy',
      path: 't',
      policy: {
        autoOpen,
        queueing,
        aging: { intervalMs: 500, step: agingStep },
        preemption: { withinNode, minRuntimeMs },
        ...(strategy === null ? {} : { strategies: { credits: strategy } }),
        ...(hasBounds ? { bounds: { credits: 25 } } : {}),
      },
    }),
  );

type Drawn = { readonly op: string; readonly id?: string };

/** Moves of agents and operators, most of them legal; ids are given in order. */
export const anyMoves: fc.Arbitrary<Move[]> = fc
  .array(
    fc.record({
      afterMs: fc.constantFrom(...times(12, 0), 30, 250, 1_000, 1_000, 31_000),
      agent: fc.constantFrom('ann', 'ann', 'bob'),
      /** How many requests back the one is that a command speaks of, or whose id is used again. */
      back: fc.nat({ max: 7 }),
      isReused: fc.constantFrom(...times(19, false), true),
      command: fc.oneof(
        { weight: 30, arbitrary: request as fc.Arbitrary<Drawn> },
        { weight: 24, arbitrary: onAllocation as fc.Arbitrary<Drawn> },
        { weight: 8, arbitrary: onNode as fc.Arbitrary<Drawn> },
        { weight: 1, arbitrary: closing as fc.Arbitrary<Drawn> },
        { weight: 2, arbitrary: opening as fc.Arbitrary<Drawn> },
        { weight: 1, arbitrary: setPolicy as fc.Arbitrary<Drawn> },
      ),
    }),
    { maxLength: 80, size: 'max' },
  )
  .map((drawn) => {
    const asked: [id: string, agent: string][] = [];
    return drawn.map(({ afterMs, agent, back, isReused, command }): Move => {
      const before = asked[asked.length - 1 - back] ?? asked[0];
      if (command.op === 'request') {
        const isAgain = isReused && before !== undefined;
        const id = isAgain ? before[0] : `r${String(asked.length).padStart(3, '0')}`;
        if (!isAgain) asked.push([id, agent]);
        return { afterMs, agent, command: { id, ...command } as CommandInput };
      }
      const [id, owner] = before ?? ['none', agent];
      const name = NAMED_BY[command.op];
      const by = name === undefined || command.op === 'adjust' || isReused ? 'operator' : owner;
      const named = name === undefined ? command : { ...command, [name]: id };
      return { afterMs, agent: by, command: named as CommandInput };
    });
  });

/** The field by which a command names the allocation or request that it is about. */
const NAMED_BY: Readonly<Record<string, string>> = {
  settle: 'allocation',
  release: 'allocation',
  renew: 'allocation',
  resize: 'allocation',
  report: 'allocation',
  adjust: 'allocation',
  cancel: 'request',
  status: 'of',
};

/** A team before its history; all commands speak of the team `t` unless another is named. */
export function begin(make: () => TeamRig = () => new TeamRig('t'), team = 't'): TeamRig {
  return play(make(), inTeam(BEFORE, team) as typeof BEFORE);
}

/** Commands about the team `t`, with another team's name in its place. */
export function inTeam(value: unknown, team: string): unknown {
  if (typeof value === 'string') return /^t(?:\/|$)/.test(value) ? team + value.slice(1) : value;
  if (Array.isArray(value)) return value.map((one) => inTeam(one, team));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inTeam(one, team)]));
}

/** Plays moves; `each` sees what every command came to. */
export function playMoves(
  rig: TeamRig,
  moves: readonly Move[],
  each: (shown: Shown, move: Move) => void = () => {},
): TeamRig {
  for (const move of moves) {
    rig.pass(move.afterMs);
    each(rig.decide(move.command, move.agent), move);
  }
  return rig;
}
