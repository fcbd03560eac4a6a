import { admissionClassic, admissionFair } from './admission.ts';
import { answerBudget } from './budget.ts';
import { answerBundle } from './bundles.ts';
import { capacity } from './capacity.ts';
import { dominantShares } from './dominant-share.ts';
import { answerFilling } from './filling.ts';
import { answerHistory } from './history.ts';
import { lifecycle } from './lifecycle.ts';
import { answerOrder } from './orders.ts';
import { policy } from './policy.ts';
import { preemptClassic } from './preempt-classic.ts';
import { preemptFair } from './preempt-fair.ts';
import { preemptGuarantee } from './preempt-guarantee.ts';
import { answerQuotaCut } from './quota-cut.ts';
import type { SchedulingRecord } from './record.ts';
import { answerShares } from './shares.ts';
import { stability } from './stability.ts';
import { answerStride } from './stride.ts';
import { answerStarts } from './timeline.ts';
import { answerUsageOrder } from './usage.ts';

/**
 * What the resolver says of a record, under the names of the keys that are compared
 * (compared-keys.ts). A key that is missing here fails the records that expect it.
 */
export type Answers = Readonly<Record<string, unknown>>;

/** Translates a record, asks the resolver, and translates back. Never sorts, compares or adds. */
export type Family = (record: SchedulingRecord) => Answers;

/** The adapter of each `kind` of record. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  'admission-cycle-classic': admissionClassic,
  'admission-cycle-fair': admissionFair,
  capacity,
  'dominant-share': dominantShares,
  lifecycle,
  policy,
  'preempt-classic': preemptClassic,
  'preempt-fair': preemptFair,
  stability,
  share: answerShares,
  backfill: answerStarts,
  budget: answerBudget,
  drf: answerFilling,
  'gang-partial': answerBundle,
  'history-fair': answerHistory,
  order: answerOrder,
  'queue-fair': answerStride,
  'quota-shrink': answerQuotaCut,
  'usage-decay': answerUsageOrder,
  'preempt-guarantee': preemptGuarantee,
};
