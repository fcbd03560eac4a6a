import type { UseHistory } from './use-history.ts';

/** Where a node stood at the end of a stretch of time, with everything beneath it. */
export interface UsePoint {
  /** End of the bucket, ms since 1970. */
  readonly atMs: number;
  /** Spent since the beginning. */
  readonly spent: number;
  /** Held then. */
  readonly held: number;
  /** Its own limit then; null where it had none. */
  readonly limit: number | null;
}

/**
 * Spend, holds and limit of one resource of a team, a swarm or a run over time: a point for each
 * bucket in which something happened. Empty where nothing is known.
 */
export function usageSeries(state: UseHistory, path: string, resource: string): UsePoint[] {
  const node = state.nodes.get(path);
  if (node === undefined) return [];
  const changes = node.limits.get(resource) ?? [];
  const points: UsePoint[] = [];
  let spent = 0;
  let held = 0;
  let limit: number | null = null;
  let next = 0;
  for (const index of [...node.buckets.keys()].sort((a, b) => a - b)) {
    const atMs = (index + 1) * state.bucketMs;
    for (let change = changes[next]; change !== undefined && change.atMs < atMs; ) {
      limit = change.limit;
      next += 1;
      change = changes[next];
    }
    const use = node.buckets.get(index)?.resources.get(resource);
    spent += use?.spent ?? 0;
    held += (use?.granted ?? 0) - (use?.returned ?? 0);
    points.push({ atMs, spent, held, limit });
  }
  return points;
}
