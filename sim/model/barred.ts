import { depthOf, parentPathOf } from '../../events/names.ts';
import type { DenialReason } from '../../events/reasons.ts';
import { nearest, parentOf } from './books.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';

/** Every reason for which a path admits nothing of a priority now, whatever its room. */
export function barsOf(state: State, path: string, priority: number): Set<DenialReason> {
  const bars = new Set<DenialReason>();
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    if (node.freezes.size > 0) bars.add('frozen');
    if (node.isClosing) bars.add('closing');
    for (const { below } of node.stops.values()) {
      if (below === null || priority < below) bars.add('stopped');
    }
  }
  for (const reason of missingOf(state, path).reasons) bars.add(reason);
  return bars;
}

/** Whether a node or one of its ancestors is frozen. */
export function isFrozen(state: State, path: string): boolean {
  return someAbove(state, path, (node) => node.freezes.size > 0);
}

export function isClosing(state: State, path: string): boolean {
  return someAbove(state, path, (node) => node.isClosing);
}

function someAbove(state: State, path: string, is: (node: ModelNode) => boolean): boolean {
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    if (is(node)) return true;
  }
  return false;
}

/** Nodes of a path that are not open. */
export interface Missing {
  /** What a request on the path opens, outermost first; empty where all is open. */
  readonly opens: { readonly path: string; readonly tier: 'run' | 'step' }[];
  /** Why it may not; empty where it may. */
  readonly reasons: DenialReason[];
}

/** S §5: a missing step, and a run where policy says so, is opened in the same decision. */
export function missingOf(state: State, path: string): Missing {
  const missing: string[] = [];
  let at: string | undefined = path;
  for (; at !== undefined && !state.nodes.has(at); at = parentPathOf(at)) missing.unshift(at);
  if (missing.length === 0) return { opens: [], reasons: [] };
  const parent = at === undefined ? undefined : state.nodes.get(at);
  if (parent === undefined) {
    return {
      opens: [],
      reasons: state.isTeamClosed ? ['node_closed', 'unknown_node'] : ['unknown_node'],
    };
  }
  const [outermost] = missing as [string, ...string[]];
  if (parent.closedNames.has(outermost)) {
    return { opens: [], reasons: ['node_closed', 'unknown_node'] };
  }
  const opens = missing.map((one, place) => ({
    path: one,
    tier: place === missing.length - 1 && depthOf(one) > 3 ? ('step' as const) : ('run' as const),
  }));
  return { opens, reasons: mayOpen(state, parent, opens) ? [] : ['unknown_node'] };
}

function mayOpen(state: State, parent: ModelNode, opens: Missing['opens']): boolean {
  if (parent.tier === 'step' || parent.tier === 'team') return false;
  switch (state.policy.autoOpen) {
    case 'none':
      return false;
    case 'steps':
      return opens.length === 1 && opens[0]?.tier === 'step';
    case 'runs':
      // One run, and a step in it: of runs that nest only the innermost could be meant.
      return opens.length === 1 || (opens.length === 2 && parent.tier === 'swarm');
  }
}
