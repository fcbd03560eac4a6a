import type { DistributionSets } from '../../events/distribution.ts';
import type { Share } from '../../events/division.ts';
import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { addDue } from '../accounts/climb.ts';
import { type Node, nameOf } from '../nodes/node.ts';
import { fitsAny } from '../rules/tool-rules.ts';
import { accountKey, type Team } from '../team.ts';
import type { Timer } from '../timers.ts';

/** How a node has last divided a resource over its children. */
export interface Divided {
  readonly sets: DistributionSets;
  /** By name of the child, as it was recorded. */
  readonly shares: ReadonlyMap<string, Share>;
  readonly atMs: number;
  /** It is looked at in intervals from here: from its division, or from the policy set after it. */
  looksFromMs: number;
  /** When it is looked at again; null where policy does not want that. */
  timer: Timer | null;
}

/** Remembers a division, and when it is due to be looked at. */
export function noteDivided(team: Team, parent: Node, event: EventOf<'Distributed'>): void {
  parent.divided ??= new Map();
  for (const { resource, shares } of event.divisions) {
    const before = parent.divided.get(resource);
    if (before?.timer != null) team.timers.remove(before.timer);
    const named = new Map(shares.map((share) => [share.child, share]));
    if (event.why === 'rebalance' && before !== undefined) {
      for (const share of notMoved(parent, resource, before, named)) named.set(share.child, share);
    }
    parent.divided.set(resource, {
      sets: event.sets,
      shares: named,
      atMs: event.atMs,
      looksFromMs: event.atMs,
      timer: null,
    });
    schedule(team, parent, resource, event.atMs);
  }
}

/** Who could take no part in a move, because it is frozen: it keeps what it has, and its terms. */
function notMoved(
  parent: Node,
  resource: string,
  { sets, shares }: Divided,
  moved: ReadonlyMap<string, Share>,
): Share[] {
  return [...parent.children].flatMap((child) => {
    const share = shares.get(nameOf(child));
    if (share === undefined || moved.has(share.child)) return [];
    const account = child.accounts.get(resource);
    const had = sets === 'limit' ? (account?.limit ?? null) : (account?.guarantee ?? 0);
    return [{ ...share, was: had, is: had ?? share.is }];
  });
}

/** Under another policy every division is looked at when that says, or not any more. */
export function rescheduleDivided(team: Team, atMs: number): void {
  for (const node of team.nodes.values()) {
    for (const [resource, divided] of node.divided ?? []) {
      if (divided.timer !== null) team.timers.remove(divided.timer);
      divided.timer = null;
      divided.looksFromMs = atMs;
      schedule(team, node, resource, atMs);
    }
  }
}

/**
 * After a take-over: a look at which nothing moved is no event, so those up to the last event are
 * taken to be done. Those after it find what they would have found before.
 */
export function resumeLooks(team: Team, node: Node): void {
  for (const [resource, { timer }] of node.divided ?? []) {
    if (timer === null || timer.atMs > team.lastAtMs) continue;
    team.timers.remove(timer);
    schedule(team, node, resource, team.lastAtMs);
  }
}

/** Enters when a division is looked at next after an instant, where policy wants that. */
export function schedule(team: Team, parent: Node, resource: string, atMs: number): void {
  const divided = parent.divided?.get(resource);
  const rules = team.policy.rebalance;
  if (divided === undefined || rules === null || !fitsAny(rules.resources, resource)) return;
  if (rules.path !== undefined && !isWithin(parent.path, rules.path)) return;
  const key = accountKey(parent.path, resource);
  const sinceMs = atMs - divided.looksFromMs;
  const nextAtMs = atMs + rules.everyMs - (sinceMs % rules.everyMs);
  divided.timer = addDue(team, nextAtMs, 'rebalance', key);
}
