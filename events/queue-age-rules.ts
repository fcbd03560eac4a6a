import { z } from 'zod';
import { ResourcePattern } from './breaker-rules.ts';
import { LIMITS } from './limits.ts';

const bound = z.int().min(1).max(LIMITS.queueAgeMsMax).optional();

/**
 * How long somebody may stand in the queue for a capacity before it is told (semantics §8): of
 * capacities it says little how much is used, and much who waits for them. Of several rules the
 * first that matches a resource decides.
 */
const QueueAgeRule = z
  .strictObject({
    resource: ResourcePattern,
    /** Told once the oldest request of a queue has stood there for so long, ms. */
    noticeMs: bound,
    warningMs: bound,
    criticalMs: bound,
  })
  .refine((rule) => boundsOf(rule).length > 0, {
    message: 'needs noticeMs, warningMs or criticalMs',
  })
  .refine((rule) => isRising(boundsOf(rule).map(({ ms }) => ms)), {
    message: 'noticeMs, warningMs and criticalMs must rise',
  });

export const QueueAgeRules = z.array(QueueAgeRule).max(LIMITS.queueAgeRulesMax);

/** Kinds of alarm that the age of a queue raises, milder ones first. */
export const QUEUE_AGE_KINDS = ['notice', 'warning', 'critical'] as const;
export type QueueAgeKind = (typeof QUEUE_AGE_KINDS)[number];

/** The bounds that a rule has, milder ones first. */
export function boundsOf(
  rule: Partial<Record<`${QueueAgeKind}Ms`, number | undefined>>,
): { readonly kind: QueueAgeKind; readonly ms: number }[] {
  return QUEUE_AGE_KINDS.flatMap((kind) => {
    const ms = rule[`${kind}Ms`];
    return ms === undefined ? [] : [{ kind, ms }];
  });
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0));
}
