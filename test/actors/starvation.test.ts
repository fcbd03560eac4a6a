import fc from 'fast-check';
import { assert, suite } from '../harness/suite.ts';
import { RUNS } from './histories.ts';
import { TeamRig } from './rig.ts';
import { ask, enrol, LAB, policy, release, setLimits } from './world.ts';

const test = suite('actors: starvation');
const LIMIT = { timeoutMs: 120_000 };

const INTERVAL_MS = 1_000;
const TICKS = 220;
/** Commands that the bound is to be held against, in all histories together. */
const COMMANDS_MIN = 10_000;

/** A stream of requests for one slot: whoever gets it gives it back some ticks later. */
interface Stream {
  readonly step: number;
  readonly tickMs: number;
  readonly serviceTicks: number;
  /** Priority and patience of whoever comes at a tick; null: nobody. */
  readonly arrivals: readonly ({ readonly priority: number; readonly waitMs: number } | null)[];
}

const PATIENT_MS = 3_600_000;
const high = fc.record({
  priority: fc.integer({ min: 120, max: 200 }),
  waitMs: fc.constantFrom(PATIENT_MS, PATIENT_MS, 2_500),
});
const low = fc.record({
  priority: fc.integer({ min: 0, max: 110 }),
  waitMs: fc.constantFrom(PATIENT_MS, PATIENT_MS, 9_000),
});

/** More urgent ones come at least as fast as they can be served, now and then one that is not. */
const anyStream: fc.Arbitrary<Stream> = fc
  .record({
    step: fc.integer({ min: 15, max: 90 }),
    tickMs: fc.integer({ min: 90, max: 260 }),
    serviceTicks: fc.integer({ min: 1, max: 2 }),
    urgent: fc.array(high, { minLength: TICKS, maxLength: TICKS }),
    others: fc.array(fc.option(low, { freq: 20 }), { minLength: TICKS, maxLength: TICKS }),
    first: low,
  })
  .map(({ urgent, others, first, serviceTicks, ...rest }) => {
    const arrivals = urgent.map((one, tick) => {
      if (tick === 3) return { ...first, waitMs: PATIENT_MS };
      const isLow = others[tick] !== null && tick % 11 === 5;
      if (isLow) return others[tick] ?? null;
      return tick < 3 || tick % serviceTicks === 0 ? one : null;
    });
    return { ...rest, serviceTicks, arrivals };
  });

/** A request in the queue, with what it was told and who stands before it when that time is over. */
interface Watched {
  readonly id: string;
  /** When nobody who comes later may be served before it any more. */
  readonly boundAtMs: number;
  /** When it has to be served at the latest; known once the bound is over. */
  dueAtMs: number | undefined;
}

/** Plays a stream; gives how many commands were sent, and who waited longer than he was told. */
function play(stream: Stream, aging: { readonly intervalMs: number; readonly step: number }) {
  const { tickMs, serviceTicks, arrivals } = stream;
  const rig = new TeamRig();
  const enrolled = enrol('ann', { priorityMax: 200 });
  const set = policy({ aging, priorityMax: 0, backfill: 'none' });
  for (const one of [...LAB, setLimits('acme', { 'slot.gpu': 1 }), enrolled, set]) rig.when(one);
  // Bob may claim anything else; nobody here is to be above the stream.
  rig.when(enrol('bob', { priorityMax: 0 }));
  const watched = new Map<string, Watched>();
  const late: string[] = [];
  let count = 0;
  for (const [tick, arrival] of arrivals.entries()) {
    rig.pass(tickMs);
    for (const { id, grantedAtMs } of [...rig.team.allocations.values()]) {
      if (rig.nowMs - grantedAtMs < serviceTicks * tickMs) continue;
      rig.when(release(id), 'ann');
      count += 1;
    }
    if (arrival !== null) {
      const { priority, waitMs } = arrival;
      const more = {
        priority,
        maxWaitMs: waitMs,
        ttlMs: 600_000,
        path: `acme/lab/run/s${tick % 3}`,
      };
      const { answer } = rig.when(ask(`r${tick}`, { 'slot.gpu': 1 }, more), 'ann');
      count += 1;
      if (answer.outcome === 'queued') {
        // Where waiting adds nothing there is no bound: it is held to the one that there would be.
        const boundMs = answer.waitBoundMs ?? boundOf(priority, stream.step);
        watched.set(`r${tick}`, {
          id: `r${tick}`,
          boundAtMs: rig.nowMs + boundMs,
          dueAtMs: undefined,
        });
      }
    }
    late.push(...overdue(rig, watched, (serviceTicks + 1) * tickMs));
  }
  return { count, late };
}

/** The bound by hand: interval × (⌊(top − base) ÷ step⌋ + 1). */
function boundOf(priority: number, step: number): number {
  return INTERVAL_MS * (Math.floor((200 - priority) / step) + 1);
}

/** Those still waiting when the bound and the time to drain those before them are over. */
function overdue(rig: TeamRig, watched: Map<string, Watched>, serviceMs: number): string[] {
  const late: string[] = [];
  const queue = rig.team.nodes.get('acme')?.queues?.get('slot.gpu');
  for (const one of [...watched.values()]) {
    const waiting = rig.team.waiting.get(one.id);
    if (waiting === undefined) {
      watched.delete(one.id);
      continue;
    }
    if (one.dueAtMs === undefined && rig.nowMs >= one.boundAtMs) {
      // Whoever holds the slot, and all that stand before it now.
      const aheadCount = (queue?.countAhead(waiting) ?? 0) + 1;
      one.dueAtMs = rig.nowMs + aheadCount * serviceMs;
    }
    if (one.dueAtMs === undefined || rig.nowMs <= one.dueAtMs) continue;
    late.push(one.id);
    watched.delete(one.id);
  }
  return late;
}

test(
  'S-03 in 10,000 commands and more everybody who waits is served, or gives up, within the bound',
  () => {
    let count = 0;
    fc.assert(
      fc.property(anyStream, (stream) => {
        const shown = play(stream, { intervalMs: INTERVAL_MS, step: stream.step });
        count += shown.count;
        assert.equal(shown.late, []);
      }),
      { numRuns: RUNS || 36 },
    );
    assert.ok(count >= COMMANDS_MIN, `${count} commands`);
  },
  LIMIT,
);

test(
  'S-03 where waiting adds nothing the same streams starve somebody',
  () => {
    const streams = fc.sample(anyStream, { numRuns: 6, seed: 1 });
    const starved = streams.filter(
      (stream) => play(stream, { intervalMs: INTERVAL_MS, step: 0 }).late.length > 0,
    );
    assert.ok(starved.length >= streams.length / 2, `${starved.length} streams`);
  },
  LIMIT,
);

test.run();
