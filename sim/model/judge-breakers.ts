import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Bench } from './bench.ts';
import {
  barring,
  breakerKey,
  countedOn,
  isDenied,
  pathsOver,
  probesOf,
  ruleNow,
  trippedOver,
} from './breakers.ts';
import { mishapsOf } from './fold-breakers.ts';
import { askDue } from './pools.ts';
import type { State, Waiting } from './state.ts';

/** S §9: it opens by what was counted, by a probe that failed, or because an operator said so. */
export function judgeBreakerOpened(bench: Bench<EventOf<'BreakerOpened'>>): void {
  const { state, event, sent, find } = bench;
  const { path, resource, why, atMs } = event;
  const key = breakerKey(path, resource);
  const before = state.breakers.tripped.get(key);
  if (!state.nodes.has(path)) find('S §9', `${path} is not open`, path);
  if (why === 'operator') {
    const isSent = sent?.of('openBreaker', event.by, event.id).some((command) => {
      const untilMs = command.forMs === undefined ? undefined : atMs + command.forMs;
      return command.path === path && command.resource === resource && untilMs === event.untilMs;
    });
    if (isSent === false) find('S §9', 'nobody opened it so', path);
    return;
  }
  if (event.by !== undefined) find('S §9', 'opens by itself, not by a command', path);
  const rule = ruleNow(state, path, resource);
  if (why === 'failures') {
    const { failure, unresolved } = countedOn(state, path, resource, atMs);
    if (before !== undefined) find('S §9', `${resource} is not served there already`, path);
    if (rule === undefined || failure + unresolved < rule.failures) {
      find('S §9', `opens after ${failure} failures and ${unresolved} conflicts`, path);
    }
    if (failure !== event.failures || unresolved !== event.unresolved) {
      find('S §9', `${failure} failures and ${unresolved} conflicts were counted`, path);
    }
  } else if (before?.hasFailed !== true) find('S §9', 'no probe of it has failed', path);
  const openings = state.breakers.openings.get(key) ?? 0;
  const most = rule === undefined ? before?.openMs : (rule.openMsMax ?? rule.openMs);
  const wished = rule === undefined ? before?.openMs : rule.openMs * 2 ** Math.min(openings, 40);
  const untilMs = atMs + Math.min(wished ?? 1, most ?? 1);
  if (event.untilMs !== untilMs) {
    find('S §9', `open for ${(event.untilMs ?? 0) - atMs} ms, not ${untilMs - atMs}`, path);
  }
}

export function judgeHalfOpened({ state, event, find }: Bench<EventOf<'BreakerHalfOpened'>>): void {
  const { path, resource, atMs } = event;
  const before = state.breakers.tripped.get(breakerKey(path, resource));
  if (before === undefined || before.isHalfOpen) find('S §9', `${resource} is not open`, path);
  if (before?.untilMs == null || atMs < before.untilMs) {
    find('INV-10', 'it is tried before its time', path);
  }
}

export function judgeBreakerClosed({
  state,
  event,
  sent,
  find,
}: Bench<EventOf<'BreakerClosed'>>): void {
  const { path, resource, why } = event;
  const before = state.breakers.tripped.get(breakerKey(path, resource));
  if (before === undefined) return find('S §9', `the breaker of ${resource} is closed`, path);
  if (why === 'operator') {
    const isSent = sent
      ?.of('closeBreaker', event.by, event.id)
      .some((command) => command.path === path && command.resource === resource);
    if (isSent === false) find('S §9', 'nobody closed it', path);
    return;
  }
  if (!before.isHalfOpen || before.hasFailed || before.wentWell < probesOf(state, before)) {
    find('S §9', `closes after ${before.wentWell} probes that went well`, path);
  }
}

/** INV-22: nothing is granted or grows beneath a breaker that bars it; a probe is called so. */
export function judgeProbe({ state, event, find }: Bench<EventOf<'AllocationGranted'>>): void {
  for (const { path, resource } of barring(state, event.ask)) {
    find('INV-22', `granted beneath the breaker of ${resource} on ${path}`, event.id);
  }
  const isProbe = trippedOver(state, event.ask).length > 0;
  if (isProbe !== (event.probe === true))
    find('S §9', 'it is no probe, or not called so', event.id);
}

