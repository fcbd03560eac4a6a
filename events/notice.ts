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
  ]),
  team: z.string(),
  /** The request or allocation that it is about; of a stop, the stop. */
  id: z.string(),
  answer: Answer.optional(),
  /** Allocations concerned, of a stop or a preemption. */
  allocations: z.array(z.string()).optional(),
  graceMs: z.number().optional(),
  /** By how much a holder is asked to shrink within `graceMs`, by resource. */
  shrink: z.record(z.string(), z.number()).optional(),
  /** Node of a stop: `acknowledgeStop` names it. */
  path: z.string().optional(),
  /** A request that waits for an approver, told to those who may decide it. */
  approval: ApprovalView.optional(),
  /** Of a stop with too many allocations for one notice: which part this is, from 1. */
  part: z.object({ no: z.number(), of: z.number() }).optional(),
});
export type Notice = z.infer<typeof Notice>;
