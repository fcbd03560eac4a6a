import { z } from 'zod';
import { count, event, time } from './event-kit.ts';
import { CommandId, NodePath, ResourceName } from './names.ts';

/** A capacity under pressure: who is asked to give what, and the end of it. */
export const SHED_EVENTS = [
  event('ShrinkRequested', {
    path: NodePath,
    resource: ResourceName,
    /** Held with descendants, of which limit, and how much of it is too much. */
    held: count,
    limit: count,
    excess: count,
    /** What is too much then is taken. */
    untilMs: time,
    /** Whoever holds no more than `by` is asked to end. */
    from: z.array(z.strictObject({ allocation: CommandId, by: count })),
  }),
  event('SheddingEnded', {
    path: NodePath,
    resource: ResourceName,
    held: count,
  }),
] as const;
