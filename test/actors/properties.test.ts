import { strict as must } from 'node:assert';
import fc from 'fast-check';
import { isWithin } from '../../events/names.ts';
import { assert, suite } from '../harness/suite.ts';
import { anyMoves, begin, playMoves, RUNS } from './histories.ts';
import { stateOf } from './state.ts';

const test = suite('actors: properties');
const LIMIT = { timeoutMs: 120_000 };
const runs = (count: number) => ({ numRuns: RUNS || count });

test(
  'E-01 E-02 INV-1 INV-2 INV-4 in any history, after every event: sums are right, no room is overdrawn',
  () => {
    // The rig checks both at each event.
    fc.assert(
      fc.property(anyMoves, (moves) => {
        playMoves(begin(), moves).pass(100_000);
      }),
      runs(400),
    );
  },
  LIMIT,
);

test(
  'INV-3 INV-10 an allocation ends once for each grant, and none expires early',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const rig = playMoves(begin(), moves);
        rig.pass(40_000);
        const leases = new Map<string, number>();
        for (const { event } of rig.recorded) {
          if (event.type === 'AllocationGranted') {
            assert.not.ok(leases.has(event.id), `${event.id} is not live`);
            leases.set(event.id, event.expiresAtMs);
          } else if (event.type === 'LeaseRenewed') {
            assert.ok((leases.get(event.allocation) ?? Infinity) <= event.expiresAtMs);
            leases.set(event.allocation, event.expiresAtMs);
          } else if (event.type === 'AllocationEnded') {
            const endsAtMs = leases.get(event.allocation);
            assert.ok(endsAtMs !== undefined, `${event.allocation} is live`);
            if (event.as === 'expired') assert.is(event.atMs, endsAtMs);
            else assert.ok(event.atMs <= endsAtMs, 'nor late');
            leases.delete(event.allocation);
          }
        }
        must.deepEqual([...leases.keys()].sort(), [...rig.team.allocations.keys()].sort());
      }),
      runs(150),
    );
  },
  LIMIT,
);

test(
  'INV-6 a refusal changes nothing, a read nothing but a claim',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const rig = begin();
        for (const { afterMs, agent, command } of moves) {
          rig.pass(afterMs);
          const before = stateOf(rig.team);
          const { answer, events } = rig.decide(command, agent);
          if (events.length > 0) continue;
          must.deepEqual(stateOf(rig.team), before, JSON.stringify([command, answer]));
        }
      }),
      runs(60),
    );
  },
  LIMIT,
);

test(
  'INV-7 the same id gets the same final answer, at once and in the end, and nothing more happens',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const rig = begin();
        const answers = new Map<string, [(typeof moves)[number], string]>();
        playMoves(rig, moves, ({ answer, events }, move) => {
          const { id } = move.command;
          if (id === undefined || events.length === 0) return;
          const repeat = rig.decide(move.command, move.agent);
          assert.is(timeless(repeat.answer), timeless(answer), JSON.stringify(move));
          must.deepEqual(repeat.events, []);
          if (FINAL.has(answer.outcome)) answers.set(id, [move, timeless(answer)]);
        });
        for (const [{ command, agent }, answer] of answers.values()) {
          const { answer: again, events } = rig.decide(command, agent);
          assert.is(timeless(again), answer, JSON.stringify(command));
          assert.ok(events.every(({ type }) => type === 'AllocationClaimed'));
        }
      }),
      runs(80),
    );
  },
  LIMIT,
);

const FINAL = new Set([
  'granted',
  'partial',
  'denied',
  'settled',
  'charged',
  'adjusted',
  'topped_up',
]);

/** An answer without what is of the moment: remaining times, and marks of a repeat. */
function timeless(answer: object): string {
  const kept: Record<string, unknown> = { ...answer };
  for (const field of ['expiresInMs', 'timeoutInMs', 'graceMs', 'ackInMs', 'replayed']) {
    delete kept[field];
  }
  if (kept['outcome'] === 'queued' || kept['outcome'] === 'preempting') {
    for (const field of ['factors', 'rule', 'expectedWaitMs']) delete kept[field];
  }
  return JSON.stringify(kept);
}

test(
  'INV-9 nothing is admitted beneath a freeze, a closing or a stop of its priority',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const rig = playMoves(begin(), moves);
        const freezes = new Map<string, string>();
        const closing = new Set<string>();
        const stops = new Map<string, { path: string; below: number | null }>();
        for (const { event } of rig.recorded) {
          switch (event.type) {
            case 'Frozen':
              freezes.set(`${event.path} ${event.freeze}`, event.path);
              break;
            case 'Unfrozen':
              freezes.delete(`${event.path} ${event.freeze}`);
              break;
            case 'NodeClosing':
              closing.add(event.path);
              break;
            case 'NodeClosed':
              closing.delete(event.path);
              for (const [key, path] of freezes)
                if (isWithin(path, event.path)) freezes.delete(key);
              for (const [key, { path }] of stops)
                if (isWithin(path, event.path)) stops.delete(key);
              break;
            case 'Stopped':
              stops.set(`${event.path} ${event.stop}`, event);
              break;
            case 'StopLifted':
              stops.delete(`${event.path} ${event.stop}`);
              break;
            case 'AllocationGranted':
            case 'PreemptionRequested': {
              const { path } = event.ask;
              const bars = [...freezes.values(), ...closing].filter((bar) => isWithin(path, bar));
              must.deepEqual(bars, [], `${event.type} ${event.id}`);
              for (const stop of stops.values()) {
                const isBarred = stop.below === null || event.priority < stop.below;
                assert.not.ok(isBarred && isWithin(path, stop.path), `stopped ${event.id}`);
              }
              break;
            }
            default:
              break;
          }
        }
      }),
      runs(150),
    );
  },
  LIMIT,
);

test(
  'O-05 whoever waits is short somewhere, behind somebody, or collects; no queue is forgotten',
  () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const rig = playMoves(begin(), moves);
        const { recorded } = rig;
        const before = recorded.length;
        // A take-over looks at everything again: it may find nothing that was overlooked.
        const next = rig.takenOver();
        must.deepEqual(
          next.recorded.slice(before).map(({ event }) => event.type),
          [],
        );
        rig.pass(2_000_000);
        assert.is(rig.team.waiting.size, 0, 'nobody waits beyond his patience');
        assert.is(rig.team.contests.size, 0, 'contests end with their queues');
      }),
      runs(150),
    );
  },
  LIMIT,
);

test.run();
