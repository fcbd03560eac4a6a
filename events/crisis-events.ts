import { z } from 'zod';
import { LEVEL_MAX } from './degradation-rules.ts';
import { count, event, time } from './event-kit.ts';
import { NodePath, ResourceName } from './names.ts';
import { RECOVERY_TIERS } from './recovery-rules.ts';
import { Amounts } from './resources.ts';

const Level = z.int().min(0).max(LEVEL_MAX);

/** What is given out beneath a node in one interval of its slow start. */
const interval = {
  path: NodePath,
  /** Its number, from 0. */
  place: count,
  /** Part of the room, thousandths, and the innermost tier that is let in. */
  permille: count,
  tier: z.enum(RECOVERY_TIERS),
  /** The room of the node's limited accounts, cut to that part. */
  allow: Amounts,
  /** When the next interval begins. */
  nextAtMs: time,
};

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
  event('RecoveryStarted', { ...interval, cause: z.enum(['lifted', 'unfrozen', 'top_up']) }),
  event('RecoveryAdvanced', interval),
  event('RecoveryCompleted', { path: NodePath, tookMs: count }),
] as const;
