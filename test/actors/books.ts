import { strict as must } from 'node:assert';
import type { Account } from '../../actors/accounts/account.ts';
import type { Node } from '../../actors/nodes/node.ts';
import type { Team } from '../../actors/team.ts';
import type { BursarEvent } from '../../events/events.ts';

/** What an account should hold, counted from the live allocations and waiting requests. */
interface Counted {
  held: number;
  earmarked: number;
}

/**
 * INV-1 and INV-4: recounts every sum of every account from its parts and holds it against the
 * kept one. Shares no arithmetic with the walk that keeps them.
 */
export function checkBooks(team: Team): void {
  const own = new Map<string, Counted>();
  const at = (path: string, resource: string): Counted => {
    const key = `${path}|${resource}`;
    let counted = own.get(key);
    if (counted === undefined) {
      counted = { held: 0, earmarked: 0 };
      own.set(key, counted);
    }
    return counted;
  };
  const live = new Map<string, number>();
  for (const { node, items } of team.allocations.values()) {
    must.ok(team.nodes.get(node.path) === node, `${node.path} of a live allocation is open`);
    live.set(node.path, (live.get(node.path) ?? 0) + 1);
    for (const resource in items) at(node.path, resource).held += items[resource] ?? 0;
  }
  for (const { earmarkPath, earmarked } of team.waiting.values()) {
    for (const resource in earmarked) {
      at(earmarkPath, resource).earmarked += earmarked[resource] ?? 0;
    }
  }
  for (const key of own.keys()) {
    const path = key.slice(0, key.indexOf('|'));
    must.ok(team.nodes.has(path), `${path} is open: something is held there`);
  }
  const root = team.nodes.get(team.name);
  if (root !== undefined) checkNode(root, own, live);
}

function checkNode(node: Node, own: Map<string, Counted>, live: Map<string, number>): number {
  let liveTree = live.get(node.path) ?? 0;
  must.equal(node.liveOwn, liveTree, `live allocations of ${node.path}`);
  for (const child of node.children) liveTree += checkNode(child, own, live);
  must.equal(node.liveTree, liveTree, `live allocations beneath ${node.path}`);
  for (const [resource, account] of node.accounts) {
    const name = `${resource} of ${node.path}`;
    const counted = own.get(`${node.path}|${resource}`);
    must.equal(account.held, counted?.held ?? 0, `INV-4 held ${name}`);
    must.equal(account.earmarked, counted?.earmarked ?? 0, `earmarked ${name}`);
    must.ok(account.spent >= 0, `spent ${name} is ${account.spent}`);
    let booked = 0;
    for (const { left } of node.reservations ?? []) booked += left[resource] ?? 0;
    must.equal(account.booked, booked, `reserved and not drawn ${name}`);
    let committed = account.held + account.spent + account.earmarked + booked + account.carried;
    must.ok(account.reserved >= 0, `INV-20 reserved ${name}`);
    must.ok(account.reserved <= account.reserveTarget, `INV-20 reserve of ${name}`);
    committed += account.reserved;
    let heldTree = account.held;
    let spentTree = account.spent;
    for (const child of node.children) {
      const below: Account | undefined = child.accounts.get(resource);
      if (below === undefined) continue;
      const kept = below.lend === null ? 0 : Math.max(0, below.guarantee - below.lend);
      committed += Math.max(kept, below.committed - below.uncounted);
      heldTree += below.heldTree;
      spentTree += below.spentTree - (below.uncounted - below.carried);
    }
    must.equal(account.committed, committed, `INV-1 committed ${name}`);
    must.equal(account.heldTree, heldTree, `held with descendants, ${name}`);
    must.equal(account.spentTree, spentTree, `spent with descendants, ${name}`);
    must.ok(Number.isSafeInteger(account.committed), `committed ${name} is a safe integer`);
    must.ok(account.peakHeld >= account.heldTree, `peak ${name}`);
  }
  return liveTree;
}

/** Room by account: limit − committed. */
function roomOf(team: Team): Map<string, number> {
  const room = new Map<string, number>();
  for (const node of team.nodes.values()) {
    for (const [resource, { limit, committed }] of node.accounts) {
      room.set(`${node.path}|${resource}`, (limit ?? Number.POSITIVE_INFINITY) - committed);
    }
  }
  return room;
}

/** INV-2: no event but use and a cut of limits takes an account below zero, or further below. */
export class RoomWatch {
  readonly #team: Team;
  #before = new Map<string, number>();

  constructor(team: Team) {
    this.#team = team;
  }

  reset(): void {
    this.#before = roomOf(this.#team);
  }

  afterEvent(event: BursarEvent): void {
    const now = roomOf(this.#team);
    for (const [key, room] of now) {
      const before = this.#before.get(key) ?? Number.POSITIVE_INFINITY;
      if (room >= 0 || room >= before || mayOverdraw(event, key)) continue;
      throw new Error(`INV-2: ${event.type} takes ${key} from ${before} to ${room}`);
    }
    this.#before = now;
  }
}

function mayOverdraw(event: BursarEvent, key: string): boolean {
  switch (event.type) {
    case 'AllocationEnded':
    case 'LateSettled':
    case 'Charged':
    case 'Adjusted':
    // Guarantees are set aside anew, and what was burnt is no part of the limit any more.
    case 'WindowOpened':
    case 'GrantsCounted':
      return true;
    case 'LimitsSet':
      return key.startsWith(`${event.path}|`);
    case 'NodeOpened':
      return false;
    default:
      return false;
  }
}
