import { strict as must } from 'node:assert';
import fc from 'fast-check';
import { ActorRuntime } from '../../actors/nodes/node-actor.ts';
import { encode } from '../../events/codec.ts';
import type { EventType } from '../../events/events.ts';
import { assert, suite } from '../harness/suite.ts';
import { playMoves, RUNS } from './histories.ts';
import { QuickRig } from './quick-rig.ts';
import type { TeamRig } from './rig.ts';
import { anyGuarded, beginGuarded } from './safeguards-histories.ts';
import { stateOf } from './state.ts';

const test = suite('actors: determinism of safeguards');
const LIMIT = { timeoutMs: 120_000 };
/** Commands in all histories together; each is played three times. */
const COMMANDS_MIN = 5_000;

/** What has to come up in histories that are to say anything of safeguards. */
const SEEN: readonly EventType[] = [
  'BreakerOpened',
  'BreakerHalfOpened',
  'DegradationChanged',
  'Distributed',
  'ExhaustionForecast',
  'QueueAgeReached',
  'RecoveryStarted',
  'ReserveChanged',
  'ShrinkRequested',
  'SheddingEnded',
  'StopLifted',
];

test(
  'Z-01 Z-03 R6 under safeguards of all kinds the same commands record the same bytes, over a take-over too',
  () => {
    let count = 0;
    const seen = new Set<EventType>();
    fc.assert(
      fc.property(anyGuarded, fc.nat(1_000), ({ policy, moves }, permille) => {
        const start = () => beginGuarded(policy, () => new QuickRig('t'));
        const one = playMoves(start(), moves);
        const live = stateOf(one.team);
        must.deepEqual(bytesOf(playMoves(start(), moves)), bytesOf(one));
        const cut = Math.floor((moves.length * permille) / 1_000);
        const next = playMoves(start(), moves.slice(0, cut)).takenOver(new QuickRig('t'));
        playMoves(next, moves.slice(cut));
        must.deepEqual(next.recorded, one.recorded);
        must.deepEqual(bytesOf(next), bytesOf(one));
        must.deepEqual(stateOf(next.team), live);
        must.deepEqual(stateOf(one.replayed()), live);
        must.deepEqual(stateOf(one.replayed(new ActorRuntime())), live);
        count += moves.length;
        for (const { event } of one.recorded) seen.add(event.type);
      }),
      // The same histories each time; others are looked for by hand.
      RUNS > 0 ? { numRuns: RUNS } : { numRuns: 130, seed: 202 },
    );
    assert.ok(count >= COMMANDS_MIN, `${count} commands`);
    assert.equal(
      SEEN.filter((type) => !seen.has(type)),
      [],
    );
  },
  LIMIT,
);

/** What is in the log, as it is stored. */
function bytesOf({ recorded }: TeamRig): string[] {
  return recorded.map((one) => Buffer.from(encode(one)).toString('hex'));
}

test.run();
