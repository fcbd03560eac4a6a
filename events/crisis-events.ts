import { z } from 'zod';
import { LEVEL_MAX } from './degradation-rules.ts';
import { event } from './event-kit.ts';
import { NodePath, ResourceName } from './names.ts';

const Level = z.int().min(0).max(LEVEL_MAX);

/** How a team or swarm degrades and comes back. */
export const CRISIS_EVENTS = [
  event('DegradationChanged', {
    path: NodePath,
    from: Level,
    to: Level,
    /**
     * A rung of the ladder or a threshold of the account's own, a stop of all work, the end of one or
     * of the time without alarms, another policy.
     */
    cause: z.enum(['threshold', 'alert', 'stop', 'recovery', 'policy']),
    /** The resource whose alarm it was. */
    resource: ResourceName.optional(),
  }),
] as const;
