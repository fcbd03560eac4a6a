import type { AccountTerms, ResourceQuota } from './types.ts';

/**
 * One resource of one node in the governor's account terms (semantics §4), net of nothing:
 *
 *   committed(n) = own use + Σ over children of max(kept(c), committed(c))
 *   room(n)      = min(limit(n) − committed(n), unused part of kept(n) + room(parent))
 *
 * Kueue states the same rule net of what descendants never lend (pkg/cache/scheduler,
 * resource_node.go): its usage is `committed − Σ kept`, its subtree quota `guarantee − Σ kept`, so
 * every difference of the two, and every comparison, comes out equal.
 */
export interface QuotaAccount {
  /** Ceiling; Infinity where there is none. */
  limit: number;
  /** Quota of the whole subtree. */
  guarantee: number;
  /** The part of the guarantee that is never lent: committed at the parent, used or not. */
  kept: number;
  committed: number;
  /** `committed` of an empty tree. */
  idle: number;
}

/** What an account takes of its parent's. */
export function contributionOf(account: QuotaAccount): number {
  return Math.max(account.kept, account.committed);
}

/** The account of a node with quotas, above children whose accounts are made already. */
export function accountOfQuota(
  quota: ResourceQuota,
  children: readonly QuotaAccount[],
  isRoot: boolean,
): QuotaAccount {
  let guarantee = quota.nominal ?? 0;
  let idle = 0;
  for (const child of children) {
    guarantee += child.guarantee;
    idle += child.kept;
  }
  const lendable = guarantee - idle;
  const lent = Math.min(quota.lendLimit ?? lendable, lendable);
  // A root has nobody to borrow from.
  const ceiling = isRoot ? guarantee : guarantee + (quota.borrowLimit ?? Infinity);
  return {
    limit: Math.min(ceiling, quota.max ?? Infinity),
    guarantee,
    // A parent that lends everything still keeps what its children keep.
    kept: guarantee - lent,
    committed: idle,
    idle,
  };
}

/** The account of a node with terms of the governor. */
export function accountOfTerms(
  terms: AccountTerms,
  children: readonly QuotaAccount[],
  isRoot: boolean,
): QuotaAccount {
  const limit = terms.limit ?? Infinity;
  let idle = 0;
  for (const child of children) idle += Math.max(child.kept, child.idle);
  return {
    limit,
    // All that a root has is its own.
    guarantee: isRoot ? limit : terms.guarantee,
    kept: terms.guarantee - Math.min(terms.lend ?? terms.guarantee, terms.guarantee),
    committed: idle,
    idle,
  };
}
