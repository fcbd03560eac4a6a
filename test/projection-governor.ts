import fc from 'fast-check';
import { evolve } from '../actors/evolve.ts';
import { govern, settleDown } from '../actors/govern.ts';
import { ActorRuntime } from '../actors/nodes/node-actor.ts';
import { type NodeRuntime, plainRuntime } from '../actors/runtime.ts';
import { newTeam, type Team } from '../actors/team.ts';
import { TimerHeap } from '../actors/timers.ts';
import { balanceOf } from '../actors/views.ts';
import type { Answer } from '../events/answers.ts';
import { Command, type CommandInput } from '../events/commands.ts';
import type { BursarEvent } from '../events/events.ts';
import { readEvent } from '../events/upcast.ts';
import type { ActorsBalance } from '../projections/check.ts';
import type { Recorded } from '../projections/projection.ts';
import { onTime } from './window-moves.ts';

/** A command, sent by whom, how long after the one before it, ms. */
export interface Move {
  readonly afterMs: number;
  readonly agent: string;
  readonly command: CommandInput;
}

/**
 * One team governed in memory, as a writer would: what falls due is recorded first, each command's
 * events form a block. The recorded events are what a projection gets to see.
 */
export class Governor {
  readonly team: Team;
  readonly recorded: Recorded[] = [];
  nowMs = 1_000_000;
  #seq = 1;
  #index = 0;
  readonly #recorder;

  constructor(name: string, runtime: NodeRuntime = new ActorRuntime()) {
    this.team = newTeam(name, new TimerHeap(), runtime);
    const governor = this;
    this.#recorder = {
      get next() {
        return { seq: governor.#seq, index: governor.#index };
      },
      record(event: BursarEvent) {
        // As it is read again from the log: checked, and without the decider's own objects.
        const event2 = readEvent(structuredClone(event));
        governor.recorded.push({ event: event2, at: this.next });
        governor.#index += 1;
      },
      begin: () => governor.endBlock(),
    };
  }

  /** Lets time pass; what falls due is recorded. */
  pass(ms: number): void {
    this.nowMs += ms;
    settleDown(this.team, this.nowMs, this.#recorder);
    this.endBlock();
  }

  /** One command, parsed as the writer parses it. Undefined: recorded without an answer. */
  send(command: CommandInput, agent = 'operator'): Answer | undefined {
    const parsed = Command.parse(command);
    const ctx = { atMs: this.nowMs, agent, digest: 1 };
    const decision = govern(this.team, parsed, ctx, 0, this.#recorder);
    this.endBlock();
    return decision.answer;
  }

  play(moves: readonly Move[]): void {
    for (const { afterMs, agent, command } of moves) {
      this.pass(afterMs);
      this.send(command, agent);
    }
  }

  endBlock(): void {
    if (this.#index === 0) return;
    this.#seq += 1;
    this.#index = 0;
  }

  events(): BursarEvent[] {
    return this.recorded.map(({ event }) => event);
  }

  balance(path: string): ActorsBalance | undefined {
    return balanceIn(this.team, path);
  }
}

/** The actors' balance of a node. */
export function balanceIn(team: Team, path: string): ActorsBalance | undefined {
  const node = team.nodes.get(path);
  if (node === undefined) return undefined;
  const answer = balanceOf(team, node, 0);
  // What grants have left, and debt with it, is the actors' alone: no other fold burns them.
  const lines = answer.lines.map(({ debt, grants, ...line }) => line);
  return { ...answer, lines };
}

/** A team as the plain fold of the actors makes it from a log. */
export function replayActors(name: string, recorded: readonly Recorded[]): Team {
  const team = newTeam(name, new TimerHeap(), plainRuntime);
  for (const { event, at } of recorded) evolve(team, event, at);
  return team;
}

/** Opens `acme/lab` with two runs, limits of several kinds, guarantees and agents. */
export function openLab(governor: Governor): void {
  governor.send({
    op: 'open',
    path: 'acme',
    limits: { credits: { limit: 1_000 }, memory: { limit: 64 }, concurrency: { limit: 4 } },
  });
  governor.send({
    op: 'setPolicy',
    path: 'acme',
    policy: { priorityMax: 400, autoOpen: 'steps', bounds: { credits: 20 } } as never,
  });
  governor.send({ op: 'open', path: 'acme/lab', limits: { credits: { limit: 600 } } });
  governor.send({
    op: 'open',
    path: 'acme/lab/r1',
    limits: { credits: { limit: 300, guarantee: 100 }, concurrency: { guarantee: 1 } },
  });
  governor.send({
    op: 'open',
    path: 'acme/lab/r2',
    limits: { credits: { limit: 400 }, memory: { limit: 32, guarantee: 8 } },
  });
  for (const agent of ['ann', 'bob']) {
    governor.send({ op: 'enrol', agent, role: 'agent', prefix: 'acme', priorityMax: 1_000_000 });
  }
}

const PATHS = [
  'acme',
  'acme/lab',
  'acme/lab/r1',
  'acme/lab/r2',
  'acme/lab/r1/s1',
  'acme/lab/r2/s2',
];
const IDS = [...'abcdefghijklmnop'];
const RESOURCES = ['credits', 'memory', 'concurrency'] as const;

const path = fc.constantFrom(...PATHS);
const id = fc.constantFrom(...IDS);
const amount = fc.integer({ min: 0, max: 400 });
const amountsOf = (max: number) =>
  fc.dictionary(fc.constantFrom(...RESOURCES), fc.integer({ min: 0, max }), {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  });
const item = fc.oneof(
  amount.map((value) => ({ amount: value })),
  amount.map((value) => ({ amount: value, min: Math.floor(value / 3) })),
  fc.constant({}),
);
const bundle = fc.oneof(
  { weight: 3, arbitrary: item.map((credits) => ({ credits })) },
  {
    weight: 1,
    arbitrary: fc.record({
      credits: item,
      memory: fc.integer({ min: 0, max: 40 }).map((value) => ({ amount: value })),
      concurrency: fc.constant({ amount: 1 }),
    }),
  },
);
const request = fc.record(
  {
    op: fc.constant('request' as const),
    id,
    path: fc.constantFrom(...PATHS.slice(1)),
    items: bundle,
    priority: fc.constantFrom('low', 'normal', 'high', 'critical', 'emergency'),
    maxWaitMs: fc.constantFrom(0, 2_000, 30_000, 60_000),
    graceMs: fc.constantFrom(0, 500),
    ttlMs: fc.constantFrom(400, 20_000, 60_000),
    strategy: fc.constantFrom('preemption_allowed', 'proportional_sharing', 'queue_and_wait'),
    preemptible: fc.boolean(),
    deadlineMs: fc.constantFrom(1_000, 10_000),
    businessImpact: fc.integer({ min: 0, max: 100 }),
  },
  { requiredKeys: ['op', 'id', 'path', 'items'] },
);
const actual = fc.oneof(fc.constant('unknown' as const), amountsOf(300));
const limits = fc.dictionary(
  fc.constantFrom(...RESOURCES),
  fc.record(
    {
      limit: fc.option(fc.integer({ min: 0, max: 900 })),
      guarantee: fc.integer({ min: 0, max: 60 }),
    },
    { requiredKeys: [] },
  ),
  { minKeys: 1, noNullPrototype: true },
);
const onAllocation = (allocation: string) =>
  fc.oneof(
    actual.map((used) => ({ op: 'settle', allocation, actual: used })),
    fc.constant({ op: 'release', allocation }),
    fc.constant({ op: 'renew', allocation, ttlMs: 3_000 }),
    amountsOf(60).map((items) => ({ op: 'resize', allocation, items })),
    amountsOf(200).map((used) => ({ op: 'report', allocation, used })),
    fc.constant({ op: 'cancel', request: allocation }),
    fc
      .tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 1e9 }))
      .map(([credits, n]) => ({ op: 'adjust', id: `adj-${n}`, allocation, actual: { credits } })),
  );
