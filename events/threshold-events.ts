import { z } from 'zod';
import { count, event } from './event-kit.ts';
import { NodePath, ResourceName } from './names.ts';
import { Threshold } from './window.ts';

/** Rungs of the emergency ladder, and thresholds of an account's own, that use has reached or left. */
export const THRESHOLD_EVENTS = [
  event('ThresholdCrossed', {
    path: NodePath,
    resource: ResourceName,
    kind: z.enum(['notice', 'warning', 'critical', 'exhausted']),
    /** Rung of the ladder, from 1. */
    rung: count,
    usePermille: count,
    limit: count,
  }),
  event('ThresholdRearmed', { path: NodePath, resource: ResourceName, rung: count }),
  /** A threshold of the account's own: of those reached, the one to be told. */
  event('AlertRaised', {
    path: NodePath,
    resource: ResourceName,
    threshold: Threshold,
    /** Its place in the list, from 0. */
    place: count,
    /** Spent and held, with descendants. */
    usage: count,
    limit: count.nullable(),
  }),
  /** None of the kind is reached any more, or a lower one is told from here on. */
  event('AlertCleared', {
    path: NodePath,
    resource: ResourceName,
    of: z.enum(['usage', 'balance']),
    /** The place that was told before. */
    place: count,
    /** The milder one that is reached still, and its kind. */
    still: count.optional(),
    stillKind: Threshold.shape.kind.unwrap().optional(),
  }),
] as const;
