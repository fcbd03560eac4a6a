import type { LevelRules } from '../../events/degradation-rules.ts';
import { isWithin } from '../../events/names.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { missingOf } from './barred.ts';
import type { State, Waiting } from './state.ts';

/** A team or swarm above a path that is degraded, and what its level admits. */
interface InForce {
  readonly path: string;
  readonly level: number;
  readonly rules: LevelRules;
}

/** S §8: the levels in force on a path; on it the strictest of each holds. */
export function levelsOver({ policy, nodes }: State, path: string): InForce[] {
  const rules = policy.degradation;
  if (rules === null) return [];
  const found: InForce[] = [];
  for (const node of nodes.values()) {
    if (node.level === 0 || !isWithin(path, node.path)) continue;
    const vector = rules.levels[Math.min(node.level, rules.levels.length) - 1];
    if (vector !== undefined) found.push({ path: node.path, level: node.level, rules: vector });
  }
  return found;
}

/** What the levels in force do with an ask that they do not admit; undefined where they admit it. */
export function levelBarOf(
  state: State,
  ask: Pick<ResourceAllocationRequest, 'path' | 'items'>,
  priority: number,
): 'deny' | 'queue' | undefined {
  const bars = levelsOver(state, ask.path).filter(
    ({ rules: { admit, newRuns, toolsDenied } }) =>
      (admit !== null && priority < admit) ||
      (!newRuns && missingOf(state, ask.path).opens.some(({ tier }) => tier === 'run')) ||
      Object.keys(ask.items).some((resource) => isTool(resource, toolsDenied)),
  );
  if (bars.some(({ rules }) => rules.refused === 'deny')) return 'deny';
  return bars.length > 0 ? 'queue' : undefined;
}

/** What the levels in force do with whoever asks for a resource as a tool. */
export function toolRefusal(
  state: State,
  path: string,
  resource: string,
): 'deny' | 'queue' | undefined {
  const bars = levelsOver(state, path).filter(({ rules }) => isTool(resource, rules.toolsDenied));
  if (bars.some(({ rules }) => rules.refused === 'deny')) return 'deny';
  return bars.length > 0 ? 'queue' : undefined;
}

/** Most of a divisible item, thousandths. What is drawn from a reservation is not capped. */
export function capOf(state: State, path: string): number {
  return Math.min(
    1_000,
    ...levelsOver(state, path).map(({ rules }) => rules.partialPermilleMax ?? 1_000),
  );
}

/** Who waits out of the line: what a level lets wait, and claims for the rest while parts are capped. */
export function isKeptOut(state: State, { ask, priority, isPreempting }: Waiting): boolean {
  if (state.policy.degradation === null || isPreempting) return false;
  if (levelBarOf(state, ask, priority) === 'queue') return true;
  return ask.topsUp !== undefined && capOf(state, ask.path) < 1_000;
}

function isTool(resource: string, patterns: readonly string[]): boolean {
  const [, tool] = /^(?:rate\.tool\.|tool\.|slot\.)(.+)$/.exec(resource) ?? [];
  return (
    tool !== undefined &&
    patterns.some((pattern) => {
      const parts = pattern.split('*').map((part) => part.replace(/[.-]/g, '\\$&'));
      return new RegExp(`^${parts.join('.*')}$`).test(tool);
    })
  );
}

/** Amounts as an ask would name them. */
export function growthItems(amounts: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(amounts).map(([resource, amount]) => [resource, { amount }]),
  );
}
