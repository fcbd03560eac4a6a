import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { isWithin, parentPathOf } from '../../events/names.ts';
import { expectedMs, priorityOf, termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { isSame } from './content.ts';
import { isBarredByBreaker, placesBehind } from './judge-breakers.ts';
import { levelBarOf } from './levels.ts';
import { rankedAt, waitingPlaces } from './line.ts';
import { isPartDue } from './part-due.ts';
import { askDue, judgePools } from './pools.ts';
import { asRanked, order, queueOf, type Ranked } from './rank.ts';
import type { State, Tombstone } from './state.ts';
import { withoutEarmark } from './tentative.ts';
import { isOver, judgeClaim } from './top-ups.ts';
import { passAt } from './turns.ts';

type Queued = Bench<EventOf<'RequestQueued'>>;

/** S §7: who waits is short somewhere or behind somebody, and waits at the right account. */
export function judgeQueued(bench: Queued): void {
  const { state, event, find } = bench;
  const { ask, id } = event;
  // A demand put back may be barred: it is denied in the same decision.
  const bars = event.after === undefined ? barsOf(state, ask.path, event.priority) : [];
  for (const bar of bars) {
    find('INV-9', `queued on ${ask.path}, which is ${bar}`, id);
  }
  if (event.after === 'partial') judgeClaim(bench);
  else if (event.after !== undefined) judgePutBack(bench);
  else {
    judgePools(bench);
    if (isBarredByBreaker(state, event)) find('S §7', 'a breaker denies it', id);
    if (event.queuedAtMs !== event.atMs) find('S §7', 'its queue time is not now', id);
    if ((ask.maxWaitMs ?? 0) <= 0) find('S §5', 'it would not wait', id);
    if (event.untilMs !== event.atMs + (ask.maxWaitMs ?? 0)) {
      find('S §5', `waits for ${event.untilMs - event.atMs} ms, not ${ask.maxWaitMs ?? 0}`, id);
    }
  }
  const ranked: Ranked = {
    ...asRanked(state, event, event.priority),
    queuedAtMs: event.queuedAtMs,
  };
  const { path, resource } = event.account;
  const self = rankedAt(state, path, resource, ranked);
  if (event.pass !== self.pass) find('S §7', `its turn is ${event.pass}, not ${self.pass}`, id);
  const level = levelBarOf(state, ask, event.priority);
  if (level === 'deny' && event.after === undefined) {
    find('X-03', 'queued, though its level denies it', id);
  }
  judgeAccount(state, event, self, find);
  const isHeld = level !== undefined || placesBehind(state, ask).length > 0;
  if (event.after === undefined && !isHeld && isPartDue(state, id, ask, self)) {
    find('S §7', 'it waits, though a part of it is due', id);
  }
  const ahead = queueOf(state, event.account.path, event.account.resource).filter(
    (other) => order(state.policy, other, self) < 0,
  ).length;
  if (event.position !== ahead + 1)
    find('S §7', `position ${event.position}, not ${ahead + 1}`, id);
}

function judgeAccount(
  state: State,
  event: EventOf<'RequestQueued'>,
  self: Ranked,
  find: Bench['find'],
): void {
  const { account } = event;
  const { want, rates } = termsOf(event.ask, state);
  if (
    !isWithin(event.ask.path, account.path) ||
    (want[account.resource] ?? rates[account.resource]) === undefined
  ) {
    find('S §7', `waits at ${account.path} ${account.resource}, which it does not ask`, event.id);
  }
  // A demand that is put back is looked at anew in the same decision, and moves where it belongs.
  if (event.after !== undefined) return;
  if (levelBarOf(state, event.ask, event.priority) !== undefined) {
    return judgeHeld(state, event, find);
  }
  const held = placesBehind(state, event.ask);
  const places = held.length > 0 ? held : waitingPlaces(state, event.id, event.ask, self);
  if (places.some((one) => isSame(one, account))) return;
  const where = `${account.path} ${account.resource}`;
  find('S §7', `waits at ${where}, not at one of ${JSON.stringify(places)}`, event.id);
}

/** Who is kept out of the line waits at the outermost of its limited accounts. */
function judgeHeld(state: State, event: EventOf<'RequestQueued'>, find: Bench['find']): void {
  const { path, resource } = event.account;
  const { want } = termsOf(event.ask, state);
  const isLimited = (at: string) =>
    Object.entries(want).some(
      ([name, amount]) => amount > 0 && state.nodes.get(at)?.accounts.get(name)?.limit != null,
    );
  if ((state.nodes.get(path)?.accounts.get(resource)?.limit ?? null) === null) {
    find('X-03', `waits at ${path} ${resource}, which has no limit`, event.id);
  }
  for (let at = parentPathOf(path); at !== undefined; at = parentPathOf(at)) {
    if (isLimited(at)) find('X-03', `waits at ${path}, and ${at} is further out`, event.id);
  }
}

/** A demand put back: what its predecessor left, in its name, at a queue time of its own. */
function judgePutBack({ state, event, find }: Queued): void {
  const { id, ask } = event;
  const grave = state.tombstones.get(event.of ?? id);
  if (grave === undefined)
    return find('S §7', `puts ${event.of ?? id} back, which did not end`, id);
  if (grave.agent !== event.by) find('S §7', `put back for ${event.by}, not ${grave.agent}`, id);
  if (grave.as !== event.after) find('S §7', `its predecessor ended ${grave.as}`, id);
  if (grave.priority !== event.priority) find('S §7', 'put back at another priority', id);
  if (priorityOf(ask) !== priorityOf(grave.ask)) find('S §7', 'it asks at another priority', id);
  if (expectedMs(ask) !== expectedMs(grave.ask)) find('S §7', 'it expects another time', id);
  if ((grave.ask.maxWaitMs ?? 0) <= 0) find('S §7', 'its predecessor would not wait', id);
  const deadlineAtMs = ask.deadlineMs === undefined ? null : event.atMs + ask.deadlineMs;
  if (deadlineAtMs !== deadlineThen(state, event, grave)) {
    find('S §7', 'its deadline is another than it should be', id);
  }
  const evictions = grave.evictions + (event.after === 'preempted' ? 1 : 0);
  if ((event.evictions ?? 0) !== evictions) {
    find('S §7', `evicted ${event.evictions ?? 0} times, not ${evictions}`, id);
  }
  if (event.untilMs !== event.atMs + (ask.maxWaitMs ?? 0)) find('S §7', 'another patience', id);
  judgeRemaining(state, event, find);
  if (event.after === 'preempted') {
    if (event.of === undefined || event.of === id) find('S §6.2', 'put back under its own id', id);
    const agedMs = event.atMs - state.policy.aging.intervalMs;
    if (event.queuedAtMs !== Math.max(0, agedMs)) find('S §7', 'not one aging step ahead', id);
  } else {
    if (event.attempt !== grave.attempt + 1) find('S §5', `attempt ${event.attempt}`, id);
    if (grave.attempt >= 2) find('S §5', 'unclaimed for the third time and requeued', id);
    if (event.queuedAtMs < event.atMs) find('S §5', 'no back-off', id);
  }
}

/** The deadline of a demand put back; policy may give an evicted one the time that it lost. */
function deadlineThen(
  { policy }: State,
  { after, atMs }: EventOf<'RequestQueued'>,
  { deadlineAtMs, grantedAtMs }: Tombstone,
): number | null {
  const isExtended = after === 'preempted' && policy.preemption.extendDeadline;
  if (deadlineAtMs === null || !isExtended) return deadlineAtMs;
  return Math.min(deadlineAtMs + atMs - grantedAtMs, atMs + LIMITS.deadlineMsMax);
}

/** What is asked again is what was asked, less what was used of consumables. */
function judgeRemaining(state: State, event: EventOf<'RequestQueued'>, find: Bench['find']): void {
  const grave = state.tombstones.get(event.of ?? event.id);
  if (grave === undefined) return;
  const before = termsOf(grave.ask, state);
  const now = termsOf(event.ask, state);
  for (const [resource, want] of Object.entries(before.whole)) {
    // What remains of the ask, or of the part of it that was granted; a level caps grants, not asks.
    const used = grave.booked[resource] ?? 0;
    const left = [want, grave.held[resource] ?? 0].map((most) => Math.max(0, most - used));
    const again = now.whole[resource] ?? 0;
    if (!left.includes(again)) {
      find('S §7', `${again} ${resource} asked again, ${left.join(' or ')} remain`, event.id);
    }
    // Beyond the ask it may have been resized: then it is as divisible as it was.
    const hasGrown = (now.least[resource] ?? 0) > (before.least[resource] ?? 0);
    if (hasGrown && again <= want) {
      find('S §7', `its least of ${resource} has grown`, event.id);
    }
  }
}

/** A request moves when the account that is short has become another one. */
export function judgeMoved({ state, event, find }: Bench<EventOf<'RequestMoved'>>): void {
  const waiting = state.waiting.get(event.request);
  if (waiting === undefined) return find('S §7', `${event.request} does not wait`, event.request);
  if (isSame(waiting.account, event.account)) find('S §7', 'it waits there already', waiting.id);
  const now = askDue(state, waiting);
  const held = placesBehind(state, now);
  const places = () => waitingPlaces(state, waiting.id, now, waiting);
  const accounts = held.length > 0 ? held : withoutEarmark(state, waiting, places);
  const turn = passAt(state, event.account, waiting.ask.path);
  if (event.pass !== turn) find('S §7', `its turn is ${event.pass}, not ${turn}`, waiting.id);
  if (!accounts.some((one) => isSame(one, event.account))) {
    find(
      'S §7',
      `moved to ${event.account.path}, not one of ${JSON.stringify(accounts)}`,
      waiting.id,
    );
  }
}

export function judgeCancelled({
  state,
  event,
  sent,
  find,
}: Bench<EventOf<'RequestCancelled'>>): void {
  const waiting = state.waiting.get(event.request) ?? state.approvals.get(event.request);
  if (waiting === undefined) return find('S §5', `${event.request} does not wait`, event.request);
  if (event.by === undefined && isOver(state, waiting.ask)) return;
  if (event.by !== waiting.agent && event.by !== 'operator' && !mayOperate(state, event.by)) {
    find('S §5', `${event.by} cancels what ${waiting.agent} asked`, event.request);
  }
  const commands = sent?.of('cancel', event.by, event.id);
  if (commands !== undefined && !commands.some(({ request }) => request === event.request)) {
    find('S §5', 'nobody cancelled it', event.request);
  }
}

/** Whether an agent has the operator role. */
export function mayOperate(state: State, agent: string | undefined): boolean {
  return agent === 'operator' || state.credentials.get(agent ?? '')?.role === 'operator';
}
