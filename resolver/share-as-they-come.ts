import { compareIds } from './ratio.ts';
import type { ShareClaim, Shares } from './share-claim.ts';
import type { ShareMethod } from './share-tree.ts';

/** A claim that comes at its own time. */
export interface LateClaim extends ShareClaim {
  readonly arrivesAtMs: number;
}

/**
 * Shares of claims that come one after the other and keep what they have: each gets its share
 * among those that are there by then, but no more than is free (a doorman server whose leases have
 * not run out yet). Ties by id.
 */
export function shareAsTheyCome(
  capacity: number,
  claims: readonly LateClaim[],
  method: ShareMethod,
): Shares {
  const byArrival = [...claims].sort(
    (a, b) => a.arrivesAtMs - b.arrivesAtMs || compareIds(a.id, b.id),
  );
  const shares = new Map<string, number>();
  let free = capacity;
  byArrival.forEach((claim, place) => {
    const among = method(capacity, byArrival.slice(0, place + 1));
    const share = Math.min(among.get(claim.id) ?? 0, free);
    shares.set(claim.id, share);
    free -= share;
  });
  return shares;
}
