import type { Share } from '../../events/division.ts';
import type { EventOf } from '../../events/events.ts';
import { accountOf, add, touch } from './books.ts';
import { setBase } from './fold-windows.ts';
import type { State } from './state.ts';

/** S §5: limits move from node to node; who could count on nothing lends as the giver does. */
export function transfer(state: State, event: EventOf<'Transferred'>): void {
  const [from, to] = [state.nodes.get(event.from), state.nodes.get(event.to)];
  if (from === undefined || to === undefined) return;
  from.isAutoOpened = false;
  to.isAutoOpened = false;
  for (const [resource, amount] of Object.entries(event.amounts)) {
    const giver = accountOf(state.nodes, from, resource);
    const taker = accountOf(state.nodes, to, resource);
    const moved = event.guarantees[resource] ?? 0;
    if (moved > 0 && taker.guarantee === 0) taker.lend = giver.lend;
    setBase(giver, (giver.base ?? 0) - amount);
    setBase(taker, (taker.base ?? 0) + amount);
    giver.guarantee -= moved;
    taker.guarantee += moved;
    touch(state.nodes, from, resource);
    touch(state.nodes, to, resource);
  }
}

/** T-08: every child has its share, which is its limit with what grants add, or its guarantee. */
export function distribute(state: State, event: EventOf<'Distributed'>): void {
  const { sets, atMs } = event;
  for (const { resource, shares } of event.divisions) {
    const named = new Map(shares.map((share) => [share.child, share]));
    if (event.why === 'rebalance') keepTheRest(state, event.path, resource, named);
    state.nodes.get(event.path)?.divided.set(resource, { sets, shares: named, atMs });
    for (const { child, is, lend } of shares) {
      const node = state.nodes.get(`${event.path}/${child}`);
      if (node === undefined) continue;
      node.isAutoOpened = false;
      const account = accountOf(state.nodes, node, resource);
      if (lend === null) account.lend = null;
      if (event.sets === 'guarantee') account.guarantee = is;
      else setBase(account, is - account.granted);
      touch(state.nodes, node, resource);
    }
  }
}

/** whom a move leaves out has before it what it has after it, and takes part again later. */
function keepTheRest(
  state: State,
  path: string,
  resource: string,
  named: Map<string, Share>,
): void {
  const last = state.nodes.get(path)?.divided.get(resource);
  for (const [name, share] of last?.shares ?? []) {
    const node = state.nodes.get(`${path}/${name}`);
    if (node === undefined || named.has(name)) continue;
    const { limit = null, guarantee = 0 } = node.accounts.get(resource) ?? {};
    named.set(name, { ...share, was: last?.sets === 'limit' ? limit : guarantee });
  }
}

/** S §4: set aside from the event to the end. */
export function reserve(state: State, event: EventOf<'Reserved'>): void {
  const { reservation: id, path, by = '', items, startsAtMs, endsAtMs } = event;
  const node = state.nodes.get(path);
  if (node !== undefined) node.isAutoOpened = false;
  state.reservations.set(id, { id, path, by, items, left: { ...items }, startsAtMs, endsAtMs });
  add(state.nodes, path, 'booked', items);
}

export function endReservation(state: State, event: EventOf<'ReservationEnded'>): void {
  const over = state.reservations.get(event.reservation);
  if (over === undefined) return;
  state.reservations.delete(over.id);
  add(state.nodes, over.path, 'booked', over.left, -1);
  for (const live of state.live.values()) {
    if (live.reservation !== over.id) continue;
    live.reservation = null;
    live.drawn = {};
  }
}

/** S §4: what a swarm keeps for emergencies. */
export function changeReserve(state: State, event: EventOf<'ReserveChanged'>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return;
  accountOf(state.nodes, node, event.resource).reserveTarget = event.target;
  add(state.nodes, event.path, 'reserved', { [event.resource]: event.change });
}

/** holders of a capacity are asked to shrink, until it is over. */
export function shed(state: State, event: EventOf<'ShrinkRequested' | 'SheddingEnded'>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return;
  const untilMs = event.type === 'ShrinkRequested' ? event.untilMs : null;
  accountOf(state.nodes, node, event.resource).shedUntilMs = untilMs;
}

/** Takes from what a reservation has left, or gives it back. */
export function changeLeft(
  state: State,
  id: string | null | undefined,
  amounts: Readonly<Record<string, number>>,
  sign: 1 | -1,
): void {
  const reservation = state.reservations.get(id ?? '');
  if (reservation === undefined) return;
  for (const [resource, amount] of Object.entries(amounts)) {
    reservation.left[resource] = (reservation.left[resource] ?? 0) + sign * amount;
  }
  add(state.nodes, reservation.path, 'booked', amounts, sign);
}