/** INV-22: what grows tries nothing. */
export function judgeGrowth(
  { state, find }: Pick<Bench, 'state' | 'find'>,
  id: string,
  path: string,
  growth: Readonly<Record<string, number>>,
): void {
  const items = Object.fromEntries(Object.keys(growth).map((name) => [name, {}]));
  for (const { path: at, resource } of trippedOver(state, { path, items })) {
    find('INV-22', `grows beneath the breaker of ${resource} on ${at}`, id);
  }
}

/** S §7, row 1: whether a denial by a breaker is so. */
export function isBarredByBreaker(
  state: State,
  { ask: asked, id }: Pick<EventOf<'RequestDenied'>, 'ask' | 'id'>,
): boolean {
  const waiting = state.waiting.get(id);
  const ask = waiting === undefined ? asked : askDue(state, waiting);
  if (ask.topsUp !== undefined) return trippedOver(state, ask).length > 0;
  const mayWait = (ask.maxWaitMs ?? 0) > 0 && ask.reservationId === undefined;
  return isDenied(state, barring(state, ask), waiting !== undefined || mayWait);
}

/** The advice of a denial by a breaker is exact. */
export function judgeBreakerRetry({ state, event, find }: Bench<EventOf<'RequestDenied'>>): void {
  const { at, resource } = event.factors ?? {};
  const one = state.breakers.tripped.get(breakerKey(String(at), String(resource)));
  const untilMs = one?.isHalfOpen === false ? one.untilMs : null;
  const retryAfterMs = untilMs === null ? undefined : untilMs - event.atMs;
  if (event.retryAfterMs !== retryAfterMs) {
    find('I-10', `to be tried again in ${retryAfterMs} ms, not ${event.retryAfterMs}`, event.id);
  }
}

/** What has to follow at once from what an event says of a breaker. */
export function oweBreakers({ state, event, owe }: Bench): void {
  const mishaps = mishapsOf(state, event);
  for (const { path, resource } of mishaps) {
    for (const at of pathsOver(path)) {
      if (closes(event, at, path)) continue;
      if (state.breakers.tripped.has(breakerKey(at, resource))) continue;
      const rule = ruleNow(state, at, resource);
      const counted = countedOn(state, at, resource, event.atMs, mishaps);
      if (rule === undefined || counted.failure + counted.unresolved < rule.failures) continue;
      owe({
        rule: 'S §9',
        message: `the breaker of ${resource} on ${at} has not opened`,
        id: at,
        isPaidBy: (next) =>
          next.type === 'BreakerOpened' && next.path === at && next.resource === resource,
      });
    }
  }
  if (event.type === 'AllocationEnded' || event.type === 'UsageReported')
    oweProbes(state, event, owe);
}

function oweProbes(
  state: State,
  event: EventOf<'AllocationEnded' | 'UsageReported'>,
  owe: Bench['owe'],
): void {
  for (const one of state.breakers.tripped.values()) {
    const { path, resource } = one;
    if (!one.probes.has(event.allocation)) continue;
    const hasFailed = one.hasFailed || (event.failed ?? []).includes(resource);
    const wentWell = !hasFailed && event.type === 'AllocationEnded' && event.as === 'settled';
    const isEnough = wentWell && one.wentWell + 1 >= probesOf(state, one);
    const type = hasFailed ? 'BreakerOpened' : isEnough ? 'BreakerClosed' : undefined;
    if (type === undefined || closes(event, path, path)) continue;
    owe({
      rule: 'S §9',
      message: `a probe has ended and the breaker of ${resource} on ${path} is as it was`,
      id: path,
      isPaidBy: (next) => next.type === type && next.path === path && next.resource === resource,
    });
  }
}

/** Whether a node is gone with the event: the step that its last allocation closes. */
function closes(event: BursarEvent, at: string, path: string): boolean {
  return event.type === 'AllocationEnded' && event.closesStep === true && at === path;
}

/** Whether a waiting request should have been denied: an open breaker has taken its supply away. */
export function waitsInVain(state: State, waiting: Waiting): boolean {
  const ask = askDue(state, waiting);
  const tripped = ask.topsUp === undefined ? barring(state, ask) : trippedOver(state, ask);
  const open = tripped.filter(({ isHalfOpen }) => !isHalfOpen);
  return open.length > 0 && (ask.topsUp !== undefined || isDenied(state, open, true));
}

/** Where a request may wait that breakers bar; empty where none does. */
export function placesBehind(
  state: State,
  ask: Waiting['ask'],
): { readonly path: string; readonly resource: string }[] {
  return barring(state, ask)
    .filter(({ path }) => isWithin(ask.path, path))
    .map(({ path, resource }) => ({ path, resource }));
}
