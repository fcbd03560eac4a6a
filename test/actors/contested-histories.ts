import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import type { Move } from './histories.ts';
import { play, TeamRig } from './rig.ts';
import { enrol, open, policy, setLimits } from './world.ts';

const RUNS = ['acme/a/r1', 'acme/a/r2', 'acme/b/r1', 'acme/b/r2', 'acme/c/r1', 'acme/c/r2'];

/** Memory and slots of which every branch is promised some, all, part or none of it lent. */
const BEFORE: readonly CommandInput[] = [
  open('acme', { memory: 100, concurrency: 8, credits: 2_000 }),
  open('acme/a', { memory: { guarantee: 40, lend: null } }),
  open('acme/a/r1', { memory: { guarantee: 15, lend: null } }),
  open('acme/a/r2'),
  open('acme/b', {
    memory: { guarantee: 30, lend: 10 },
    concurrency: { guarantee: 3, lend: null },
  }),
  open('acme/b/r1', { concurrency: { guarantee: 1, lend: null } }),
  open('acme/b/r2', { memory: { limit: 45, guarantee: 0 } }),
  open('acme/c', { credits: { guarantee: 300 } }),
  { ...open('acme/c/r1'), weightMilli: 3_000 },
  open('acme/c/r2'),
  enrol('ann'),
];

/** How preemption works in a history, and how long its requests wait. */
export interface Contested {
  readonly preemption: NonNullable<Parameters<typeof policy>[0]['preemption']>;
  readonly moves: readonly Move[];
}

const times = <Value>(count: number, value: Value): Value[] => Array(count).fill(value) as Value[];
const amount = fc.integer({ min: 1, max: 45 });
const items = fc.oneof(
  { weight: 5, arbitrary: amount.map((memory) => ({ memory: { amount: memory } })) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 4 }).map((slots) => ({ concurrency: { amount: slots } })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(amount, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 400 }))
      .map(([memory, slots, credits]) => ({
        memory: { amount: memory },
        concurrency: { amount: slots },
        credits: { amount: credits },
      })),
  },
);

const within = fc.constantFrom('never', 'lower', 'lower', 'lowerOrNewerEqual', 'any');
const reclaim = fc.constantFrom('never', 'lower', 'any', 'any');
const borrowing = fc.oneof(
  fc.constant(undefined),
  fc.constant({ policy: 'never' as const }),
  fc.constantFrom(undefined, 50, 150).map((maxPriority) => ({
    policy: 'lower' as const,
    ...(maxPriority === undefined ? {} : { maxPriority }),
  })),
);
const rules = fc.record(
  {
    withinNode: within,
    reclaim,
    whileBorrowing: borrowing,
    boost: fc.constantFrom(0, -120, 60, 250),
  },
  { requiredKeys: [] },
);

const anyRules: fc.Arbitrary<Contested['preemption']> = fc
  .record({
    by: fc.constantFrom('classic', 'fair'),
    withinNode: within,
    reclaim,
    whileBorrowing: borrowing,
    minRuntimeMs: fc.constantFrom(0, 0, 0, 300),
    evictionsMax: fc.constantFrom(1, 3, 3),
    graceMsMax: fc.constantFrom(0, 60_000),
    nodes: fc.dictionary(fc.constantFrom('acme/a', 'acme/b', 'acme/c', ...RUNS), rules, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  })
  .map((drawn) => JSON.parse(JSON.stringify(drawn)) as Contested['preemption']);

/** Requests that evict if they may, and ends of what they hold. `waitMs`: how long they wait. */
export function contested(waitMs: readonly number[], length: number): fc.Arbitrary<Contested> {
  const request = fc.record({
    path: fc.constantFrom(...RUNS).map((run) => `${run}/s`),
    items,
    priority: fc.constantFrom(0, 50, 100, 200, 300, 'emergency' as const),
    strategy: fc.constantFrom(undefined, 'preemption_allowed' as const),
    preemptible: fc.constantFrom(...times(7, undefined), false),
    graceMs: fc.constantFrom(0, 0, 200),
    maxWaitMs: fc.constantFrom(...waitMs),
    ttlMs: fc.constantFrom(900, ...times(3, 60_000)),
  });
  const cut = fc.constantFrom(70, 90, 100, 120);
  const move = fc.record({
    afterMs: fc.constantFrom(0, 0, 10, 400),
    what: fc.oneof(
      { weight: 8, arbitrary: request.map((more) => ({ op: 'request' as const, more })) },
      { weight: 3, arbitrary: fc.nat(9).map((back) => ({ op: 'release' as const, back })) },
      { weight: 1, arbitrary: cut.map((memory) => ({ op: 'cut' as const, memory })) },
    ),
  });
  const moves = fc.array(move, {
    minLength: Math.floor(length / 2),
    maxLength: length,
    size: 'max',
  });
  return fc.record({ preemption: anyRules, moves: moves.map(named) });
}

type Drawn = {
  readonly afterMs: number;
  readonly what:
    | { readonly op: 'request'; readonly more: object }
    | { readonly op: 'release'; readonly back: number }
    | { readonly op: 'cut'; readonly memory: number };
};

/** Gives ids in order; a release names one of those that asked before. */
function named(drawn: readonly Drawn[]): Move[] {
  let count = 0;
  return drawn.map(({ afterMs, what }): Move => {
    if (what.op === 'cut') {
      const command = setLimits('acme', { memory: what.memory });
      return { afterMs, agent: 'operator', command };
    }
    if (what.op === 'release') {
      const allocation = `r${Math.max(0, count - 1 - what.back)}`;
      return { afterMs, agent: 'ann', command: { op: 'release', allocation } };
    }
    const command = JSON.parse(JSON.stringify({ op: 'request', id: `r${count}`, ...what.more }));
    count += 1;
    return { afterMs, agent: 'ann', command };
  });
}

/** A team in which a contested history may begin. */
export function beginContested(
  preemption: Contested['preemption'],
  make: () => TeamRig = () => new TeamRig(),
): TeamRig {
  return play(make(), [...BEFORE, policy({ preemption })]);
}
