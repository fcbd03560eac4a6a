import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { treeSum } from './books.ts';

/** who holds too much of a capacity under pressure is asked for it, and has time for that. */
export function judgeShrink({ state, event, find }: Bench<EventOf<'ShrinkRequested'>>): void {
  const { path, resource, atMs } = event;
  const node = state.nodes.get(path);
  const account = node?.accounts.get(resource);
  const rule = state.policy.shedding[resource];
  const limit = account?.limit ?? null;
  if (node === undefined || account === undefined || rule === undefined || limit === null) {
    return find('R-12', `sheds no ${resource}`, path);
  }
  const type = resourceTypeOf(resource, state.policy.resources);
  if (node.tier !== 'swarm' && node.tier !== 'run') find('R-12', `sheds of a ${node.tier}`, path);
  if (type?.class !== 'capacity' || type.exclusive) find('R-12', `${resource} is not shed`, path);
  if (account.shedUntilMs !== null) find('R-12', 'they are asked already', path);
  const held = treeSum(state.nodes, node, resource, 'held');
  if (held * 1_000 < limit * rule.onPermille) find('R-12', `no pressure at ${held}`, path);
  const excess = held - Math.floor((limit * rule.offPermille) / 1_000);
  const told = [event.held, event.limit, event.excess, event.untilMs];
  const meant = [held, limit, excess, atMs + rule.graceMs];
  if (told.join() !== meant.join()) find('R-12', `tells ${told}, not ${meant}`, path);
  if (event.from.length === 0) find('R-12', 'nobody is asked', path);
  for (const { allocation, by } of event.from) {
    const live = state.live.get(allocation);
    const holds = live?.items[resource] ?? 0;
    if (live === undefined || !isWithin(live.path, path)) find('R-12', 'no holder', allocation);
    else if (live.ask.preemptible === false) find('R-12', 'it may not be taken', allocation);
    if (by < 1 || by > holds) find('R-12', `${by} of ${holds} are asked of it`, allocation);
  }
}

/** what is too much is taken when the time to shrink is over, and not before. */
export function judgeSheddingEnded({ state, event, find }: Bench<EventOf<'SheddingEnded'>>): void {
  const { path, resource, atMs, held } = event;
  const node = state.nodes.get(path);
  const untilMs = node?.accounts.get(resource)?.shedUntilMs ?? null;
  if (node === undefined || untilMs === null) return find('R-12', 'nobody was asked', path);
  if (atMs < untilMs) find('INV-10', 'their time is not over', path);
  const is = treeSum(state.nodes, node, resource, 'held');
  if (held !== is) find('R-12', `${held} are told to be held, not ${is}`, path);
}
