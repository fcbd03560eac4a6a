import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { Amount } from './resources.ts';

const EVERY = /^(?:manual|[1-9]\d{0,3}(?:s|m|h|d|w|mo|y))$/;

/**
 * How often a window ends, as its node defines it for one resource. Descendants inherit it.
 * - `1d`, `1w`, `1mo`, `1y`: at the next local day, week, month (its first day) or year;
 *   `30d`, `2w`: so many local days after today; `6h`, `15m`, `30s`: at the multiples of
 *   that time since the local start of the day, and at that start.
 * - `manual`: never by itself, only by `resetWindow`.
 */
export const Window = z.strictObject({
  every: z.string().regex(EVERY, 'must be manual, or a number of s m h d w mo y, such as 1d'),
  /** IANA name of the zone in which days begin. */
  tz: z
    .string()
    .regex(/^[A-Za-z0-9_+/-]{1,64}$/, 'must be the IANA name of a zone')
    .default('UTC'),
  /** Local time at which a day begins; inside a gap of the zone: the first instant after it. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3])(:[0-5]\d){1,2}$/, 'must be HH:MM or HH:MM:SS')
    .default('00:00'),
  /** First day of a week. */
  weekStart: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']).default('mon'),
  /** Whether what was spent above the limit burdens the next window: a prepaid pot. */
  carryDebt: z.boolean().default(false),
});
export type Window = z.infer<typeof Window>;

/** A window in force: fixed instants of the ledger's clock. */
export const WindowSpan = z.strictObject({
  /** What was used from here on counts. 0: ever since the account exists. */
  startsAtMs: z.int().min(0),
  /** Exclusive; null: until somebody resets it. */
  endsAtMs: z.int().min(0).nullable(),
});
export type WindowSpan = z.infer<typeof WindowSpan>;

/**
 * A bound that is reported when use passes it or when less than it is left. Use is spent and
 * held with descendants; what is left is the limit less that. Without thresholds of its own a
 * consumable of team or swarm has the ladder of the policy.
 */
export const Threshold = z
  .strictObject({
    /** Use above so much. */
    usage: Amount.optional(),
    /** Use above so many percent of the limit; may be above 100. */
    usagePercent: z.int().min(1).max(100_000).optional(),
    /** Less than so much is left; 0: nothing is. */
    balance: Amount.optional(),
    /** How it is told: the kind of emergency. */
    kind: z.enum(['notice', 'warning', 'critical', 'exhausted']).default('notice'),
  })
  .refine(
    ({ usage, usagePercent, balance }) =>
      [usage, usagePercent, balance].filter((one) => one !== undefined).length === 1,
    { message: 'must have one of usage, usagePercent, balance' },
  );
export type Threshold = z.infer<typeof Threshold>;

/** The thresholds of an account; of several that are reached at once one is reported. */
export const Thresholds = z.array(Threshold).max(LIMITS.thresholdsPerAccountMax);

/** What a grant leaves to the next window: min(max, max(min, left)). Without one: nothing. */
const Rollover = z.strictObject({ min: Amount.default(0), max: Amount });

const ahead = z.int().min(-LIMITS.grantSpanMsMax).max(LIMITS.grantSpanMsMax);
const span = z.int().min(1).max(LIMITS.grantSpanMsMax);
const rank = z.int().min(0).max(255);

/**
 * A top-up with an end: its amount is burnt before the base limit, in the order of priority (lower
 * first), earlier end, earlier creation, id. Its id is that of the top-up.
 */
export const GrantTerms = z.strictObject({
  priority: rank.default(1),
  /** From now; negative for one that began before. */
  startInMs: ahead.default(0),
  /** How long it is good, from its start; the end is exclusive. Absent: for ever. */
  forMs: span.optional(),
  /** Set back to its full amount again and again; `anchorInMs` from now is one of the instants. */
  recurrence: z
    .strictObject({
      everyMs: z.int().min(LIMITS.grantEveryMsMin).max(LIMITS.grantSpanMsMax),
      anchorInMs: ahead.default(0),
    })
    .optional(),
  rollover: Rollover.optional(),
  /** What of it is left at the start, where that is less than the amount. */
  left: Amount.optional(),
});
export type GrantTerms = z.infer<typeof GrantTerms>;

/** A grant as it is recorded: terms with fixed instants. */
export const GrantRecord = z.strictObject({
  priority: rank,
  startsAtMs: z.int(),
  endsAtMs: z.int().nullable(),
  recurrence: z.strictObject({ everyMs: span, anchorMs: z.int() }).optional(),
  rollover: Rollover.optional(),
  left: Amount.optional(),
});
export type GrantRecord = z.infer<typeof GrantRecord>;
