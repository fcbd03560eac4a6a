import { admitRound, type RoundPolicy } from '../../resolver/admit-round.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import { planFair } from '../../resolver/plan-fair.ts';
import { planStable } from '../../resolver/stability.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, requestsOf, treeOf } from './translate.ts';

/** One round of admission, all requests at once, borrowing from near first. */
export function admissionClassic(record: SchedulingRecord): Answers {
  return round(record, CLASSIC);
}

/** One round of admission, all requests at once, smaller shares first. */
export function admissionFair(record: SchedulingRecord): Answers {
  return round(record, FAIR);
}

export const CLASSIC: RoundPolicy = {
  order: 'classic',
  depth: 'head',
  planner: (...asked) => planStable(planClassic, ...asked),
};

export const FAIR: RoundPolicy = {
  order: 'fair',
  depth: 'head',
  planner: (...asked) => planStable(planFair, ...asked),
};

function round(record: SchedulingRecord, policy: RoundPolicy): Answers {
  const outcome = admitRound(treeOf(record), requestsOf(record), liveOf(record), policy);
  return {
    granted: outcome.granted,
    victimsByRequest: Object.fromEntries(
      outcome.plans.map(({ request, victims }) => [request, victims]),
    ),
    stillWaiting: outcome.waiting.map(({ id }) => id),
  };
}
