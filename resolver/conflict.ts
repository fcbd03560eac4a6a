import type { ResourceConflict as ConflictFacts } from '../events/answers.ts';
import type { DenialReason } from '../events/reasons.ts';
import type { Strategy } from '../events/strategy.ts';
import type { Amounts, LiveAllocation, PendingRequest, Victim } from './types.ts';

/**
 * Why there is contention: more is asked than there is; somebody in an emergency is among those who
 * ask; more is held already than there is.
 */
export type ConflictScenario = 'competing_requests' | 'emergency_need' | 'over_allocation';

/**
 * Requests that contend for one account, with the snapshot in which they do. `requested` is what
 * they ask of this account together, `available` what it has left.
 */
export interface ResourceConflict extends ConflictFacts {
  readonly scenario: ConflictScenario;
  /** Who waits, by rank: higher priority, longer in the queue, id. */
  readonly requests: readonly PendingRequest[];
  /** Who holds the resource at or beneath the account, by id. */
  readonly holders: readonly string[];
  /** Everything that is held anywhere in the tree. */
  readonly allocations: readonly LiveAllocation[];
}

/** What one strategy makes of a conflict. */
export interface StrategyOutcome {
  readonly allocationsGranted: readonly GrantedAllocation[];
  readonly allocationsDenied: readonly DeniedAllocation[];
  readonly allocationsQueued: readonly QueuedAllocation[];
  readonly preemptedTasks: readonly PreemptedTask[];
}

export interface GrantedAllocation {
  readonly id: string;
  readonly amounts: Amounts;
  /** Whether it is less than was asked for. */
  readonly isPartial: boolean;
}

export interface DeniedAllocation {
  readonly id: string;
  readonly reason: DenialReason;
}

export interface QueuedAllocation {
  readonly id: string;
  /** Place in the line of those who wait for the account; 1 is next. */
  readonly position: number;
}

export interface PreemptedTask extends Victim {
  /** The request that it makes room for. */
  readonly beneficiary: string;
}

/** What a strategy costs, in the contested resource. */
export interface StrategyCost {
  /** Allocations that leave or shrink; those that were leaving already are not counted. */
  readonly evictedCount: number;
  /** What they lose. */
  readonly takenAmount: number;
  /** What is asked for and not granted now. */
  readonly unservedAmount: number;
}

/** What would have come of another strategy. */
export interface Alternative {
  readonly strategy: Strategy;
  readonly grantedCount: number;
  readonly partialCount: number;
  readonly queuedCount: number;
  readonly deniedCount: number;
  readonly cost: StrategyCost;
}

/** What was looked at, as numbers that a person can check. */
export type ConflictFactors = Readonly<Record<string, number | boolean | null>>;

export interface ConflictResolutionResult extends StrategyOutcome {
  /** Whether every request has a grant, in whole or in part. */
  readonly success: boolean;
  readonly strategy: Strategy;
  /** The row of the decision table that chose it (semantics §7). */
  readonly rule: string;
  readonly factors: ConflictFactors;
  readonly cost: StrategyCost;
  /** The other strategies that are legal here, with what they would cost. */
  readonly alternatives: readonly Alternative[];
}
