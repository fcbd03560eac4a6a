import { strict as must } from 'node:assert';
import fc from 'fast-check';
import { ActorRuntime } from '../../actors/nodes/node-actor.ts';
import { encode } from '../../events/codec.ts';
import { assert, suite } from '../harness/suite.ts';
import { beginContested, contested } from './contested-histories.ts';
import { anyMoves, begin, type Move, playMoves, RUNS } from './histories.ts';
import { QuickRig } from './quick-rig.ts';
import type { TeamRig } from './rig.ts';
import { stateOf } from './state.ts';

const test = suite('actors: determinism');
const LIMIT = { timeoutMs: 120_000 };
/** Commands in all histories together; each is played three times. */
const COMMANDS_MIN = 10_000;

/** A team at the beginning of a history, and the history. */
interface Story {
  readonly start: () => TeamRig;
  readonly moves: readonly Move[];
}

const anyStory: fc.Arbitrary<Story> = fc.oneof(
  anyMoves.map((moves) => ({ start: () => begin(() => new QuickRig('t')), moves })),
  contested([0, 5_000, 60_000], 90).map(({ preemption, moves }) => ({
    start: () => beginContested(preemption, () => new QuickRig()),
    moves,
  })),
);

test(
  'Z-01 R6 in 10,000 commands and more the same commands record the same bytes, over a take-over too',
  () => {
    let count = 0;
    let eventCount = 0;
    fc.assert(
      fc.property(anyStory, fc.nat(1_000), ({ start, moves }, permille) => {
        const one = playMoves(start(), moves);
        const other = playMoves(start(), moves);
        must.deepEqual(bytesOf(other), bytesOf(one));
        const cut = Math.floor((moves.length * permille) / 1_000);
        const first = playMoves(start(), moves.slice(0, cut));
        const next = first.takenOver(new QuickRig(first.team.name));
        playMoves(next, moves.slice(cut));
        must.deepEqual(bytesOf(next), bytesOf(one));
        must.deepEqual(stateOf(next.team), stateOf(one.team));
        count += moves.length;
        eventCount += one.recorded.length;
      }),
      { numRuns: RUNS || 230 },
    );
    assert.ok(count >= COMMANDS_MIN, `${count} commands`);
    assert.ok(eventCount >= COMMANDS_MIN / 2, `${eventCount} events`);
  },
  LIMIT,
);

/** What is in the log, as it is stored. */
function bytesOf({ recorded }: TeamRig): string[] {
  return recorded.map((one) => Buffer.from(encode(one)).toString('hex'));
}

test(
  'Z-03 the events of a contested history make the same team again, by the fold and by actors',
  () => {
    fc.assert(
      fc.property(contested([0, 5_000, 60_000], 90), ({ preemption, moves }) => {
        const rig = playMoves(
          beginContested(preemption, () => new QuickRig()),
          moves,
        );
        const live = stateOf(rig.team);
        must.deepEqual(stateOf(rig.replayed()), live);
        must.deepEqual(stateOf(rig.replayed(new ActorRuntime())), live);
      }),
      { numRuns: RUNS || 40 },
    );
  },
  LIMIT,
);

test.run();
