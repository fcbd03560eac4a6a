import type { ModelNode } from './nodes.ts';
import type { Live, State } from './state.ts';

/** S §5: an auto-opened step closes with its last allocation. */
export function stepCloses(state: State, ending: Live): boolean {
  const node = state.nodes.get(ending.path);
  if (node === undefined || !isIdleBut(state, node, ending.id)) return false;
  return true;
}

/** Whether an auto-opened step has nothing left that keeps it open, but one allocation. */
export function isIdleBut(state: State, node: ModelNode, ending: string | null): boolean {
  if (!node.isAutoOpened || node.tier !== 'step' || node.isClosing) return false;
  if (node.freezes.size > 0 || node.stops.size > 0) return false;
  for (const live of state.live.values()) {
    if (live.path === node.path && live.id !== ending) return false;
  }
  for (const waiting of state.waiting.values()) {
    const collects = Object.values(waiting.earmarked).some((amount) => amount > 0);
    if (collects && waiting.earmarkPath === node.path) return false;
  }
  for (const { path } of state.reservations.values()) if (path === node.path) return false;
  return true;
}
