import { depthOf, parentPathOf } from '../../events/names.ts';
import type { Priority } from '../../events/priority.ts';
import type { DenialReason } from '../../events/reasons.ts';
import type { Team, Tombstone } from '../team.ts';
import { phaseAfter } from './machines.ts';
import type { Node } from './node.ts';

/** Where a request lands: the node, or the deepest open one and what is opened beneath it. */
export interface Place {
  readonly anchor: Node;
  readonly opened: readonly { readonly path: string; readonly tier: 'run' | 'step' }[];
}

/** Finds the node of a request; a missing step or run is opened where policy says so. */
export function locate(team: Team, path: string): Place | DenialReason {
  const node = team.nodes.get(path);
  if (node !== undefined) return { anchor: node, opened: [] };
  const parentPath = parentPathOf(path);
  if (team.isClosed) return 'node_closed';
  if (parentPath === undefined) return 'unknown_node';
  const parent = team.nodes.get(parentPath);
  if (parent?.closedNames?.has(path.slice(parentPath.length + 1))) return 'node_closed';
  const { autoOpen } = team.policy;
  if (parent?.tier === 'run' && autoOpen !== 'none') {
    return { anchor: parent, opened: [{ path, tier: 'step' }] };
  }
  if (autoOpen !== 'runs') return 'unknown_node';
  if (parent?.tier === 'swarm') return { anchor: parent, opened: [{ path, tier: 'run' }] };
  const swarmPath = parentPathOf(parentPath);
  const swarm = swarmPath === undefined ? undefined : team.nodes.get(swarmPath);
  if (parent !== undefined || swarm?.tier !== 'swarm' || depthOf(path) !== 4) return 'unknown_node';
  if (swarm.closedNames?.has(parentPath.slice(swarm.path.length + 1))) return 'node_closed';
  return {
    anchor: swarm,
    opened: [
      { path: parentPath, tier: 'run' },
      { path, tier: 'step' },
    ],
  };
}

/** The deepest node of a path that is open, if any is. */
export function deepestOpen(team: Team, path: string): Node | undefined {
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    const node = team.nodes.get(at);
    if (node !== undefined) return node;
  }
  return undefined;
}

/**
 * Where the use of an ended allocation is booked: on its node, or on the nearest open one above,
 * into which that node was rolled up. Another opening of the same path is another node.
 */
export function bookedAt(team: Team, { path, openingNo }: Tombstone): Node | undefined {
  const node = deepestOpen(team, path);
  return node?.path === path && node.openingNo !== openingNo ? node.parent : node;
}

/** What bars a request on its path whatever the room: freeze, closing, stop. Else undefined. */
export function barrierOf(
  anchor: Node,
  priority: Priority,
): { readonly reason: DenialReason; readonly path: string } | undefined {
  for (let node: Node | undefined = anchor; node !== undefined; node = node.parent) {
    if (phaseAfter(node, 'granted') === undefined) {
      const reason =
        node.phase === 'frozen' ? 'frozen' : node.phase === 'closing' ? 'closing' : 'node_closed';
      return { reason, path: node.path };
    }
    for (const stop of node.stops?.values() ?? []) {
      if (stop.below === null || priority < stop.below)
        return { reason: 'stopped', path: node.path };
    }
  }
  return undefined;
}
