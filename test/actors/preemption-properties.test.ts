import { strict as must } from 'node:assert';
import fc from 'fast-check';
import { evolve } from '../../actors/evolve.ts';
import { plainRuntime } from '../../actors/runtime.ts';
import { newTeam } from '../../actors/team.ts';
import { TimerHeap } from '../../actors/timers.ts';
import { assert, suite } from '../harness/suite.ts';
import { beginContested, type Contested, contested } from './contested-histories.ts';
import { faultsOf } from './eviction-law.ts';
import { playMoves, RUNS } from './histories.ts';
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
      runs(150),
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

test.run();
