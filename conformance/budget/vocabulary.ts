import { type Difference, notUnderstood } from '../verdict.ts';
import type { BudgetRecord, Expectation, Operation } from './record.ts';

/** Settings of the sources that the README says to ignore. */
const IGNORED: readonly string[] = ['op', 'id', 'note', 'overage', 'on_short'];

/** The fields of each operation of the family `tiers`. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  reserve: [
    'tiers',
    'amount',
    'amounts',
    'ttl_s',
    'grace_s',
    'at_most',
    'priority',
    'preemptible',
    'preempt',
    'dry_run',
  ],
  settle: ['reservation', 'actual', 'actuals'],
  release: ['reservation'],
  extend: ['reservation', 'by_s'],
  freeze: ['tier', 'for_s'],
  unfreeze: ['tier'],
  resize: ['reservation', 'amount', 'amounts'],
  charge: ['tiers', 'amount', 'amounts'],
  top_up: ['tier', 'amount', 'for_s'],
  transfer: ['from', 'to', 'amount'],
  reset: ['tier'],
  tick: ['seconds'],
  clock: ['at_s'],
  parallel: ['ops'],
};

/** What may be expected of a step's answer. */
const ANSWER_KEYS: readonly string[] = [
  'step',
  'note',
  'result',
  'reason',
  'tier',
  'replayed',
  'charged',
  'overrun',
  'released',
  'reserved',
  'preempted',
  'remaining_s',
  'expires_at_s',
  'now',
  'outcomes',
  'outcomes_any',
  'at_most',
];

/** What may be expected of a tier. */
const TIER_KEYS: readonly string[] = [
  'held',
  'spent',
  'remaining',
  'limit',
  'blocked',
  'debt',
  'past_spent',
  'frozen',
];

/** Whatever a record of tiers says that the adapter does not know. */
export function unknownWords(
  record: BudgetRecord,
  expectations: readonly Expectation[],
): Difference[] {
  return [
    ...record.operations.flatMap(unknownFields),
    ...expectations.flatMap((one) => ('after_step' in one ? unknownOfTiers(one) : unknownOf(one))),
  ];
}

function unknownFields(operation: Operation): Difference[] {
  const fields = FIELDS[operation.op];
  if (fields === undefined) return [notUnderstood('op', operation.op)];
  const own = Object.keys(operation)
    .filter((field) => !fields.includes(field) && !IGNORED.includes(field))
    .map((field) => notUnderstood(`field of ${operation.op}`, field));
  return [...own, ...(operation.ops ?? []).flatMap(unknownFields)];
}

function unknownOf(expectation: Expectation): Difference[] {
  return Object.keys(expectation)
    .filter((key) => !ANSWER_KEYS.includes(key))
    .map((key) => notUnderstood(`step ${expectation.step} expects`, key));
}

function unknownOfTiers({ after_step: step, tiers = {} }: Expectation): Difference[] {
  return Object.values(tiers)
    .flatMap((tier) => Object.keys(tier))
    .filter((key) => !TIER_KEYS.includes(key))
    .map((key) => notUnderstood(`after step ${step} a tier has`, key));
}
