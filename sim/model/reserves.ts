import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { Amounts } from '../../events/resources.ts';
import { add, type Need, needs } from './books.ts';
import { levelsOver } from './levels.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';

export type Draw = NonNullable<EventOf<'AllocationGranted'>['reserve']>;

/** S §4: what a swarm is to keep of a resource: by its own rule or the one for all, half at most. */
export function targetOf({ policy }: State, node: ModelNode, resource: string): number {
  const { reserves } = policy;
  const rule = reserves[`${node.path}|${resource}`] ?? reserves[resource];
  const limit = node.accounts.get(resource)?.limit ?? null;
  if (node.tier !== 'swarm' || rule === undefined || limit === null) return 0;
  const share =
    'amount' in rule ? rule.amount : Number((BigInt(limit) * BigInt(rule.permille)) / 1_000n);
  return Math.min(share, Math.floor(limit / 2));
}

/** S §8: emergencies draw, and what is critical where an asked resource is exhausted. */
export function mayDraw(
  state: State,
  swarm: string,
  priority: number,
  resources: readonly string[],
): boolean {
  if (priority >= ExecutionPriority.emergency) return true;
  if (priority < ExecutionPriority.critical) return false;
  const { nodes, policy } = state;
  if (policy.degradation !== null) {
    return levelsOver(state, swarm).some(({ rules }) => rules.reserve);
  }
  const rung = policy.ladder.findIndex(({ kind }) => kind === 'exhausted');
  const isExhausted = (path: string, resource: string) =>
    rung >= 0 && (nodes.get(path)?.accounts.get(resource)?.rung ?? 0) > rung;
  const tiers = [swarm, swarm.split('/', 1).join()];
  return tiers.some((path) => resources.some((resource) => isExhausted(path, resource)));
}

/** What an ask needs of its tiers beside what is drawn for it. */
export function needsBesideDraw(
  state: State,
  path: string,
  items: Amounts,
  draw: Draw | undefined,
): Need[] {
  if (draw === undefined) return needs(state.nodes, path, items);
  const atSwarm = needsAt(state, path, items, draw.path);
  return withDraw(state, draw, () =>
    needs(state.nodes, path, items).filter(
      ({ node, resource }) =>
        !isWithin(draw.path, node.path) || draw.drawn[resource] !== atSwarm.get(resource),
    ),
  );
}

/** What is asked of a swarm itself, by resource. */
export function needsAt(
  state: State,
  path: string,
  items: Amounts,
  swarm: string,
): ReadonlyMap<string, number> {
  const found = needs(state.nodes, path, items).filter(({ node }) => node.path === swarm);
  return new Map(found.map(({ resource, need }) => [resource, need]));
}

function withDraw<Result>(state: State, { path, drawn }: Draw, question: () => Result): Result {
  add(state.nodes, path, 'reserved', drawn, -1);
  try {
    return question();
  } finally {
    add(state.nodes, path, 'reserved', drawn);
  }
}
