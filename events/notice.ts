import { z } from 'zod';
import { Answer } from './answers.ts';
import { ApprovalView } from './views.ts';

/** What a notice tells its agent; the outcome of something that was pending. */
export const Notice = z.object({
  subject: z.string(),
  kind: z.enum([
    'granted',
    'denied',
    'preempt',
    'preempted',
    'stop',
    'fenced',
    'unclaimed',
    'timed_out',
    'reclaimed',
    'shrink',
    'shrunk',
    'grown',
    'approval',
    'breaker-open',
    'breaker-closed',
  ]),
  team: z.string(),
  /** The request or allocation that it is about; of a stop, the stop; of a breaker, its resource. */
  id: z.string(),
  answer: Answer.optional(),
  /** Allocations concerned, of a stop or a preemption. */
  allocations: z.array(z.string()).optional(),
  graceMs: z.number().optional(),
  /** By how much a holder is asked to shrink within `graceMs`, by resource. */
  shrink: z.record(z.string(), z.number()).optional(),
  /** Node of a stop, which `acknowledgeStop` names; node of a breaker. */
  path: z.string().optional(),
  /** A request that waits for an approver, told to those who may decide it. */
  approval: ApprovalView.optional(),
  /** Of a breaker: until it is tried again; null: until it is closed. */
  retryInMs: z.number().nullable().optional(),
  /** Of a stop with too many allocations for one notice: which part this is, from 1. */
  part: z.object({ no: z.number(), of: z.number() }).optional(),
});
export type Notice = z.infer<typeof Notice>;
