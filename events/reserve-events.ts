import { z } from 'zod';
import { count, event, level } from './event-kit.ts';
import { CommandId, NodePath, ResourceName } from './names.ts';
import { Amounts } from './resources.ts';

/** What a grant takes from the emergency reserve of its swarm. */
export const ReserveDraw = z.strictObject({ path: NodePath, drawn: Amounts });

/** Out of what was set aside before a grant takes some of its items. */
export const draws = {
  /** The reservation that is drawn from, and what of `items` is. */
  reservation: CommandId.optional(),
  drawn: Amounts.optional(),
  /** What of it comes out of the emergency reserve of its swarm. */
  reserve: ReserveDraw.optional(),
};

/** The emergency reserve of a swarm as it is set, filled and given up; a draw is told by its grant. */
export const RESERVE_EVENTS = [
  event('ReserveChanged', {
    path: NodePath,
    resource: ResourceName,
    /** What it is to be, by policy and the limit in force. */
    target: count,
    /** Added to what is in it, or given up; 0 where there is no room to fill it yet. */
    change: level,
    /** In it from now on. */
    left: count,
  }),
] as const;
