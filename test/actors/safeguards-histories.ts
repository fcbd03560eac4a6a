import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import { anyMoves, begin, type Move } from './histories.ts';
import { play, type TeamRig } from './rig.ts';
import { anySafeguards, type PolicyFields } from './safeguards-policies.ts';
import { open, setLimits } from './world.ts';

/** A history of a team that has safeguards: what its policy is at first, and the moves. */
export interface Guarded {
  readonly policy: PolicyFields;
  readonly moves: readonly Move[];
}

/** What the team has beside credits, memory and the slot: pools, a rate, a quota, short swarms. */
const BEFORE: readonly CommandInput[] = [
  setLimits('t', { concurrency: 4, 'pool.a': 2, 'pool.b': 3 }),
  setLimits('t', { 'rate.search': { limit: 4, per: { ms: 900, by: 'sliding' } } }),
  setLimits('t/s', { memory: 50, tool_calls: 12, concurrency: 3 }),
  setLimits('t/s2', { credits: { limit: 200 }, memory: 20 }),
  open('t/s/r1/p0', {}, { branchOf: 't/s/r1' }),
  open('t/s/r1/p1', {}, { branchOf: 't/s/r1', weightMilli: 3_000 }),
];

/** A team before a guarded history. */
export function beginGuarded(policy: PolicyFields, make: () => TeamRig): TeamRig {
  return play(begin(make), [...BEFORE, { op: 'setPolicy', path: 't', policy }]);
}

const RESOURCES = [
  'credits',
  'memory',
  'slot.gpu',
  'concurrency',
  'pool.a',
  'pool.b',
  'tool_calls',
  'rate.search',
] as const;
const BRANCHES = ['t/s/r1/p0', 't/s/r1/p1', 't/s/r1/p2'] as const;
const PLACES = ['t', 't/s', 't/s', 't/s/r1', 't/s/r2', 't/s2', 't/s2/r'] as const;

const resource = fc.constantFrom(...RESOURCES);
const place = fc.constantFrom(...PLACES);
const branch = fc.constantFrom(...BRANCHES);
const few = fc.integer({ min: 0, max: 3 });
const failed = fc.uniqueArray(resource, { minLength: 1, maxLength: 2 });

/** What a request asks for in place of credits, memory and the slot alone. */
const otherItems = fc.oneof(
  few.map((amount) => ({ items: {}, anyOf: [{ pools: ['pool.a', 'pool.b'], amount }] })),
  fc.tuple(few, few).map(([amount, credits]) => ({
    items: { credits: { amount: 9 * credits } },
    anyOf: [
      { pools: ['pool.b', 'pool.a', 'slot.gpu'], amount, min: Math.min(amount, 1) },
      { pools: ['memory', 'concurrency'], amount: 2, min: 1 },
    ],
  })),
  fc
    .tuple(resource, resource, few)
    .map(([one, other, amount]) => ({ items: { [one]: { amount }, [other]: { amount } } })),
  fc.constant({ items: { 'rate.search': { amount: 2 }, credits: { amount: 30, min: 5 } } }),
  fc.constant({ items: { memory: { amount: 30, min: 4 } }, topUpLater: true }),
);

/** Commands that the other histories know nothing of. */
const extra: fc.Arbitrary<Pick<Move, 'agent' | 'command'>> = fc
  .oneof(
    anySafeguards.map((policy) => ({ op: 'setPolicy', path: 't', policy })),
    fc
      .tuple(place, resource, fc.constantFrom(undefined, 1, 400, 5_000))
      .map(([path, of, forMs]) => ({
        ...{ op: 'openBreaker', path, resource: of },
        ...(forMs === undefined ? {} : { forMs }),
      })),
    fc.tuple(place, resource).map(([path, of]) => ({ op: 'closeBreaker', path, resource: of })),
    fc.tuple(place, fc.nat(), fc.integer({ min: 1, max: 300 })).map(([path, n, credits]) => ({
      ...{ op: 'topUp', id: `e${n}`, path, amounts: { credits } },
    })),
    fc.tuple(place, fc.nat(), fc.integer({ min: 50, max: 300 })).map(([path, n, credits]) => ({
      ...{ op: 'charge', id: `d${n}`, path, amounts: { credits } },
    })),
    fc
      .tuple(branch, fc.constantFrom('fair', 'proportional', 'priority'), fc.constantFrom(1, 3_000))
      .map(([path, branchBy, weightMilli]) => ({
        ...{ op: 'open', path, branchOf: 't/s/r1', branchBy, weightMilli },
      })),
    branch.map((path) => ({ op: 'close', path })),
    fc
      .constantFrom(undefined, 'all', 'normal')
      .map((below) => ({ op: 'stop', path: 't/s', id: 's.3', below, ackMs: 300 })),
    fc.constantFrom('t', 't/s', 't/s2').map((path) => ({
      ...{ op: 'recover', path, stop: `s.${path.length}` },
    })),
    place.map((path) => ({ op: 'unfreeze', path, freeze: `f.${path.length}` })),
    fc.constant({ op: 'acknowledgeStop', path: 't/s', stop: 's.3' }),
    fc.nat(40).map((n) => ({ op: 'approve', request: `r${String(n).padStart(3, '0')}` })),
    fc
      .constantFrom('fair', 'demand', 'auto')
      .map((method) => ({ op: 'distribute', path: 't/s', amounts: { credits: 'all' }, method })),
  )
  .map((drawn) => {
    const command = JSON.parse(JSON.stringify(drawn)) as CommandInput;
    return { agent: command.op === 'acknowledgeStop' ? 'ann' : 'operator', command };
  });

/** Once in so many times. */
function now<Drawn>(inSoMany: number, drawn: fc.Arbitrary<Drawn>): fc.Arbitrary<Drawn | null> {
  return fc.oneof(
    { weight: inSoMany - 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: drawn },
  );
}

/** How a move of the other histories is changed, and what comes before it. */
const twist = fc.record({
  items: now(2, otherItems),
  path: now(8, branch),
  failed: now(2, failed),
  before: now(3, extra),
});
type Twist = typeof twist extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** Moves of all kinds under policies of all kinds. */
export const anyGuarded: fc.Arbitrary<Guarded> = fc
  .record({
    policy: anySafeguards,
    moves: anyMoves,
    twists: fc.array(twist, { minLength: 80, maxLength: 80 }),
    policies: fc.array(anySafeguards, { minLength: 3, maxLength: 3 }),
  })
  .map(({ policy, moves, twists, policies }) => ({
    policy,
    moves: moves.flatMap((move, place): Move[] => {
      const turn = twists[place] as Twist;
      const command = twisted(move.command, turn, policies[place % policies.length] ?? policy);
      if (turn.before === null) return [{ ...move, command }];
      return [
        { ...turn.before, afterMs: move.afterMs },
        { ...move, command, afterMs: 0 },
      ];
    }),
  }));

function twisted(command: CommandInput, turn: Twist, policy: PolicyFields): CommandInput {
  switch (command.op) {
    case 'request': {
      const { reservationId, ...plain } = command;
      const path = turn.path === null ? command.path : `${turn.path}/a`;
      if (turn.items === null) return { ...command, path };
      return { ...plain, path, ...turn.items } as CommandInput;
    }
    case 'settle':
    case 'release':
    case 'report':
      return turn.failed === null ? command : { ...command, failed: turn.failed };
    case 'setPolicy':
      return { ...command, policy: { ...policy, ...command.policy } };
    default:
      return command;
  }
}
