import type { EventOf } from '../../events/events.ts';
import { isWithin, parentPathOf } from '../../events/names.ts';
import { barsOf, isClosing, isFrozen } from './barred.ts';
import type { Bench } from './bench.ts';
import { committed, fits } from './books.ts';
import { isSame, isSameAmounts } from './content.ts';

/** S §5: limits move between two open nodes of which neither lies above the other. */
export function judgeTransferred({
  state,
  event,
  sent,
  find,
}: Bench<EventOf<'Transferred'>>): void {
  const { from, to, amounts, guarantees } = event;
  const [giver, taker] = [state.nodes.get(from), state.nodes.get(to)];
  if (giver === undefined || taker === undefined) return find('S §5', 'a node is not open', from);
  if (isWithin(from, to) || isWithin(to, from)) find('S §5', `${from} and ${to} are one branch`);
  for (const path of [from, to]) {
    if (isFrozen(state, path)) find('INV-9', `moved beneath a freeze`, path);
    if (isClosing(state, path)) find('INV-9', `moved beneath a closing`, path);
  }
  for (const [resource, amount] of Object.entries(amounts)) {
    const limit = giver.accounts.get(resource)?.limit ?? null;
    if (limit === null) find('S §5', `${from} has no limit of ${resource}`, from);
    else if (amount > limit - committed(state.nodes, giver, resource) && amount > 0) {
      find('INV-2', `${from} is made short of ${resource}`, from);
    }
    if ((taker.accounts.get(resource)?.limit ?? null) === null) {
      find('S §5', `${to} has no limit of ${resource}`, to);
    }
    const moved = guarantees[resource] ?? 0;
    const idle =
      (giver.accounts.get(resource)?.guarantee ?? 0) - committed(state.nodes, giver, resource);
    if (moved > Math.min(amount, Math.max(0, idle))) {
      find('S §5', `${moved} ${resource} of the guarantee move, ${idle} are idle`, from);
    }
    if (moved > 0 && parentPathOf(from) !== parentPathOf(to)) {
      find('S §4', 'a guarantee leaves its parent', from);
    }
  }
  const isSent = sent
    ?.of('transfer', event.by, event.id)
    .some((one) => one.from === from && one.to === to && isSameAmounts(one.amounts, amounts));
  if (isSent === false) find('S §5', 'nobody transfers it so', from);
}

/** S §4 and §6.7: a reservation is admitted as a request is. */
export function judgeReserved({ state, event, sent, find }: Bench<EventOf<'Reserved'>>): void {
  const { reservation: id, path, items, startsAtMs, endsAtMs, atMs } = event;
  const node = state.nodes.get(path);
  if (node === undefined) return find('S §5', `${path} is not open`, path);
  if (state.reservations.has(id)) find('S §6.3', `${id} is reserved twice`, id);
  for (const bar of barsOf(state, path, Number.NEGATIVE_INFINITY)) {
    find('INV-9', `reserved on ${path}, which is ${bar}`, id);
  }
  if (!fits(state.nodes, path, items)) find('INV-2', 'it does not fit', id);
  const isSent = sent?.of('reserve', event.by, event.id).some((command) => {
    const from = atMs + (command.startInMs ?? 0);
    const until = Math.min(from + command.forMs, node.deadlineAtMs ?? Infinity);
    const isMeant = command.path === path && isSame(command.items, items);
    return isMeant && from === startsAtMs && until === endsAtMs;
  });
  if (isSent === false) find('S §5', 'nobody reserved it so', id);
}

export function judgeReservationEnded(bench: Bench<EventOf<'ReservationEnded'>>): void {
  const { state, event, sent, find } = bench;
  const over = state.reservations.get(event.reservation);
  if (over === undefined) return find('S §5', `${event.reservation} is no reservation`);
  const { id, path, endsAtMs, left } = over;
  if (!isSameAmounts(left, event.returned)) find('INV-1', 'another amount was left', id);
  if (event.as === 'over' && event.atMs < endsAtMs) find('INV-10', 'over before its end', id);
  if (event.as === 'closed' && !isClosing(state, path)) find('S §5', 'its node stays open', id);
  if (event.as !== 'cancelled') return;
  const isSent = sent
    ?.of('cancelReservation', event.by, event.id)
    .some(({ reservation }) => reservation === id);
  if (isSent === false) find('S §5', 'nobody cancelled it', id);
}
