import { z } from 'zod';
import { cause, count, event, level, time } from './event-kit.ts';
import { CommandId, NodeName, NodePath } from './names.ts';

/** What bars or stops the work beneath a node, until it is lifted. */
export const EMERGENCY_EVENTS = [
  event('Frozen', {
    ...cause,
    path: NodePath,
    freeze: CommandId,
    untilMs: time.optional(),
    reason: z.string(),
  }),
  event('Unfrozen', {
    ...cause,
    path: NodePath,
    freeze: CommandId,
    /** Another freeze of the node is in force. */
    stillFrozen: z.literal(true).optional(),
  }),
  event('Stopped', {
    ...cause,
    path: NodePath,
    stop: CommandId,
    /** Base priorities below this are stopped; null: all. */
    below: level.nullable(),
    ackUntilMs: time,
    allocationCount: count,
    agentCount: count,
    reason: z.string(),
  }),
  event('StopAcknowledged', { ...cause, path: NodePath, stop: CommandId, agent: NodeName }),
  event('StopCompleted', { path: NodePath, stop: CommandId, fencedCount: count }),
  event('StopLifted', { ...cause, path: NodePath, stop: CommandId }),
] as const;
