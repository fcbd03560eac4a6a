import { SHEDDING_OF_THREE, TWO_AFTER_A_FREEZE } from './drills.ts';
import type { Mutant } from './mutants.ts';

/** Bugs in what keeps a swarm safe when parts of it fail: breakers, slow starts, shedding, shares. */
export const MUTANTS_OF_SAFEGUARDS: readonly Mutant[] = [
  {
    name: 'breaker-ignored',
    says: 'an open breaker lets everything through',
    breaks: ['INV-22'],
    edits: [
      {
        file: 'actors/breakers/barring.ts',
        find: 'return tripped.filter((breaker) => probeRoomOf(team, breaker) <= 0);',
        replace:
          "return tripped.filter((one) => one.phase !== 'open' && probeRoomOf(team, one) <= 0);",
      },
    ],
  },
  {
    name: 'probe-uncounted',
    says: 'what tries a half-open breaker is not counted: all may, and none of them closes it',
    breaks: ['INV-22', 'S §9'],
    edits: [
      {
        file: 'actors/breakers/evolve-breaker.ts',
        find: 'breaker.probes.add(id);',
        replace: '',
      },
    ],
  },
  {
    name: 'branch-wasted',
    says: 'what a branch leaves is not divided over those that are still open',
    breaks: ['T-15'],
    edits: [
      {
        file: 'actors/branches/branching.ts',
        find: 'if (isBranch && parent !== undefined) branchesDue(team, parent);',
        replace: '',
      },
    ],
  },
  {
    name: 'start-at-once',
    says: 'a slow start gives out all that there is in its first interval',
    breaks: ['X-05'],
    edits: [
      {
        file: 'actors/recovery/decide-recovery.ts',
        find: 'allow: partOfRoom(node, permille),',
        replace: 'allow: partOfRoom(node, 1_000),',
      },
    ],
  },
  {
    name: 'start-unbounded',
    says: 'what a slow start has given out is not counted: each request may take all of an interval',
    breaks: ['INV-21'],
    drill: TWO_AFTER_A_FREEZE,
    edits: [
      {
        file: 'actors/recovery/slow-start.ts',
        find: '(allow[resource] ?? 0) - (given[resource] ?? 0)',
        replace: '(allow[resource] ?? 0)',
      },
    ],
  },
  {
    name: 'unwilling-taken',
    says: 'what is not preemptible is taken under pressure and after a cut',
    breaks: ['it may not be taken'],
    drill: SHEDDING_OF_THREE,
    edits: [
      {
        file: 'actors/contests/reclaim.ts',
        find: 'if (one.yieldsTo !== null || one.reservation !== null || one.ask.preemptible === false)',
        replace: 'if (one.yieldsTo !== null || one.reservation !== null)',
      },
      {
        file: 'actors/shedding/shed.ts',
        find: 'if (one.ask.preemptible === false || atMs - one.heardAtMs < idleMs) continue;',
        replace: 'if (atMs - one.heardAtMs < idleMs) continue;',
      },
    ],
  },
  {
    name: 'guarantee-taken',
    says: 'what is taken under pressure and after a cut is taken below guarantees',
    breaks: ['a guarantee is taken from'],
    drill: SHEDDING_OF_THREE,
    edits: [
      {
        file: 'actors/contests/reclaim.ts',
        find: 'const nominal = node === top ? 0 : Math.max(0, account.guarantee - staying);',
        replace: 'const nominal = Math.min(0, account.guarantee);',
      },
    ],
  },
  {
    name: 'shrink-hasty',
    says: 'load is shed before the time to shrink is over',
    breaks: ['R-12: ShrinkRequested: tells'],
    drill: SHEDDING_OF_THREE,
    edits: [
      {
        file: 'actors/shedding/shed.ts',
        find: 'const untilMs = atMs + rule.graceMs;',
        replace: 'const untilMs = atMs;',
      },
    ],
  },
  {
    name: 'share-below-use',
    says: 'a budget is divided without regard to what its children have used',
    breaks: ['S §5', 'INV-2'],
    edits: [
      {
        file: 'actors/distribution/part-of.ts',
        find: 'return Math.max(committed, guarantee, promised, granted);',
        replace: 'return Math.max(guarantee, promised, granted);',
      },
    ],
  },
];
