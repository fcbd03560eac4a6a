import { strict as assert } from 'node:assert';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isSameMeter, type RateMeter } from '../../events/resources.ts';
import {
  type Account,
  limitOf,
  newAccount,
  type ResourceClimb,
  takeClimb,
} from '../accounts/account.ts';
import { newAlerts } from '../emergencies/alerts.ts';
import { RateGauge } from '../rates/rate-gauge.ts';
import { type Node, nameOf } from './node.ts';

/** What a recorded event is to a node: the alphabet of its machine (machines.ts). */
export type ChangeKind =
  | 'granted'
  | 'earmarked'
  | 'unearmarked'
  | 'ended'
  | 'booked'
  | 'renewed'
  | 'reported'
  | 'grown'
  | 'reserved'
  | 'unreserved'
  | 'replenished'
  | 'shrunk'
  | 'limited'
  | 'windowed'
  | 'childOpened'
  | 'childClosed'
  | 'frozen'
  | 'unfrozen'
  | 'thawed'
  | 'stopped'
  | 'stopLifted'
  | 'closing'
  | 'closed';

/**
 * A recorded event as one node receives it. The same object climbs from the node where it happens
 * to the root: each node takes its part and leaves the growth for the next.
 */
export interface NodeChange {
  readonly kind: ChangeKind;
  readonly event: BursarEvent;
  readonly climbs: readonly ResourceClimb[];
  /** Change of the number of live allocations. */
  readonly live: number;
  /** The node where it happens, not an ancestor of it. */
  isOwn: boolean;
}

/**
 * Applies a change to a node's books; its phase is the actor's business. Whether the sums are right
 * afterwards is held against the second books (second-books.ts).
 */
export function applyChange(node: Node, change: NodeChange): void {
  for (const climb of change.climbs) {
    takeClimb(accountOf(node, climb.resource), climb, change.isOwn);
  }
  if (change.event.type === 'AllocationGranted' && change.kind === 'granted') {
    countRates(node, change.event);
  }
  if (change.live !== 0) {
    node.liveTree += change.live;
    if (change.isOwn) node.liveOwn += change.live;
    assert(node.liveOwn >= 0 && node.liveTree >= node.liveOwn, 'live allocations are counted');
  }
  const isAboutChild = change.kind === 'childOpened' || change.kind === 'childClosed';
  if (change.isOwn && !isAboutChild) applyOwn(node, change.event);
}

/** What an event sets on the node itself, beside its accounts' sums. */
function applyOwn(node: Node, event: BursarEvent): void {
  switch (event.type) {
    case 'NodeOpened':
    case 'LimitsSet':
      // Somebody has plans for it: it does not close by itself any more.
      node.isAuto = false;
      node.weightMilli = event.weightMilli ?? node.weightMilli;
      for (const [resource, set] of Object.entries(event.limits ?? {})) {
        const { limit, overrunLimit, thresholds, per } = set;
        if (per !== undefined) {
          setRate(node, resource, per, limit ?? null, event.atMs);
          continue;
        }
        const account = accountOf(node, resource);
        if (overrunLimit !== undefined) account.overrunLimit = overrunLimit;
        if (limit !== undefined) setBase(account, limit);
        if (thresholds === undefined) continue;
        account.alerts = thresholds && newAlerts(thresholds);
        account.rung = 0;
      }
      return;
    case 'Transferred':
      node.isAuto = false;
      for (const [resource, amount] of Object.entries(event.amounts)) {
        const account = accountOf(node, resource);
        setBase(account, (account.base ?? 0) + (node.path === event.from ? -amount : amount));
      }
      return;
    case 'Distributed':
      return setShares(node, event);
    case 'Reserved':
      node.isAuto = false;
      return;
    case 'ToppedUp':
      node.isAuto = false;
      if (event.grant !== undefined) return;
      for (const [resource, amount] of Object.entries(event.amounts)) {
        const account = accountOf(node, resource);
        setBase(account, (account.base ?? 0) + amount);
      }
      return;
    case 'Frozen':
      node.freezes ??= new Map();
      node.freezes.set(event.freeze, {
        id: event.freeze,
        by: event.by ?? 'bursar',
        untilMs: event.untilMs ?? null,
        reason: event.reason,
      });
      return;
    case 'Unfrozen':
      node.freezes?.delete(event.freeze);
      return;
    case 'Stopped':
      node.stops ??= new Map();
      node.stops.set(event.stop, {
        id: event.stop,
        below: event.below,
        ackUntilMs: event.ackUntilMs,
        allocationCount: event.allocationCount,
        remainingCount: event.allocationCount,
        fencedCount: 0,
        isComplete: false,
        agents: new Set(),
        fencedAgents: new Set(),
        acknowledgedBy: new Set(),
      });
      return;
    case 'StopLifted':
      node.stops?.delete(event.stop);
      return;
    case 'NodeClosing':
      node.fenceAtMs = event.fenceAtMs ?? null;
      if (event.why === 'deadline') node.isOverdue = true;
      return;
    default:
      return;
  }
}

/** Counts what a grant takes of the rates that a node limits. */
function countRates({ rates }: Node, event: EventOf<'AllocationGranted'>): void {
  if (rates === undefined || event.rates === undefined) return;
  for (const resource in event.rates) {
    rates.get(resource)?.count(event.atMs, event.rates[resource] as number);
  }
}

/** Limits a rate, or no longer (null). What was counted stays counted where the meter is the same. */
function setRate(
  node: Node,
  resource: string,
  meter: RateMeter,
  limit: number | null,
  atMs: number,
): void {
  if (limit === null) {
    node.rates?.delete(resource);
    if (node.rates?.size === 0) node.rates = undefined;
    return;
  }
  node.rates ??= new Map();
  const before = node.rates.get(resource);
  if (before !== undefined && isSameMeter(before.meter, meter)) before.change(atMs, limit);
  else node.rates.set(resource, new RateGauge(meter, limit, atMs));
}

/** The child's limits as its parent has divided them; what grants add is part of a share. */
function setShares(node: Node, { sets, divisions }: EventOf<'Distributed'>): void {
  node.isAuto = false;
  if (sets === 'guarantee') return;
  const name = nameOf(node);
  for (const { resource, shares } of divisions) {
    const share = shares.find(({ child }) => child === name);
    if (share === undefined) continue;
    const account = accountOf(node, resource);
    setBase(account, share.is - account.granted);
  }
}

function setBase(account: Account, base: number | null): void {
  account.base = base;
  account.limit = limitOf(base, account.granted);
}

/** The account of a resource, made when it is first needed. */
export function accountOf(node: Node, resource: string): Account {
  let account = node.accounts.get(resource);
  if (account === undefined) {
    account = newAccount();
    node.accounts.set(resource, account);
  }
  return account;
}
