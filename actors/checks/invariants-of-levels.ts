import type { BursarEvent } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Priority } from '../../events/priority.ts';
import type { Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';

/**
 * INV-19: nothing is granted, grown or collected of a priority beneath the one that the level of its
 * team or swarm admits. Looks at the policy and the levels, not at who decided. O(depth).
 */
export function checkLevel(
  team: Team,
  event: BursarEvent,
  path: string,
  priority: Priority,
  at: Position,
): void {
  const rules = team.policy.degradation;
  if (rules === null) return;
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const node = team.nodes.get(end === -1 ? path : path.slice(0, end));
    const level = node?.standing?.level ?? 0;
    const least = rules.levels[Math.min(level, rules.levels.length) - 1]?.admit ?? null;
    if (node !== undefined && least !== null && priority < least && isWithin(path, node.path)) {
      const what = `the priority that is admitted at level ${level}`;
      const place = { invariant: 'INV-19', path: node.path, what } as const;
      breached(event, at, { ...place, expected: `${least} at least`, found: priority });
    }
    if (end === -1) return;
  }
}
