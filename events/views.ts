import { z } from 'zod';

const amounts = z.record(z.string(), z.number());

/** An advance reservation as `balance` shows it. Durations are from now, 0 once past. */
export const ReservationView = z.object({
  id: z.string(),
  path: z.string(),
  by: z.string(),
  /** Set aside at first, and what of it is not drawn now. */
  items: amounts,
  left: amounts,
  startsInMs: z.number(),
  endsInMs: z.number(),
});
export type ResourceReservation = z.infer<typeof ReservationView>;

/** A live allocation as `status` shows it. */
export const AllocationView = z.object({
  id: z.string(),
  path: z.string(),
  agent: z.string(),
  items: amounts,
  reported: amounts,
  priority: z.number(),
  state: z.string(),
  expiresInMs: z.number(),
});
export type ResourceAllocation = z.infer<typeof AllocationView>;
/** A waiting request as `queue` shows it. */
export const WaitingView = z.object({
  id: z.string(),
  path: z.string(),
  agent: z.string(),
  resource: z.string(),
  account: z.string(),
  position: z.number(),
  priority: z.number(),
  effectivePriority: z.number(),
  waitedMs: z.number(),
  timeoutInMs: z.number(),
  state: z.enum(['queued', 'preempting']),
  /** The allocation that grows by it, of a claim for the rest of a part. */
  topsUp: z.string().optional(),
});

/** A request that waits for an approver, as `queue` shows it. */
export const ApprovalView = z.object({
  id: z.string(),
  path: z.string(),
  agent: z.string(),
  resource: z.string(),
  requested: z.number(),
  above: z.number(),
  /** The rule that wants the approval. */
  rule: z.string(),
  priority: z.number(),
  waitedMs: z.number(),
  timeoutInMs: z.number(),
});
