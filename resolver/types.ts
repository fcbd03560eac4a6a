/**
 * The plain data that the algorithms of contention work on. No event, no clock, no actor: whoever
 * has a tree of quotas, live allocations and requests can plan with it.
 *
 * Amounts and quotas are safe integers in the unit of their resource, weights thousandths, times
 * milliseconds on one clock. An absent limit is no limit.
 */

/** Amount per resource. */
export type Amounts = Readonly<Record<string, number>>;

/** Quota of one resource on a node. */
export interface ResourceQuota {
  /** The node's own; what its children may lend comes on top. Default 0. */
  readonly nominal?: number;
  /** Most that the subtree may hold above its quota. */
  readonly borrowLimit?: number;
  /** Most of the subtree's quota that others may use; the rest is never lent. */
  readonly lendLimit?: number;
  /** Hard ceiling of the subtree. */
  readonly max?: number;
}

/** Whom a request of a node may evict. */
export interface NodePreemption {
  /** Holders of the same node. */
  readonly withinNode: 'never' | 'lower' | 'lowerOrNewerEqual' | 'any';
  /** Holders of branches above their quota, for what lies inside the requester's own. */
  readonly reclaim: 'never' | 'lower' | 'any';
  /** The same for what lies above it: only holders of lower priority, up to `maxPriority`. */
  readonly whileBorrowing: { readonly policy: 'never' | 'lower'; readonly maxPriority?: number };
}

/** What every node of a tree has, however its accounts are configured. */
export interface TreeNode {
  readonly id: string;
  readonly parent: string | null;
  /** Thousandths; default 1000. A node of weight 0 borrows last. */
  readonly weightMilli?: number;
  /** Default: never, never, never. */
  readonly preemption?: NodePreemption;
  /** The head of its queue that does not fit lets nobody pass. */
  readonly strictFifo?: boolean;
}

/** A node whose quotas are given as Kueue and YuniKorn give them. */
export interface ResourceNode extends TreeNode {
  readonly quotas: Readonly<Record<string, ResourceQuota>>;
}

/** Terms of one account of the governor (semantics §4). */
export interface AccountTerms {
  /** Ceiling, or null for none. */
  readonly limit: number | null;
  /** Set aside from the parent. */
  readonly guarantee: number;
  /** How much of the guarantee may be lent: null = all of it, 0 = none. */
  readonly lend: number | null;
}

/** A node whose accounts are given in the governor's own terms. */
export interface AccountNode extends TreeNode {
  readonly accounts: Readonly<Record<string, AccountTerms>>;
}

/** An allocation that holds what it was granted. */
export interface LiveAllocation {
  readonly id: string;
  readonly node: string;
  readonly priority: number;
  /** Set by an operator; added to the priority of either side of an eviction. */
  readonly boost?: number;
  readonly amounts: Amounts;
  readonly grantedAtMs: number;
  /** Which of those granted at one instant came later; without it ties are by id. */
  readonly grantNo?: number;
  /** When it first asked; default `grantedAtMs`. */
  readonly createdAtMs?: number;
  /** `evicting`: its eviction is issued already, so taking it costs nothing. Default active. */
  readonly state?: 'active' | 'evicting';
  /** It may be shrunk down to these amounts instead of leaving. */
  readonly min?: Amounts;
  /** Default true. */
  readonly preemptible?: boolean;
}

/** A request that waits or has just come. */
export interface PendingRequest {
  readonly id: string;
  readonly node: string;
  readonly priority: number;
  readonly boost?: number;
  readonly amounts: Amounts;
  /** Smallest amounts it can work with; absent = all or nothing. */
  readonly mins?: Amounts;
  readonly createdAtMs?: number;
  /** When it came into the queue; after an eviction, when it was evicted. Default `createdAtMs`. */
  readonly queuedAtMs?: number;
  /** 0: it does not wait, and is denied where it would have to. */
  readonly maxWaitMs?: number;
  /** Whether it can be evicted once it is granted; default true. */
  readonly preemptible?: boolean;
  /** Resources that may be collected by eviction; default: those of its amounts that fall short. */
  readonly contested?: readonly string[];
}

/** A request that ends by itself some time after its grant. */
export interface TimedRequest extends PendingRequest {
  /** Absent = nobody knows. */
  readonly runsForMs?: number;
}

/** By which right a victim is taken (semantics §7). */
export type PreemptionRight = 'priority' | 'reclaim' | 'fair';

/** The finer reason, as an operator reads it. */
export type PreemptionReason =
  | 'within-node-priority'
  | 'priority-while-borrowing'
  | 'reclaim-nominal'
  | 'fair-share';

/** One allocation that a plan takes. */
export interface Victim {
  readonly id: string;
  readonly right: PreemptionRight;
  readonly reason: PreemptionReason;
  /** Absent = all of it; else it shrinks by these amounts and stays. */
  readonly take?: Amounts;
}

/** A set of evictions after which the request fits. Nothing has happened yet. */
export interface PreemptionPlan {
  /** In the order they were picked. */
  readonly victims: readonly Victim[];
}
