import type { BursarEvent, EventOf } from '../../events/events.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import type { AlarmKind, ModelNode } from './nodes.ts';
import type { State } from './state.ts';

/** S §8: quick down to what the worst alarm leads to, slow up by one level after its dwell. */
export function judgeLevel({ state, event, find }: Bench<EventOf<'DegradationChanged'>>): void {
  const { path, from, to, cause, atMs } = event;
  const node = state.nodes.get(path);
  if (node === undefined || !isLevelled(node)) return find('X-03', `${path} has no level`, path);
  if (node.level !== from) find('X-03', `from level ${from}, it is at ${node.level}`, path);
  const called = calledFor(state, node);
  const rules = state.policy.degradation;
  if (to > from) {
    if (to !== called) find('X-03', `falls to ${to}, ${called} is called for`, path);
    return;
  }
  if (rules === null) {
    if (to !== 0 || cause !== 'policy') find('X-03', 'a level without a policy', path);
    return;
  }
  if (isLifted(state, node, called)) {
    if (to !== called) find('X-03', `lifted to ${to}, not to ${called}`, path);
    return;
  }
  if (to !== from - 1) find('X-03', `rises from ${from} to ${to} at once`, path);
  if (called >= from) find('X-03', `rises to ${to} while ${called} is called for`, path);
  if (atMs < (node.calmSinceMs ?? Number.POSITIVE_INFINITY) + rules.dwellMs) {
    find('X-03', 'it rises before its time', path);
  }
}

/** Takes what moves levels into the books: since when less is called for than is in force. */
export function foldLevel(state: State, event: BursarEvent): void {
  if (event.type === 'DegradationChanged') {
    const node = state.nodes.get(event.path);
    if (node !== undefined) {
      node.level = event.to;
      node.calmSinceMs = null;
    }
  }
  for (const node of state.nodes.values()) {
    if (node.level === 0) continue;
    if (calledFor(state, node) >= node.level) node.calmSinceMs = null;
    else node.calmSinceMs ??= event.atMs;
  }
}

/** Between two decisions no node stands above the level that is called for. */
export function judgeLevels(state: State, find: Bench['find']): void {
  const rules = state.policy.degradation;
  for (const node of state.nodes.values()) {
    if (rules === null && node.level > 0) find('X-03', 'a level without a policy', node.path);
    if (rules === null || !isLevelled(node)) continue;
    const called = calledFor(state, node);
    if (called > node.level) find('X-03', `level ${called} is called for`, node.path);
    if (isLifted(state, node, called))
      find('X-03', 'its stop is lifted, and not its level', node.path);
  }
}

/** When a node rises by one level; null: it does not. */
export function risesAtMs({ policy }: State, { calmSinceMs }: ModelNode): number | null {
  return policy.degradation === null || calmSinceMs === null
    ? null
    : calmSinceMs + policy.degradation.dwellMs;
}

function isLevelled({ tier }: ModelNode): boolean {
  return tier === 'team' || tier === 'swarm';
}

/** The level to which stops of everything and the alarms of a node lead. */
function calledFor({ policy }: State, node: ModelNode): number {
  const rules = policy.degradation;
  if (rules === null || !isLevelled(node)) return 0;
  if ([...node.stops.values()].some(({ below }) => below === null)) return 4;
  const kinds: AlarmKind[] = [];
  for (const [resource, { limit, rung, hasThresholds, told }] of node.accounts) {
    if (hasThresholds) kinds.push(...Object.values(told));
    else if (limit !== null && resourceTypeOf(resource, policy.resources)?.class === 'consumable') {
      kinds.push(...policy.ladder.slice(0, rung).map(({ kind }) => kind));
    }
  }
  return Math.max(0, ...kinds.map((kind) => rules.from[kind]));
}

/** What an operator has lifted is over at once, where no alarm leads to level 4. */
function isLifted({ policy }: State, node: ModelNode, called: number): boolean {
  if (policy.degradation === null || node.level !== 4 || called === 4) return false;
  return Object.values(policy.degradation.from).every((level) => level < 4);
}
