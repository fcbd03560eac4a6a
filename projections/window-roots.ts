import type { EventOf } from '../events/events.ts';
import { isWithin, parentPathOf } from '../events/names.ts';

/** The accounts that define a window of their own, as `path|resource`. */
export type WindowRoots = Set<string>;

/** Notes the windows that a node's limits begin. */
export function noteRoots(roots: WindowRoots, event: EventOf<'NodeOpened' | 'LimitsSet'>): void {
  for (const resource of Object.keys(event.windows ?? {})) roots.add(`${event.path}|${resource}`);
}

/** A closed node has no window any more, nor has any beneath it. */
export function forgetRoots(roots: WindowRoots, path: string): void {
  for (const key of roots) {
    if (isWithin(key.slice(0, key.indexOf('|')), path)) roots.delete(key);
  }
}

/** Whether the account of a node shares the window that begins anew at `root`. */
export function sharesWindow(
  roots: WindowRoots,
  { path: root, resource }: EventOf<'WindowOpened'>,
  key: string,
): boolean {
  const [path = '', ofResource = ''] = key.split('|', 2);
  if (ofResource !== resource || !isWithin(path, root)) return false;
  for (let at: string | undefined = path; at !== undefined && at !== root; at = parentPathOf(at)) {
    if (roots.has(`${at}|${resource}`)) return false;
  }
  return true;
}
