import type { BursarEvent } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import type { Position, Team } from './team.ts';

/** How often, in noted ids, the old ones are looked for. */
export const PRUNE_EVERY = 16_384;

type Retention = Pick<
  Readonly<Record<keyof typeof LIMITS, number>>,
  'idsPerShardMax' | 'idRetentionMs' | 'tombstoneRetentionMs'
>;

/** Remembers an id that a client or the writer gave to a command, and where its answer stands. */
export function noteId(team: Team, event: BursarEvent, at: Position): void {
  if (!('id' in event) || event.id === undefined) return;
  team.ids.set(event.id, { by: event.by, digest: event.digest, at, atMs: event.atMs });
  team.notedEver += 1;
  if (team.notedEver % PRUNE_EVERY === 0) prune(team);
}

/** From now on a repeat of the request is told that it was taken back. */
export function noteCancelled(team: Team, request: string): void {
  const used = team.ids.get(request);
  if (used !== undefined) team.ids.set(request, { ...used, isCancelled: true });
}

/**
 * Forgets what is beyond its retention by time or count (semantics §6.3). Both maps are in order of
 * time but for what was noted again, so the search ends at the first that is kept by its age.
 */
export function prune(team: Team, limits: Retention = LIMITS): void {
  const now = team.lastAtMs;
  let excess = team.ids.size - limits.idsPerShardMax;
  for (const [id, { isSettled, atMs }] of team.tombstones) {
    const keptMs = isSettled ? limits.idRetentionMs : limits.tombstoneRetentionMs;
    if (now - atMs > keptMs || (isSettled && excess > 0)) {
      team.tombstones.delete(id);
      excess -= 1;
    } else if (isSettled) break;
  }
  excess = team.ids.size - limits.idsPerShardMax;
  for (const [id, { atMs }] of team.ids) {
    if (now - atMs <= limits.idRetentionMs && excess <= 0) break;
    if (
      team.allocations.has(id) ||
      team.waiting.has(id) ||
      team.approvals.has(id) ||
      team.tombstones.has(id)
    )
      continue;
    team.ids.delete(id);
    team.forgottenUpToMs = Math.max(team.forgottenUpToMs, atMs);
    excess -= 1;
  }
}
