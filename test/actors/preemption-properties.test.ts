import { strict as must } from 'node:assert';
import fc from 'fast-check';
import { evolve } from '../../actors/evolve.ts';
import { plainRuntime } from '../../actors/runtime.ts';
import { newTeam, type Team } from '../../actors/team.ts';
import { TimerHeap } from '../../actors/timers.ts';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { beginContested, type Contested, contested } from './contested-histories.ts';
import { faultsOf, wantedBy } from './eviction-law.ts';
import { playMoves, RUNS } from './histories.ts';
import { Recount } from './recount.ts';
import type { TeamRig } from './rig.ts';

const test = suite('actors: properties of preemption');
const LIMIT = { timeoutMs: 120_000 };
const runs = (count: number) => ({ numRuns: RUNS || count });
const played = ({ preemption, moves }: Contested): TeamRig =>
  playMoves(beginContested(preemption), moves);

test(
  'S-05 INV-14 in any history every eviction is legal, enough, and spares whom it can',
  () => {
    const told: Record<string, number> = {};
    fc.assert(
      fc.property(contested([0, 0, 5_000], 60), (history) => {
        const { recorded, team: live } = played(history);
        const team = newTeam(live.name, new TimerHeap(), plainRuntime);
        for (const { event, at } of recorded) {
          if (event.type === 'PreemptionRequested') {
            must.deepEqual(faultsOf(team, event), [], JSON.stringify(event));
            for (const reason of event.reasons ?? []) told[reason] = (told[reason] ?? 0) + 1;
          }
          evolve(team, structuredClone(event), at);
        }
      }),
      runs(120),
    );
    // Each of the rights was there to be looked at.
    for (const reason of [
      'within-node-priority',
      'priority-while-borrowing',
      'reclaim-nominal',
      'fair-share',
    ]) {
      assert.ok((told[reason] ?? 0) >= 5, `${reason}: ${told[reason] ?? 0} times`);
    }
  },
  LIMIT,
);

test('S-05 INV-14 a run that makes room in its own part first takes the rest back by its guarantee', () => {
  const rig = beginContested({
    by: 'fair',
    withinNode: 'lowerOrNewerEqual',
    reclaim: 'any',
    minRuntimeMs: 0,
    evictionsMax: 1,
    graceMsMax: 0,
  });
  const hold = (id: string, path: string, memory: number, priority = 0): CommandInput => ({
    op: 'request',
    id,
    path,
    items: { memory: { amount: memory } },
    priority,
    graceMs: 0,
  });
  const limit = (memory: number): CommandInput => ({
    op: 'setLimits',
    path: 'acme',
    limits: { memory: { limit: memory } },
  });
  const before = [
    limit(120),
    hold('own', 'acme/a/r1/s', 22),
    hold('other', 'acme/a/r2/s', 28, 50),
    hold('far', 'acme/c/r1/s', 17),
    limit(70),
  ];
  for (const command of before) rig.when(command, command.op === 'request' ? 'ann' : 'operator');
  const ask = hold('asks', 'acme/a/r1/s', 6, 200);
  rig.when({ ...ask, strategy: 'preemption_allowed' } as CommandInput, 'ann');
  const told = rig.recorded.flatMap(({ event }) =>
    event.type === 'PreemptionRequested' ? [event] : [],
  );
  assert.equal(
    told.map(({ victims, reasons }) => [victims, reasons]),
    [
      [
        ['own', 'far'],
        ['within-node-priority', 'reclaim-nominal'],
      ],
    ],
  );
});

test(
  'S-05 no victim that asks again at once turns an eviction round, in whatever order they come',
  () => {
    let count = 0;
    fc.assert(
      fc.property(contested([0], 40), ({ preemption, moves }) => {
        const rig = beginContested(preemption);
        playMoves(rig, moves, ({ answer }) => {
          if (answer.outcome !== 'granted' || answer.preempted === undefined) return;
          const { preempted, id } = answer;
          for (const order of [preempted, [...preempted].reverse()]) {
            count += 1;
            must.deepEqual(turnedRound(rig, id, order), [], JSON.stringify({ id, order }));
          }
        });
      }),
      runs(50),
    );
    assert.ok(count >= 60, `${count} evictions`);
  },
  LIMIT,
);

/** Evictions of a beneficiary once its victims have asked again, with every right there is. */
function turnedRound(rig: TeamRig, beneficiary: string, victims: readonly string[]): unknown[] {
  const next = rig.takenOver();
  const asks = rig.eventsOf('AllocationGranted').filter(({ id }) => victims.includes(id));
  return victims.flatMap((victim) => {
    const ask = asks.find(({ id }) => id === victim)?.ask;
    assert.ok(ask !== undefined, `${victim} was granted`);
    const again = { ...ask, op: 'request', id: `again-${victim}`, maxWaitMs: 0 } as const;
    const { events } = next.decide({ ...again, strategy: 'preemption_allowed' }, 'ann');
    return events.filter(
      (event) => event.type === 'PreemptionRequested' && event.victims.includes(beneficiary),
    );
  });
}

test(
  'S-06 while a request collects, nobody else is granted what it still misses',
  () => {
    let count = 0;
    fc.assert(
      fc.property(contested([0, 5_000, 60_000], 60), (history) => {
        const { recorded, team: live } = played(history);
        const team = newTeam(live.name, new TimerHeap(), plainRuntime);
        for (const { event, at } of recorded) {
          if (event.type === 'AllocationGranted') {
            for (const [id, resource] of freeForCollectors(team, event.id)) {
              const had = team.waiting.get(event.id)?.earmarked[resource] ?? 0;
              if ((event.items[resource] ?? 0) <= had) continue;
              assert.unreachable(`${event.id} is granted before ${id} has its ${resource}`);
            }
            if (event.via === 'preemption' && (event.waitedMs ?? 0) > 0) count += 1;
          }
          evolve(team, structuredClone(event), at);
        }
      }),
      runs(80),
    );
    assert.ok(count >= 5, `${count} grants after a grace`);
  },
  LIMIT,
);

/** What is free for requests that collect and have not got it yet, but for one of them. */
function freeForCollectors(team: Team, but: string): [id: string, resource: string][] {
  const books = new Recount(team);
  const free: [string, string][] = [];
  for (const waiting of team.waiting.values()) {
    if (waiting.state !== 'preempting' || waiting.id === but) continue;
    for (const [resource, amount] of Object.entries(wantedBy(waiting))) {
      const isMissing = (waiting.earmarked[resource] ?? 0) < amount;
      if (isMissing && books.fits(waiting.ask.path, { [resource]: 1 })) {
        free.push([waiting.id, resource]);
      }
    }
  }
  return free;
}

test.run();
