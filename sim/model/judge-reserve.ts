import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { termsOf } from './ask-terms.ts';
import type { Bench } from './bench.ts';
import { pathRoom } from './books.ts';
import type { Place } from './line.ts';
import { mayDraw, needsAt, targetOf } from './reserves.ts';
import type { State } from './state.ts';

/** S §4: a reserve follows its limit and policy, down at once, up as far as there is room. */
export function judgeReserveChanged({
  state,
  event,
  find,
}: Bench<EventOf<'ReserveChanged'>>): void {
  const { path, resource, target, change, left } = event;
  const node = state.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account === undefined) return find('INV-20', 'no such account', path);
  const meant = targetOf(state, node, resource);
  if (target !== meant) find('INV-20', `is to be ${target}, not ${meant}`, path);
  if (left !== account.reserved + change) find('INV-20', `${left} are told to be left`, path);
  const missing = meant - account.reserved;
  const due = missing > 0 ? Math.min(missing, pathRoom(state.nodes, path, resource)) : missing;
  if (change !== due) find('INV-20', `changes by ${change}, not ${due}`, path);
}

/** S §4 and §7, row 5: who draws may, what is drawn is there, and is what is lacking and no more. */
export function judgeReserveDraw({
  state,
  event,
  find,
}: Bench<EventOf<'AllocationGranted'>>): void {
  const { reserve, ask, items, priority, id } = event;
  if (reserve === undefined) return;
  const { path, drawn } = reserve;
  const swarm = state.nodes.get(path);
  if (swarm?.tier !== 'swarm' || !isWithin(ask.path, path)) {
    return find('INV-20', `draws from ${path}`, id);
  }
  if (!mayDraw(state, path, priority, Object.keys(items))) find('INV-20', 'it may not draw', id);
  const { want } = termsOf(ask, state);
  const isPart = Object.entries(want).some(([resource, all]) => (items[resource] ?? 0) < all);
  if (isPart) find('S §7', 'a part is drawn', id);
  const asked = needsAt(state, ask.path, items, path);
  for (const [resource, amount] of Object.entries(drawn)) {
    const left = swarm.accounts.get(resource)?.reserved ?? 0;
    if (amount > left) find('INV-20', `${amount} ${resource} drawn, ${left} are left`, id);
    const need = asked.get(resource) ?? 0;
    const lacking = need - pathRoom(state.nodes, path, resource);
    if (amount < Math.max(1, lacking) || amount > need) {
      find('INV-20', `${amount} ${resource} drawn, ${lacking} of ${need} are lacking`, id);
    }
  }
}

/** Whether a grant takes nothing of what those wait for who stand before it at a place. */
export function passesBy(
  state: State,
  { reserve, ask, items }: EventOf<'AllocationGranted'>,
  { path, resource }: Place,
): boolean {
  if (reserve === undefined || !isWithin(reserve.path, path)) return false;
  return reserve.drawn[resource] === needsAt(state, ask.path, items, reserve.path).get(resource);
}

/** Every reserve is as full as it can be, once a decision with all that follows is over. */
export function judgeReserves(state: State, find: Bench['find']): void {
  for (const node of state.nodes.values()) {
    if (node.tier !== 'swarm' || node.isClosing) continue;
    for (const [resource, { reserved, reserveTarget }] of node.accounts) {
      const meant = targetOf(state, node, resource);
      if (reserveTarget !== meant) find('INV-20', `is to be ${meant} ${resource}`, node.path);
      if (reserved >= meant || pathRoom(state.nodes, node.path, resource) === 0) continue;
      find('INV-20', `${reserved} ${resource} of ${meant} are kept, and there is room`, node.path);
    }
  }
}
