import { z } from 'zod';
import { cause, count, event, level, time } from './event-kit.ts';
import { LIMITS } from './limits.ts';
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
  /**
   * The verification of a stop: nothing that it concerned lives or waits any more. Without the
   * optional fields it was written before they were counted.
   */
  event('StopCompleted', {
    path: NodePath,
    stop: CommandId,
    fencedCount: count,
    /** As in `Stopped`: how many had to end, and of how many agents they were. */
    allocationCount: count.optional(),
    agentCount: count.optional(),
    /** Of these agents, those that acknowledged up to here. */
    acknowledgedCount: count.optional(),
    /** The others, and those of whom something was fenced: the first of them by name. */
    unacknowledged: z.array(NodeName).max(LIMITS.stopAgentsNamedMax).optional(),
    fencedAgents: z.array(NodeName).max(LIMITS.stopAgentsNamedMax).optional(),
  }),
  event('StopLifted', {
    ...cause,
    path: NodePath,
    stop: CommandId,
    /** What follows is a slow start. */
    slowStart: z.literal(true).optional(),
  }),
] as const;
