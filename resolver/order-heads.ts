import { compareIds } from './ratio.ts';

/** A request that heads its node's queue. */
export interface QueueHead {
  readonly id: string;
  readonly priority: number;
  /** How many levels up the tree its grant would borrow; 0 = within its own quota. */
  readonly borrowLevels: number;
  readonly createdAtMs: number;
  /** When it was last evicted. */
  readonly evictedAtMs?: number;
  /** Evicted so that others got back what it had borrowed. */
  readonly reclaimedWhileBorrowing?: boolean;
}

/** What decides, in this order; what is left out decides nothing. */
export type HeadKey = 'borrowLevels' | 'priority' | 'queueTime';

export interface HeadOrder {
  /** Default: all three, as in {@link HeadKey}. */
  readonly keys?: readonly HeadKey[];
  /** From when an evicted request queues. Default: its eviction. */
  readonly queueTime?: 'creation' | 'eviction';
}

/**
 * In which order the heads of all queues are looked at (Kueue's scheduling cycle): fewer borrowed
 * levels, higher priority, longer in the queue; ties by id. A borrower whose loan was called in
 * queues from its eviction even where creation is the rule: else it would go straight back in
 * front of the owner.
 */
export function orderHeads<Head extends QueueHead>(
  heads: readonly Head[],
  { keys = ['borrowLevels', 'priority', 'queueTime'], queueTime = 'eviction' }: HeadOrder = {},
): Head[] {
  const queuedAtMs = ({ createdAtMs, evictedAtMs, reclaimedWhileBorrowing = false }: Head) =>
    queueTime === 'eviction' || reclaimedWhileBorrowing
      ? (evictedAtMs ?? createdAtMs)
      : createdAtMs;
  const compareBy: Readonly<Record<HeadKey, (a: Head, b: Head) => number>> = {
    borrowLevels: (a, b) => a.borrowLevels - b.borrowLevels,
    priority: (a, b) => b.priority - a.priority,
    queueTime: (a, b) => queuedAtMs(a) - queuedAtMs(b),
  };
  return [...heads].sort((a, b) => {
    for (const key of keys) {
      const order = compareBy[key](a, b);
      if (order !== 0) return order;
    }
    return compareIds(a.id, b.id);
  });
}
