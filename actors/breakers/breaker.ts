import type { BreakerCounted, BreakerMode, BreakerRule } from '../../events/breaker-rules.ts';
import { parentPathOf } from '../../events/names.ts';
import { matchesPattern } from '../rules/pattern.ts';
import { accountKey, type Team } from '../team.ts';
import type { BreakerPhase } from './breaker-machine.ts';

/** Something that went wrong with a resource. */
export interface Counted {
  readonly atMs: number;
  readonly kind: BreakerCounted;
}

/** The circuit breaker of one resource on one node and all beneath it (I-10). */
export interface Breaker {
  readonly path: string;
  readonly resource: string;
  phase: BreakerPhase;
  /** While it is closed: what was counted, oldest first; as many as any rule may want. */
  counted: Counted[];
  /** While it is open: half-open then; null: until an operator closes it. */
  untilMs: number | null;
  /** How long its last opening was to last; null: no end was set. */
  openMs: number | null;
  /** Times it opened by itself since it was closed. */
  openings: number;
  /** While it is half-open: live allocations that try it, those that went well, one that did not. */
  readonly probes: Set<string>;
  succeeded: number;
  hasFailed: boolean;
}

/** The rule for a resource on a node: the first of the policy that names both. */
export function breakerRuleAt(team: Team, path: string, resource: string): BreakerRule | undefined {
  return team.policy.breakers.find(
    (rule) => (rule.path ?? team.name) === path && matchesPattern(resource, rule.resource),
  );
}

/** What becomes of requests while it is open. Without a rule an operator has opened it: denied. */
export function modeOf(team: Team, { path, resource }: Breaker): BreakerMode {
  return breakerRuleAt(team, path, resource)?.mode ?? 'deny';
}

/** How many more allocations may try it now. */
export function probeRoomOf(team: Team, breaker: Breaker): number {
  if (breaker.phase !== 'halfOpen' || breaker.hasFailed) return 0;
  return probesWanted(team, breaker) - breaker.succeeded - breaker.probes.size;
}

/** Probes that must go well before it closes. */
export function probesWanted(team: Team, { path, resource }: Breaker): number {
  return breakerRuleAt(team, path, resource)?.probes ?? 1;
}

/** What a rule counts within its time, up to an instant: exact, an entry at its edge is out. */
export function countedBy(
  { counts, windowMs }: BreakerRule,
  { counted }: Breaker,
  atMs: number,
): Readonly<Record<BreakerCounted, number>> {
  const found = { failure: 0, unresolved: 0 };
  for (const one of counted) {
    if (one.atMs > atMs - windowMs && counts.includes(one.kind)) found[one.kind] += 1;
  }
  return found;
}

/** Breakers that are not closed over some resources on a path, outermost first. O(depth × resources). */
export function trippedOver(team: Team, path: string, resources: Iterable<string>): Breaker[] {
  const found: Breaker[] = [];
  if (team.breakers.size === 0) return found;
  for (const resource of resources) {
    for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
      const breaker = team.breakers.get(accountKey(at, resource));
      if (breaker !== undefined && breaker.phase !== 'closed') found.push(breaker);
    }
  }
  return found.sort((a, b) => a.path.length - b.path.length);
}

/** When a breaker is tried again, ms from now; undefined where no time is set. */
export function retryAfterMsOf({ phase, untilMs }: Breaker, atMs: number): number | undefined {
  return phase === 'open' && untilMs !== null ? Math.max(0, untilMs - atMs) : undefined;
}
