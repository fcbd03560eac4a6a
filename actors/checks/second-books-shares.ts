import type { EventOf } from '../../events/events.ts';
import type { Node } from '../nodes/node.ts';
import type { Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';
import { checkAdmission } from './invariants-of-events.ts';
import { carry, checkNetGrowth } from './second-books.ts';
import { secondOf } from './second-books-events.ts';
import { setLimit } from './second-books-windows.ts';

/**
 * INV-9, INV-2 and INV-1 before a division: it is beneath nothing frozen or closing, as limits no
 * child gets less than it has committed, and the shares are no more than what was divided.
 */
export function checkDivision(team: Team, event: EventOf<'Distributed'>, at: Position): void {
  checkAdmission(team, event, event.path, null, at);
  for (const { resource, total, kept, shares } of event.divisions) {
    let sum = BigInt(kept);
    for (const { child, is } of shares) {
      const path = `${event.path}/${child}`;
      checkAdmission(team, event, path, null, at);
      sum += BigInt(is);
      const committed = team.nodes.get(path)?.accounts.get(resource)?.second.committed ?? 0;
      if (event.sets !== 'limit' || is >= committed) continue;
      const what = 'the share of a child';
      const place = { invariant: 'INV-2', path, resource, what } as const;
      breached(event, at, { ...place, expected: `${committed} at least`, found: is });
    }
    if (sum <= BigInt(total)) continue;
    const what = 'the sum of the shares';
    const place = { invariant: 'INV-1', path: event.path, resource, what } as const;
    breached(event, at, { ...place, expected: `${total} at most`, found: Number(sum) });
  }
}

/** Limits or guarantees as a division sets them; all children before any tier is compared. */
export function carryDivision(team: Team, event: EventOf<'Distributed'>, at: Position): void {
  const parent = team.nodes.get(event.path);
  if (parent === undefined) return;
  for (const { resource, shares } of event.divisions) {
    const tiers: [node: Node, before: number][] = [];
    for (let on: Node | undefined = parent; on !== undefined; on = on.parent) {
      tiers.push([on, on.accounts.get(resource)?.second.committed ?? 0]);
    }
    const children: Node[] = [];
    for (const { child, is, lend } of shares) {
      const node = team.nodes.get(`${event.path}/${child}`);
      if (node === undefined) continue;
      children.push(node);
      const second = secondOf(node, resource);
      if (event.sets === 'limit') second.base = is - second.granted;
      else second.guarantee = is;
      if (lend === null) second.lend = null;
      setLimit(second);
      carry(event, at, node, resource, 0, 0, 0, 0, false);
    }
    for (const [node, before] of tiers) checkNetGrowth(event, at, node, resource, before);
    for (const node of children) carry(event, at, node, resource, 0, 0, 0, 0);
  }
}
