import { FORECAST_WITH_HOLDS, GROWTH_ABOVE_A_RULE } from './drills.ts';
import type { Mutant } from './mutants.ts';

/** Bugs in what a governor does when there is not enough: levels, stops, pools, parts, forecasts. */
export const MUTANTS_OF_SCARCITY: readonly Mutant[] = [
  {
    name: 'level-ignored',
    says: 'a level of degradation admits whatever priority',
    breaks: ['INV-19'],
    edits: [
      {
        file: 'actors/levels/level-bar.ts',
        find: 'if (admit !== null && priority < admit) found',
        replace: 'if (admit !== null && priority < -admit) found',
      },
    ],
  },
  {
    name: 'level-hasty',
    says: 'a level rises before it has been calm for so long',
    breaks: ['X-03'],
    edits: [
      {
        file: 'actors/levels/change-level.ts',
        find: 'if (to > from) {',
        replace: 'if (to !== from) {',
      },
    ],
  },
  {
    name: 'stop-porous',
    says: 'a stop denies only what is far below its priority',
    breaks: ['INV-9'],
    edits: [
      {
        file: 'actors/nodes/locate.ts',
        find: 'if (stop.below === null || priority < stop.below)',
        replace: 'if (stop.below === null || priority < stop.below - 100)',
      },
    ],
  },
  {
    name: 'silence-as-consent',
    says: 'a stop counts agents that never acknowledged it as if they had',
    edits: [
      {
        file: 'actors/emergencies/stop-progress.ts',
        find: 'acknowledgedCount: agents.size - silent.length,',
        replace: 'acknowledgedCount: agents.size,',
      },
    ],
  },
  {
    name: 'pool-busiest',
    says: 'of several pools the one with the most to do is taken',
    edits: [
      {
        file: 'actors/pools/choose-pools.ts',
        find: '.sort(compareLoad);',
        replace: '.sort((a, b) => compareLoad(b, a));',
      },
    ],
  },
  {
    name: 'part-lost',
    says: 'a unit is lost whenever a budget is divided over children',
    breaks: ['A-01'],
    edits: [
      {
        file: 'actors/distribution/divide-resource.ts',
        find: 'const given = divide(total - kept, parts,',
        replace: 'const given = divide(Math.max(floors, total - kept - 1), parts,',
      },
    ],
  },
  {
    name: 'forecast-of-holds',
    says: 'what is held counts as spent when exhaustion is forecast',
    breaks: ['X-01'],
    drill: FORECAST_WITH_HOLDS,
    edits: [
      {
        file: 'actors/forecasts/forecast.ts',
        find: 'limit - spentTree - carried);',
        replace: 'limit - spentTree - account.heldTree - carried);',
      },
    ],
  },
  {
    name: 'deadline-as-lease',
    says: 'what the deadline of its node has ended is told as a lease that nobody renewed',
    breaks: ['S §3'],
    edits: [
      {
        file: 'actors/due.ts',
        find: "return node.deadlineAtMs <= expiresAtMs ? 'timed_out' : 'expired';",
        replace: "return node.deadlineAtMs < expiresAtMs ? 'timed_out' : 'expired';",
      },
    ],
  },
  {
    name: 'growth-unruled',
    says: 'an allocation grows to what a request would need an approver for',
    breaks: ['T-05'],
    drill: GROWTH_ABOVE_A_RULE,
    edits: [
      {
        file: 'actors/allocations/decide-allocation.ts',
        find: 'if (ruled !== undefined) return answered(ruled);',
        replace: '',
      },
    ],
  },
  {
    name: 'reserve-for-all',
    says: 'whoever asks draws on the emergency reserve, however unimportant',
    breaks: ['INV-20'],
    edits: [
      {
        file: 'actors/reserves/draw.ts',
        find: 'if (priority < ExecutionPriority.critical) return false;',
        replace: 'if (priority < ExecutionPriority.critical) return true;',
      },
    ],
  },
];
