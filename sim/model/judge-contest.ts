import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Bench } from './bench.ts';
import { queueOf } from './rank.ts';

/** S §7: contention is raised once per contest, where demand meets no supply or a queue. */
export function judgeContention({
  state,
  event,
  find,
}: Bench<EventOf<'ContentionDetected'>>): void {
  if (state.contests.has(event.contest))
    find('S §7', 'the contest was raised before', event.contest);
  for (const { path, resource } of state.contests.values()) {
    if (path === event.account.path && resource === event.account.resource) {
      find('S §7', `${path} ${resource} is contested already`, event.contest);
    }
  }
  const { path, resource } = event.account;
  const waiting = queueOf(state, path, resource);
  if (event.waitingCount !== waiting.length) {
    find('S §7', `${event.waitingCount} waiting told, ${waiting.length} wait`, event.contest);
  }
  const beneath = [...state.live.values()].filter((live) => isWithin(live.path, path));
  const holders = beneath.filter(({ items }) => (items[resource] ?? 0) > 0);
  if (event.liveCount < holders.length || event.liveCount > beneath.length) {
    find('S §7', `${event.liveCount} holders told, ${holders.length} hold`, event.contest);
  }
  for (const name of event.live) {
    if (!holders.some(({ id }) => id === name))
      find('S §7', `${name} holds nothing`, event.contest);
  }
  for (const name of event.waiting) {
    if (!waiting.some(({ id }) => id === name))
      find('S §7', `${name} does not wait`, event.contest);
  }
  if (event.requested <= event.available && waiting.length === 0) {
    find('S §7', 'there is no contention', event.contest);
  }
}

export function judgeStrategy({ state, event, find }: Bench<EventOf<'StrategySelected'>>): void {
  if (!state.contests.has(event.contest)) find('S §7', 'there is no such contest', event.contest);
}

export function judgeContestEnded({ state, event, find }: Bench<EventOf<'ContestEnded'>>): void {
  const account = state.contests.get(event.contest);
  if (account === undefined) return find('S §7', 'there is no such contest', event.contest);
  const left = queueOf(state, account.path, account.resource);
  if (left.length > 0) find('S §7', `${left.length} still wait in it`, event.contest);
}