const times = <Value>(count: number, value: Value): Value[] => Array(count).fill(value) as Value[];
const onNode = fc.oneof(
  fc
    .tuple(path, fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 50 }))
    .map(([at, n, credits]) => ({ op: 'charge', id: `ch-${n}`, path: at, amounts: { credits } })),
  fc
    .tuple(path, fc.integer({ min: 0, max: 1e9 }))
    .map(([at, n]) => ({ op: 'topUp', id: `up-${n}`, path: at, amounts: { credits: 40 } })),
  fc.tuple(path, limits).map(([at, set]) => ({ op: 'setLimits', path: at, limits: set })),
  path.map((at) => ({ op: 'freeze', path: at, id: `fr-${at.length}`, forMs: 700 })),
  path.map((at) => ({ op: 'unfreeze', path: at, freeze: `fr-${at.length}` })),
  path.map((at) => ({ op: 'stop', path: at, id: `st-${at.length}`, ackMs: 600 })),
  path.map((at) => ({ op: 'recover', path: at, stop: `st-${at.length}` })),
  fc
    .constantFrom('acme/lab/r1', 'acme/lab/r2', 'acme/lab/r1/s1', 'acme/lab/r2/s2')
    .map((at) => ({ op: 'close', path: at })),
  fc
    .constantFrom('acme/lab/r2', 'acme/lab/r1/s1')
    .map((at) => ({ op: 'close', path: at, force: true, graceMs: 300 })),
  fc.tuple(fc.constantFrom('r3', 'r4'), limits).map(([name, set]) => ({
    op: 'open',
    path: `acme/lab/${name}`,
    limits: set,
  })),
  fc
    .constantFrom('s3', 's4')
    .map((name) => ({ op: 'open', path: `acme/lab/r1/${name}`, tier: 'step' })),
  ...times(3, path.chain(onTime)),
);

/** Moves of agents and operators, most of them legal; refused ones record nothing. */
export const anyMoves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    afterMs: fc.constantFrom(0, 0, 0, 0, 20, 300, 3_000),
    agent: fc.constantFrom('operator', 'operator', 'ann', 'bob'),
    command: fc.oneof(
      { weight: 5, arbitrary: request },
      { weight: 4, arbitrary: id.chain(onAllocation) },
      { weight: 2, arbitrary: onNode },
    ) as fc.Arbitrary<CommandInput>,
  }),
  { maxLength: 60, size: 'max' },
);
