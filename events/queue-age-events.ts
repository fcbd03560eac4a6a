import { z } from 'zod';
import { count, event } from './event-kit.ts';
import { CommandId, NodePath, ResourceName } from './names.ts';
import { QUEUE_AGE_KINDS } from './queue-age-rules.ts';

/** The oldest request that stands in the queue for a capacity, how long, and how many do. */
export const OldestInQueue = z.object({
  request: z.string(),
  ageMs: z.number(),
  waiting: z.number(),
});

/** How long the oldest request stands in the queue for a capacity, where policy wants it told. */
export const QUEUE_AGE_EVENTS = [
  event('QueueAgeReached', {
    path: NodePath,
    resource: ResourceName,
    kind: z.enum(QUEUE_AGE_KINDS),
    /** The oldest in the queue, and how long it has stood there, ms. */
    request: CommandId,
    ageMs: count,
    /** How many stand in it. */
    waiting: count,
  }),
  /** The oldest of those who are left is clearly younger, or nobody is left. */
  event('QueueAgeCleared', {
    path: NodePath,
    resource: ResourceName,
    /** The milder kind that holds still. */
    still: z.enum(QUEUE_AGE_KINDS).optional(),
  }),
] as const;
