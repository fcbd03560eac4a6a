import type { EventOf } from '../../events/events.ts';
import { type Amounts, resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { isSame, isSameAmounts } from './content.ts';
import { oweFreeze, oweQuarantine } from './owed.ts';
import type { Tombstone } from './state.ts';
import { isImplausible, plausibleMax, useOf } from './use.ts';

/** S §6.2: use after the end is accepted once, and books the difference. */
export function judgeLate(bench: Bench<EventOf<'LateSettled'>>): void {
  const { state, event, sent, find } = bench;
  const grave = state.tombstones.get(event.allocation);
  if (state.live.has(event.allocation)) find('S §6.2', 'it lives', event.allocation);
  if (grave === undefined) return find('S §6.2', 'there is no tombstone', event.allocation);
  if (grave.isSettled) find('INV-3', 'it was settled before', grave.id);
  if (event.path !== grave.liesAt) {
    find('S §6.2', `booked on ${event.path}; its use lies on ${grave.liesAt}`, grave.id);
  }
  oweFreeze(bench, grave.id, grave.liesAt, lateOverrun(event, grave));
  if (sent === null) return;
  const uses = sent
    .of('settle', event.by, event.id)
    .filter(({ allocation }) => allocation === grave.id)
    .map(({ actual }) => useOf(actual, grave.held, knownUse(grave)));
  const isRight = uses.some(({ booked, stated, isEstimated }) => {
    const { more, less } = difference(booked, grave);
    // Of nothing that changes, nobody asks whether it is an estimate; so it is of an end (judge-end.ts).
    const isNothing = Object.keys(more).length + Object.keys(less).length === 0;
    return (
      isSameAmounts(more, event.booked) &&
      isSameAmounts(less, event.returned) &&
      (isNothing || isEstimated === (event.estimated === true)) &&
      Object.entries(stated).every(([name, amount]) => !isImplausible(state, name, amount))
    );
  });
  if (!isRight) {
    const expected = uses.map(({ booked }) => difference(booked, grave));
    find(
      'S §6.2',
      `books ${JSON.stringify(event.booked)}, not ${JSON.stringify(expected)}`,
      grave.id,
    );
  }
}

/** What is booked above the hold, of resources of which something is added now. */
function lateOverrun({ booked }: EventOf<'LateSettled'>, grave: Tombstone): Amounts {
  const overrun: Record<string, number> = {};
  for (const [resource, more] of Object.entries(booked)) {
    const over = (grave.booked[resource] ?? 0) + more - (grave.held[resource] ?? 0);
    if (more > 0 && over > 0) overrun[resource] = over;
  }
  return overrun;
}

/** What is known of an ended allocation's use: an operator's word, else what was reported. */
function knownUse({ reported, booked, isAdjusted }: Tombstone): Amounts {
  return isAdjusted ? { ...reported, ...booked } : reported;
}

/** What is to be booked and given back so that the use becomes what is meant. */
function difference(meant: Amounts, { booked }: Tombstone): { more: Amounts; less: Amounts } {
  const more: Record<string, number> = {};
  const less: Record<string, number> = {};
  for (const resource of new Set([...Object.keys(meant), ...Object.keys(booked)])) {
    const change = (meant[resource] ?? 0) - (booked[resource] ?? 0);
    if (change > 0) more[resource] = change;
    if (change < 0) less[resource] = -change;
  }
  return { more, less };
}

/** S §6.5: an operator's correction of what an ended allocation has used. */
export function judgeAdjusted({ state, event, sent, find }: Bench<EventOf<'Adjusted'>>): void {
  const grave = state.tombstones.get(event.allocation);
  if (state.live.has(event.allocation)) find('S §6.5', 'it lives', event.allocation);
  if (grave === undefined) return find('S §6.5', 'there is no tombstone', event.allocation);
  if (event.path !== grave.liesAt) {
    find('S §6.5', `booked on ${event.path}; its use lies on ${grave.liesAt}`, grave.id);
  }
  if (sent === null) return;
  const isRight = sent
    .of('adjust', event.by, event.id)
    .filter(({ allocation }) => allocation === grave.id)
    .some(({ actual }) => {
      const { more, less } = difference({ ...grave.booked, ...actual }, grave);
      return isSameAmounts(more, event.more) && isSameAmounts(less, event.less);
    });
  if (!isRight) find('S §6.5', 'it does not come to what was meant', grave.id);
}

export function judgeCharged({ state, event, sent, find }: Bench<EventOf<'Charged'>>): void {
  if (!state.nodes.has(event.path)) find('S §5', `${event.path} is not open`, event.id);
  for (const resource of Object.keys(event.amounts)) {
    if (resourceTypeOf(resource)?.class !== 'consumable') {
      find('S §3', `${resource} cannot be charged`, event.id);
    }
  }
  const commands = sent?.of('charge', event.by, event.id);
  const isSo = commands?.some(
    ({ path, amounts, agoMs = 0 }) =>
      path === event.path &&
      isSame(amounts, event.amounts) &&
      (event.earlier ?? []).every(({ usedAtMs }) => usedAtMs === Math.max(0, event.atMs - agoMs)),
  );
  if (isSo === false) find('S §5', 'nobody charged that', event.id);
}

/** S §6.3: a settle that found nothing is final for its id; nothing of that name was there. */
export function judgeMissed({ state, event, sent, find }: Bench<EventOf<'SettleMissed'>>): void {
  const { allocation, id, by } = event;
  if (state.live.has(allocation)) find('S §6.3', 'it lives', allocation);
  if (state.tombstones.has(allocation)) find('S §6.3', 'there is a tombstone', allocation);
  const commands = sent?.of('settle', by, id);
  const isSo = commands?.some((command) => command.allocation === allocation);
  if (isSo === false) find('S §6.3', 'nobody wanted to settle that', id);
}

/** S §6.1: use is set apart as a whole, and what of it is implausible named with its bound. */
export function judgeQuarantined(bench: Bench<EventOf<'UsageQuarantined'>>): void {
  const { state, event, find } = bench;
  oweQuarantine(bench);
  // The writer sets apart by itself what no account can hold.
  if (event.by === undefined) return;
  for (const [resource, limit] of Object.entries(event.limit)) {
    const bound = plausibleMax(state, resource);
    const amount = event.amounts[resource] ?? 0;
    if (limit !== bound) find('S §6.1', `the bound of ${resource} is ${bound}`, event.id);
    if (amount <= limit) find('S §6.1', `${amount} ${resource} is plausible: ${limit}`, event.id);
  }
  if (Object.keys(event.limit).length === 0) find('S §6.1', 'nothing is implausible', event.id);
  for (const [resource, amount] of Object.entries(event.amounts)) {
    if (isImplausible(state, resource, amount) && event.limit[resource] === undefined) {
      find('S §6.1', `the bound of ${resource} is not told`, event.id);
    }
  }
}
