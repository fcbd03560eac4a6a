import type { CommandOf } from '../../events/commands.ts';
import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import { fits, leavesRange, shortagesOf } from '../accounts/admission.ts';
import { strangeResource } from '../accounts/known-resource.ts';
import { typeIn } from '../accounts/registry.ts';
import { meetsQueue } from '../contests/contention.ts';
import { answered, type Context, type Decision, nameAt, recorded, stamp } from '../context.ts';
import { barrierOf } from '../nodes/locate.ts';
import { mayEndReservation } from '../rules/authority.ts';
import type { Team } from '../team.ts';
import { commandCause } from './decide-settle.ts';
import type { Reservation } from './reservation.ts';

/** Sets amounts aside on a node from now to the end of a period, as a request would hold them. */
export function decideReserve(team: Team, command: CommandOf<'reserve'>, ctx: Context): Decision {
  const { path, items, startInMs = 0, forMs, reason } = command;
  const node = team.nodes.get(path);
  if (node === undefined) return answered(refuse('unknown_node', `${path} is not open`));
  for (const resource in items) {
    const strange = strangeResource(team, resource);
    if (strange !== undefined) return answered(strange);
    if (typeIn(team.resources, resource)?.class === 'rate') {
      const message = `${resource} comes back by time alone: it cannot be set aside`;
      return answered(refuse('malformed', message, { field: 'items' }));
    }
  }
  // A reservation has no priority: any stop bars it.
  const barrier = barrierOf(node, -Infinity);
  if (barrier !== undefined) {
    const codes = { frozen: 'node_frozen', stopped: 'node_stopped' } as const;
    const code = codes[barrier.reason as keyof typeof codes] ?? 'node_closing';
    return answered(refuse(code, `${barrier.path} is ${barrier.reason}: nothing is set aside`));
  }
  const startsAtMs = ctx.atMs + startInMs;
  if (startsAtMs >= node.deadlineAtMs) {
    return answered(refuse('deadline_past', `${path} is closed by then: its deadline comes first`));
  }
  if (team.reservations.size >= LIMITS.reservationsMax) {
    const message = `${LIMITS.reservationsMax} reservations are the most (reservationsMax)`;
    return answered(refuse('overloaded', message));
  }
  if (leavesRange(node, items)) {
    return answered(refuse('amount_out_of_range', 'a sum would leave the range of 2^53'));
  }
  if (!fits(node, items) || meetsQueue(team, node, items)) {
    const [short] = shortagesOf(node, items);
    const why =
      short === undefined
        ? 'others wait for it'
        : `${short.path} has ${short.available} ${short.resource} of ${short.needed}`;
    return answered(refuse('does_not_fit', `no room on the path of ${path}: ${why}`));
  }
  return recorded({
    ...stamp('Reserved', team, ctx.atMs),
    ...commandCause(command, ctx),
    reservation: command.id ?? nameAt(team, 'w', ctx.at),
    path,
    items,
    startsAtMs,
    endsAtMs: Math.min(startsAtMs + forMs, node.deadlineAtMs),
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Gives free what a reservation still keeps; what was drawn from it stays with its holders. */
export function decideCancelReservation(
  team: Team,
  command: CommandOf<'cancelReservation'>,
  ctx: Context,
): Decision {
  const { reservation: id } = command;
  const reservation = team.reservations.get(id);
  if (reservation === undefined) {
    return answered(refuse('unknown_reservation', `no reservation ${id}, or it is over`));
  }
  if (!mayEndReservation(team, ctx.agent, reservation)) {
    return answered(refuse('not_permitted', `${id} was not reserved by ${ctx.agent}`));
  }
  const ended = endOfReservation(team, reservation, 'cancelled', ctx.atMs);
  return recorded({ ...ended, ...commandCause(command, ctx) });
}

/** The end of a reservation, whatever ends it. */
export function endOfReservation(
  team: Team,
  { id, left }: Reservation,
  as: EventOf<'ReservationEnded'>['as'],
  atMs: number,
): EventOf<'ReservationEnded'> {
  return { ...stamp('ReservationEnded', team, atMs), reservation: id, as, returned: left };
}
