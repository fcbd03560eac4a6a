import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { ExecutionPriority, type Priority } from '../../events/priority.ts';
import { deepestOpen } from '../nodes/locate.ts';
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

/**
 * INV-21: in an interval of a slow start no more is granted beneath a node than it allows. Neither
 * are emergencies counted, nor what was reserved, nor what was collected from victims. O(depth ×
 * resources).
 */
export function checkSlowStart(
  team: Team,
  event: EventOf<'AllocationGranted'>,
  at: Position,
): void {
  const { ask, items, priority, via } = event;
  if (team.policy.recovery === null || via === 'preemption') return;
  if (priority >= ExecutionPriority.emergency || ask.reservationId !== undefined) return;
  for (let node = deepestOpen(team, ask.path); node !== undefined; node = node.parent) {
    const recovery = node.standing?.recovery;
    for (const resource in recovery?.allow) {
      const allowed = recovery.allow[resource] as number;
      const found = (recovery.given[resource] ?? 0) + (items[resource] ?? 0);
      if (found <= allowed || items[resource] === 0) continue;
      const what = 'what this interval of a slow start gives out';
      const place = { invariant: 'INV-21', path: node.path, resource, what } as const;
      breached(event, at, { ...place, expected: `${allowed} at most`, found });
    }
  }
}
