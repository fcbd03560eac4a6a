import type { ShareClaim, Shares } from './share-claim.ts';
import type { ShareMethod } from './share-tree.ts';

/** A claim that comes at its own time. */
export interface LateClaim extends ShareClaim {
  readonly arrivesAtMs: number;
}

/**
 * Shares of claims that come one after the other and keep what they have: each gets its share
 * among those that are there by then, but no more than is free (a doorman server whose leases have
 * not run out yet). Those that come at one time divide what is free by the same method.
 */
export function shareAsTheyCome(
  capacity: number,
  claims: readonly LateClaim[],
  method: ShareMethod,
): Shares {
  const shares = new Map<string, number>();
  let free = capacity;
  for (const atMs of [...new Set(claims.map(({ arrivesAtMs }) => arrivesAtMs))].sort(ascending)) {
    const among = method(
      capacity,
      claims.filter(({ arrivesAtMs }) => arrivesAtMs <= atMs),
    );
    const newcomers = claims.filter(({ arrivesAtMs }) => arrivesAtMs === atMs);
    const due = newcomers.map((claim) => ({ ...claim, cap: among.get(claim.id) ?? 0 }));
    for (const [id, share] of method(free, due)) {
      shares.set(id, share);
      free -= share;
    }
  }
  return shares;
}

function ascending(a: number, b: number): number {
  return a - b;
}
