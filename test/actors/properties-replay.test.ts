import { strict as must } from 'node:assert';
import fc from 'fast-check';
import { type Actor, createActor } from 'xstate';
import { LIVES, MACHINES } from '../../actors/nodes/machines.ts';
import type { Node } from '../../actors/nodes/node.ts';
import { ActorRuntime } from '../../actors/nodes/node-actor.ts';
import type { NodeChange } from '../../actors/nodes/node-change.ts';
import { type NodeRuntime, plainRuntime, take } from '../../actors/runtime.ts';
import { TimerHeap } from '../../actors/timers.ts';
import { assert, suite } from '../harness/suite.ts';
import { anyMoves, begin, inTeam, type Move, playMoves, RUNS } from './histories.ts';
import { START_MS, TeamRig } from './rig.ts';
import { stateOf } from './state.ts';

const test = suite('actors: properties of replay');
const LIMIT = { timeoutMs: 120_000 };
const runs = (count: number) => ({ numRuns: RUNS || count });

test(
  'Z-01 Z-03 the live team, its replay through actors and its replay by the plain fold are equal',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const rig = playMoves(begin(), moves);
        const live = stateOf(rig.team);
        must.deepEqual(stateOf(rig.replayed(plainRuntime)), live);
        must.deepEqual(stateOf(rig.replayed(new ActorRuntime())), live);
      }),
      runs(150),
    );
  },
  LIMIT,
);

/** Drives a real XState actor of each node's machine beside the fold and compares the phases. */
class MachineRuntime implements NodeRuntime {
  readonly #actors = new Map<Node, Actor<(typeof MACHINES)['run']>>();

  start(node: Node): void {
    this.#actors.set(node, createActor(MACHINES[node.tier]).start());
  }

  deliver(node: Node, change: NodeChange): void {
    const actor = this.#actors.get(node);
    assert.ok(actor?.getSnapshot().can({ type: change.kind }), `${change.kind} ${node.path}`);
    actor?.send({ type: change.kind });
    take(node, change);
    assert.is(actor?.getSnapshot().value, node.phase, `${change.kind} ${node.path}`);
  }

  stop(node: Node): void {
    assert.is(this.#actors.get(node)?.getSnapshot().status, 'done');
    this.#actors.delete(node);
  }

  resolver(): void {}
}

test(
  'Z-01 real machine actors, driven by the same events, go through the same phases',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        playMoves(
          begin(() => new TeamRig('t', new MachineRuntime())),
          moves,
        );
      }),
      runs(40),
    );
  },
  LIMIT,
);

test(
  'R6 who takes over at any moment goes on exactly as the one before would have',
  () => {
    fc.assert(
      fc.property(anyMoves, fc.nat(70), (moves, cut) => {
        const rig = playMoves(begin(), moves.slice(0, cut));
        const next = rig.takenOver();
        const goOn = (one: TeamRig) => playMoves(one, moves.slice(cut)).pass(50_000);
        goOn(rig);
        goOn(next);
        must.deepEqual(next.recorded, rig.recorded);
        must.deepEqual(stateOf(next.team), stateOf(rig.team));
      }),
      runs(100),
    );
  },
  LIMIT,
);

test(
  'INV-7 every command sent twice: the events are those of sending it once',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        // With an id each, or a repeat is another command.
        const named = moves.map((move, index) => ({
          ...move,
          command: { id: `n${index}`, ...move.command } as Move['command'],
        }));
        const once = playMoves(begin(), named);
        const twice = begin();
        const claims = new Set<string>();
        playMoves(twice, named, (_shown, { command, agent }) => {
          for (const event of twice.decide(command, agent).events) {
            assert.is(event.type, 'AllocationClaimed');
            claims.add(event.type);
          }
        });
        if (claims.size > 0) return;
        must.deepEqual(eventsOf(twice), eventsOf(once));
      }),
      runs(60),
    );
  },
  LIMIT,
);

/** Events without the names that the writer makes from places in the log. */
function eventsOf(rig: TeamRig): unknown[] {
  return rig.recorded.map(({ event }) => renamed(event, new Map()));
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    return names.get(value) ?? (/^[cw]-\d+-\d+$/.test(value) ? 'made' : value);
  }
  if (Array.isArray(value)) return value.map((one) => renamed(one, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      // Text for people, which names what it is about.
      key === 'digest' || key === 'reason' ? '' : renamed(inner, names),
    ]),
  );
}

test(
  '§6.3 nothing is read out of an id: other names in the same order change nothing',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const names = new Map(
          Array.from({ length: 80 }, (_, n) => `r${String(n).padStart(3, '0')}`).map((id) => [
            id,
            `k:${id}.x`,
          ]),
        );
        const back = new Map([...names].map(([id, name]) => [name, id]));
        const plain = playMoves(begin(), moves);
        const other = playMoves(
          begin(),
          moves.map((move) => ({ ...move, command: renamed(move.command, names) as never })),
        );
        const events = (rig: TeamRig) => rig.recorded.map(({ event }) => renamed(event, back));
        must.deepEqual(events(other), events(plain));
      }),
      runs(60),
    );
  },
  LIMIT,
);

test(
  '§1 teams are independent: what one does is the same alone and among others, in any order',
  () => {
    fc.assert(
      fc.property(anyMoves, anyMoves, fc.infiniteStream(fc.boolean()), (mine, theirs, coin) => {
        const endMs = START_MS + Math.max(...[mine, theirs].map(lengthMs));
        const alone = playMoves(begin(), mine);
        alone.passTo(endMs);
        const timers = new TimerHeap();
        const runtime = new ActorRuntime();
        const first = begin(() => new TeamRig('t', runtime, LIVES, timers));
        const second = begin(() => new TeamRig('a', runtime, LIVES, timers), 'a');
        playTogether(
          timers,
          [
            [first, mine],
            [second, theirs],
          ],
          coin,
        );
        must.deepEqual(first.recorded, alone.recorded);
        must.deepEqual(stateOf(first.team), stateOf(alone.team));
      }),
      runs(40),
    );
  },
  LIMIT,
);

function lengthMs(moves: readonly Move[]): number {
  return moves.reduce((sum, { afterMs }) => sum + afterMs, 0);
}

/** Plays two histories on one clock and one timer heap; the coin says whose turn it is. */
function playTogether(
  timers: TimerHeap,
  both: readonly (readonly [TeamRig, readonly Move[]])[],
  coin: fc.Stream<boolean>,
): void {
  const turns = both.map(([rig, moves]) => {
    let atMs = START_MS;
    return {
      rig,
      moves: moves.map((move) => {
        atMs += move.afterMs;
        return { ...move, atMs };
      }),
    };
  });
  const pass = (toMs: number) => {
    for (let due = timers.takeDue(toMs); due !== undefined; due = timers.takeDue(toMs)) {
      for (const { rig } of turns) {
        if (rig.team.name !== due.team) continue;
        rig.nowMs = Math.max(rig.nowMs, due.atMs);
        rig.fire(due);
      }
    }
    for (const { rig } of turns) rig.nowMs = toMs;
  };
  for (;;) {
    const [one, other] = turns.map(({ moves }) => moves[0]?.atMs ?? Infinity) as [number, number];
    if (one === Infinity && other === Infinity) return;
    const isFirst = one < other || (one === other && coin.next().value);
    const turn = turns[isFirst ? 0 : 1];
    const move = turn?.moves.shift();
    if (turn === undefined || move === undefined) return;
    pass(move.atMs);
    turn.rig.decide(inTeam(move.command, turn.rig.team.name) as Move['command'], move.agent);
  }
}

test.run();
