import { z } from 'zod';
import { Threshold, Window, WindowSpan } from './window.ts';

/** A grant of an account as it stands. */
const GrantView = z.object({
  /** The id of its top-up. */
  id: z.string(),
  amount: z.number(),
  /** What of it may still be burnt; 0 before its start and after its end. */
  left: z.number(),
  priority: z.number(),
  startsAtMs: z.number(),
  /** Exclusive; null: never. */
  endsAtMs: z.number().nullable(),
  state: z.enum(['future', 'active', 'ended', 'voided']),
});
export type GrantView = z.infer<typeof GrantView>;

/** A stretch of an account's history in which no grant and no window changed. */
const Segment = z.object({
  fromMs: z.number(),
  /** Exclusive; null: it goes on. */
  toMs: z.number().nullable(),
  usage: z.number(),
  /** What is left of each grant at its end, and what was spent that nothing covers. */
  left: z.record(z.string(), z.number()),
  debt: z.number(),
});
export type Segment = z.infer<typeof Segment>;

/** One line of a balance. Amounts in the resource's unit. */
export const BalanceLine = z.object({
  resource: z.string(),
  unit: z.string(),
  class: z.string(),
  /** Own limit, null = none. */
  limit: z.number().nullable(),
  /** Tightest limit over the path. */
  effectiveLimit: z.number().nullable(),
  guarantee: z.number(),
  held: z.number(),
  spent: z.number(),
  /** With all descendants, closed ones too. */
  heldTree: z.number(),
  spentTree: z.number(),
  earmarked: z.number(),
  committed: z.number(),
  /** Own room, clamped at 0; null = unbounded. */
  available: z.number().nullable(),
  /** Room over the whole path; null = unbounded. */
  effectiveAvailable: z.number().nullable(),
  /** Committed above the limit. */
  short: z.boolean(),
  peakHeld: z.number(),
  // From here on an older writer says nothing.
  /** By how much it is short; 0 where it is not. */
  shortBy: z.number().optional(),
  /** Of the guarantee, what others may use while it is idle; null = all of it. */
  lend: z.number().nullable().optional(),
  /** Of the guarantee, what is not set aside now: others may use it until it is asked for. */
  lent: z.number().optional(),
  /** Committed above the guarantee, out of what the parent has for all. */
  borrowed: z.number().optional(),
  /** Set aside by reservations and not drawn. */
  booked: z.number().optional(),
  /** In the emergency reserve now, what it is to be, and what was drawn and not filled again. */
  reserved: z.number().optional(),
  reserveTarget: z.number().optional(),
  reserveDrawn: z.number().optional(),
  /** Ever spent with descendants, whatever the window. */
  spentTotal: z.number().optional(),
  /** Spent in the last window that ended; what settles late for it is added. */
  spentPast: z.number().optional(),
  /** Debt that came from earlier windows. */
  carried: z.number().optional(),
  /** Spent above what base limit and grants cover; the next grant pays it. */
  debt: z.number().optional(),
  /** What grants add to the limit. */
  granted: z.number().optional(),
  /** The window that the node itself defines. */
  window: Window.extend(WindowSpan.shape).optional(),
  /** In the order in which they burn; those that are over last. */
  grants: z.array(GrantView).optional(),
  thresholds: z.array(Threshold).optional(),
  /** How long what is left lasts at the rate at which it was last spent; where policy says so. */
  forecast: z
    .object({
      ratePerHour: z.number(),
      lastsMs: z.number(),
      earliestMs: z.number(),
      /** Null: perhaps for ever. */
      latestMs: z.number().nullable(),
    })
    .optional(),
  /** How long the oldest stands in the queue for it, and what was told of that; where policy says so. */
  queueAge: z.object({ ageMs: z.number(), told: z.string().nullable() }).optional(),
  /** Oldest first; where `history` was asked for. */
  history: z.array(Segment).optional(),
});
export type BalanceLine = z.infer<typeof BalanceLine>;
