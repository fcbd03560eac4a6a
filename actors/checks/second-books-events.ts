import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Node } from '../nodes/node.ts';
import type { Position, Team } from '../team.ts';
import { carry, checkNetGrowth, handUp, type SecondBooks } from './second-books.ts';
import { layEarlier, nowOf, setLimit } from './second-books-windows.ts';

/** Use that an event books, or takes back, on the node that it names. */
export function carryUse(
  team: Team,
  event: EventOf<'LateSettled' | 'Charged' | 'Adjusted'>,
  at: Position,
  more: Amounts,
  less: Amounts,
): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  const back = 'earlierReturned' in event ? event.earlierReturned : undefined;
  layEarlier(node, event.earlier, 1);
  layEarlier(node, back, -1);
  for (const resource in more) {
    const spent = nowOf(more, event.earlier, resource) - nowOf(less, back, resource);
    carry(event, at, node, resource, 0, spent, 0, spent);
  }
  for (const resource in less) {
    if (more[resource] !== undefined) continue;
    const spent = -nowOf(less, back, resource);
    carry(event, at, node, resource, 0, spent, 0, spent);
  }
}

/** What an event sets aside on a node for somebody who waits. */
export function carryEarmark(
  event: BursarEvent,
  at: Position,
  on: Node | undefined,
  amounts: Amounts,
): void {
  if (on === undefined) return;
  for (const resource in amounts) {
    secondOf(on, resource).earmarked += amounts[resource] as number;
    carry(event, at, on, resource, 0, 0, 0, 0);
  }
}

/** The last allocation of a step that a request opened: booked there, then handed up. */
export function carryEndOfStep(
  event: EventOf<'AllocationEnded'>,
  at: Position,
  step: Node,
  items: Amounts,
): void {
  const { booked, earlier } = event;
  layEarlier(step, earlier, 1);
  for (const [resource, { second }] of step.accounts) {
    const spent = nowOf(booked, earlier, resource);
    second.held -= items[resource] ?? 0;
    second.spent += spent;
    second.spentTree += spent;
  }
  const parent = step.parent as Node;
  handUp(event, at, step, parent);
  for (const resource of step.accounts.keys()) {
    const spent = nowOf(booked, earlier, resource);
    carry(event, at, parent, resource, 0, 0, -(items[resource] ?? 0), spent);
  }
}

/** Limits and guarantees as an event sets them. */
export function carryLimits(
  team: Team,
  event: EventOf<'NodeOpened' | 'LimitsSet'>,
  at: Position,
): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  for (const resource in event.limits) {
    const { limit, guarantee, lend, per } = event.limits[resource] ?? {};
    // A rate is in no account.
    if (per !== undefined) continue;
    const second = secondOf(node, resource);
    if (lend !== undefined) second.lend = lend;
    const window = event.windows?.[resource];
    if (limit !== undefined) second.base = limit;
    if (window !== undefined) second.sinceMs = window.startsAtMs;
    setLimit(second);
    if (guarantee !== undefined) second.guarantee = guarantee;
    carry(event, at, node, resource, 0, 0, 0, 0);
  }
}

/** Limits and guarantees that an event moves; both ends are in the books before any is compared. */
export function carryTransfer(team: Team, event: EventOf<'Transferred'>, at: Position): void {
  const from = team.nodes.get(event.from);
  const to = team.nodes.get(event.to);
  if (from === undefined || to === undefined) return;
  for (const resource in event.amounts) {
    const amount = event.amounts[resource] as number;
    const moved = event.guarantees[resource] ?? 0;
    const giver = secondOf(from, resource);
    const taker = secondOf(to, resource);
    giver.base = (giver.base ?? 0) - amount;
    taker.base = (taker.base ?? 0) + amount;
    setLimit(giver);
    setLimit(taker);
    if (moved > 0 && taker.guarantee === 0) taker.lend = giver.lend;
    giver.guarantee -= moved;
    taker.guarantee += moved;
    // Above siblings only both ends together grow: one of them alone would look like an admission.
    const shared = from.parent === to.parent ? from.parent : undefined;
    const before = shared?.accounts.get(resource)?.second.committed ?? 0;
    carry(event, at, from, resource, 0, 0, 0, 0, false);
    carry(event, at, to, resource, 0, 0, 0, 0, false);
    if (shared !== undefined) checkNetGrowth(event, at, shared, resource, before);
    carry(event, at, from, resource, 0, 0, 0, 0);
    carry(event, at, to, resource, 0, 0, 0, 0);
  }
}

/** What an event sets aside by a reservation, or gives free of it. */
export function carryBooked(
  event: BursarEvent,
  at: Position,
  on: Node | undefined,
  amounts: Amounts,
  sign: 1 | -1,
): void {
  if (on === undefined) return;
  for (const resource in amounts) {
    secondOf(on, resource).booked += sign * (amounts[resource] as number);
    carry(event, at, on, resource, 0, 0, 0, 0);
  }
}

/** What an event adds to limits. */
export function carryTopUp(team: Team, event: EventOf<'ToppedUp'>, at: Position): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  for (const resource in event.amounts) {
    const second = secondOf(node, resource);
    // What a grant adds is said by the event that counts it.
    if (event.grant === undefined) {
      second.base = (second.base ?? 0) + (event.amounts[resource] as number);
    }
    setLimit(second);
    carry(event, at, node, resource, 0, 0, 0, 0);
  }
}

/** The second books of an account that must be there. */
export function secondOf(node: Node, resource: string): SecondBooks {
  const account = node.accounts.get(resource);
  if (account === undefined) throw new TypeError(`${node.path} has an account of ${resource}`);
  return account.second;
}
