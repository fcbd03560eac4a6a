import type { Shortage } from '../../events/events.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import { RECOVERY_TIERS, type RecoveryTier } from '../../events/recovery-rules.ts';
import type { Candidate } from '../contests/contention.ts';
import type { Recovery } from '../levels/standing.ts';
import type { Node } from '../nodes/node.ts';

type Asking = Pick<Candidate, 'priority' | 'place' | 'wanted'> & {
  readonly ask: Pick<Candidate['ask'], 'reservationId' | 'topsUp'>;
};

/**
 * Whether every slow start on the path lets a request through now: its tier has been let in, and
 * what it asks for is left of what this interval gives out. A divisible ask is let through
 * whole. O(depth × items).
 */
export function slowStartFits(asking: Asking): boolean {
  return slowStartShortages(asking).length === 0;
}

/** Whether a slow start on the path has a say in a request at all. */
export function isSlowed({ ask, priority, place, wanted }: Asking): boolean {
  if (!isRecovering(place.anchor) || isExempt(ask, priority)) return false;
  for (const { allow } of recoveriesOn(place.anchor)) {
    for (const resource in wanted) if (allow[resource] !== undefined) return true;
  }
  return false;
}

/** What slow starts on the path keep back, innermost first. */
export function slowStartShortages({ ask, priority, place, wanted }: Asking): readonly Shortage[] {
  if (!isRecovering(place.anchor) || isExempt(ask, priority)) return NONE;
  const short: Shortage[] = [];
  for (const recovery of recoveriesOn(place.anchor)) {
    const { path, tier, allow } = recovery;
    const isLetIn = isAtMost(place.opened.at(-1)?.tier ?? place.anchor.tier, tier);
    for (const resource in wanted) {
      const needed = wanted[resource] as number;
      const most = allow[resource];
      if (most === undefined || needed === 0) continue;
      const available = isLetIn ? leftIn(recovery, resource) : 0;
      if (needed > available) short.push({ path, resource, needed, available });
    }
  }
  return short;
}

const NONE: readonly Shortage[] = [];

/** What of a resource an interval still gives out; nothing where it has no say in it. */
export function leftIn({ allow, given, grown }: Recovery, resource: string): number {
  return Math.max(0, (allow[resource] ?? 0) - (given[resource] ?? 0) - (grown[resource] ?? 0));
}

/** When the slow starts that keep a request back go on, ms since 1970; undefined where none does. */
export function slowStartReadyAtMs(asking: Asking): number | undefined {
  let readyAtMs: number | undefined;
  for (const { path } of slowStartShortages(asking)) {
    for (let node: Node | undefined = asking.place.anchor; node; node = node.parent) {
      const nextAtMs = node.path === path ? node.standing?.recovery?.nextAtMs : undefined;
      if (nextAtMs !== undefined) readyAtMs = Math.max(readyAtMs ?? nextAtMs, nextAtMs);
    }
  }
  return readyAtMs;
}

/** Emergencies do not wait; what is reserved or goes on with what lives was given out before. */
export function isExempt({ reservationId, topsUp }: Asking['ask'], priority: number): boolean {
  return (
    priority >= ExecutionPriority.emergency || reservationId !== undefined || topsUp !== undefined
  );
}

/** Whether any slow start is under way on a path: mostly none is. O(depth). */
function isRecovering(from: Node): boolean {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    if (node.standing !== undefined && node.standing.recovery !== null) return true;
  }
  return false;
}

/** Slow starts under way on a path, innermost first. */
function* recoveriesOn(from: Node): Generator<Recovery & { readonly path: string }> {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const recovery = node.standing?.recovery ?? null;
    if (recovery !== null) yield { path: node.path, ...recovery };
  }
}

/** Whether a tier is let in where all down to `tier` are; the team is as its swarms. */
function isAtMost(asked: Node['tier'], tier: RecoveryTier): boolean {
  return asked === 'team' || RECOVERY_TIERS.indexOf(asked) <= RECOVERY_TIERS.indexOf(tier);
}
