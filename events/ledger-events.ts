import { z } from 'zod';
import { cause, event, time } from './event-kit.ts';
import { CommandId, NodePath } from './names.ts';
import { Amounts } from './resources.ts';

/** Limits that move between nodes, and amounts that are set aside in advance. */
export const LEDGER_EVENTS = [
  event('Transferred', {
    ...cause,
    from: NodePath,
    to: NodePath,
    /** Moved from limit to limit. */
    amounts: Amounts,
    /** Moved from guarantee to guarantee. */
    guarantees: Amounts,
  }),
  event('Reserved', {
    ...cause,
    reservation: CommandId,
    path: NodePath,
    items: Amounts,
    startsAtMs: time,
    endsAtMs: time,
    reason: z.string().optional(),
  }),
  event('ReservationEnded', {
    ...cause,
    reservation: CommandId,
    as: z.enum(['over', 'cancelled', 'closed']),
    /** What had not been drawn is free again. */
    returned: Amounts,
  }),
] as const;
