import { admissionClassic, admissionFair } from './admission.ts';
import { capacity } from './capacity.ts';
import { dominantShares } from './dominant-share.ts';
import { lifecycle } from './lifecycle.ts';
import { policy } from './policy.ts';
import { preemptClassic } from './preempt-classic.ts';
import { preemptFair } from './preempt-fair.ts';
import { preemptGuarantee } from './preempt-guarantee.ts';
import type { SchedulingRecord } from './record.ts';
import { answerShares } from './shares.ts';
import { stability } from './stability.ts';

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
  'preempt-guarantee': preemptGuarantee,
};
