import type { Bench } from './bench.ts';
import { committed } from './books.ts';
import { spentOwn } from './spent.ts';
import type { State } from './state.ts';

/** INV-4 and S §2: no sum is negative or leaves the range, after an event. */
export function judgeSums(state: State, find: Bench['find']): void {
  for (const node of state.nodes.values()) {
    for (const [resource, account] of node.accounts) {
      if (account.committed !== undefined) continue;
      const { held, earmarked, booked, reserved, reserveTarget } = account;
      const spent = spentOwn(state.nodes, node, resource);
      if (held < 0) find('INV-4', `${held} ${resource} are held`, node.path);
      if (spent < 0) find('INV-4', `${spent} ${resource} are spent`, node.path);
      if (booked < 0) find('INV-4', `${booked} ${resource} are reserved`, node.path);
      if (reserved < 0 || reserved > reserveTarget) {
        find('INV-20', `${reserved} ${resource} of ${reserveTarget} are reserved`, node.path);
      }
      if (earmarked < 0) find('INV-4', `${earmarked} ${resource} are set aside`, node.path);
      if (!Number.isSafeInteger(committed(state.nodes, node, resource))) {
        find('S §2', `${resource} leaves the range of integers`, node.path);
      }
    }
  }
}

/** Room of every account that is short, below 0, by path and resource. */
export function shortAccounts(state: State): Map<string, number> {
  const short = new Map<string, number>();
  for (const node of state.nodes.values()) {
    for (const [resource, { limit }] of node.accounts) {
      if (limit === null) continue;
      const room = limit - committed(state.nodes, node, resource);
      if (room < 0) short.set(`${node.path} ${resource}`, room);
    }
  }
  return short;
}
