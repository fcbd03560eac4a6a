import type { BranchMethod } from '../../events/branches.ts';
import type { Share } from '../../events/division.ts';
import type { EventOf } from '../../events/events.ts';
import type { ModelRate } from './rates.ts';
import type { Interval } from './slow-start.ts';
import type { Uses } from './spent.ts';

/** How bad an alarm is. */
export type AlarmKind = EventOf<'ThresholdCrossed'>['kind'];

/** What one node holds of one resource. Own sums only: everything else is counted when asked. */
export interface Account {
  /** The base limit and what grants add to it. */
  limit: number | null;
  base: number | null;
  granted: number;
  guarantee: number;
  /** Of the guarantee, what others may use while it is idle; null all of it. */
  lend: number | null;
  held: number;
  /** What was used here, by the windows in whose past it lies (uses.ts). */
  readonly uses: Uses;
  /** Debt of earlier windows. */
  carried: number;
  /** The window that the node itself defines. */
  window: { startsAtMs: number; endsAtMs: number | null; carryDebt: boolean } | null;
  /** By name of the grants that were topped up and not voided: the most that each can have left. */
  readonly grants: Map<string, number>;
  /** It has thresholds of its own, and no ladder. */
  hasThresholds: boolean;
  /** Kinds of its own thresholds that were told and still hold. */
  told: { usage?: AlarmKind; balance?: AlarmKind };
  /** Set aside here for requests that collect. */
  earmarked: number;
  /** Most that one settle beneath may book above its hold without a freeze; null: no bound. */
  overrunLimit: number | null;
  /** Reserved here and not drawn. */
  booked: number;
  /** Kept for emergencies, and what that is to be. */
  reserved: number;
  reserveTarget: number;
  /** Its holders are asked to shrink until then. */
  shedUntilMs: number | null;
  /** Most ever held with descendants. */
  peakHeld: number;
  /** Highest rung of the ladder that has fired and not re-armed; 0: none. */
  rung: number;
  /** The recursive count, kept until a sum of this path changes. */
  committed?: number;
}

/** A stop in force, and after its deadline still until it is lifted. */
export interface StopState {
  readonly id: string;
  readonly path: string;
  /** Base priorities below this; null: all. */
  readonly below: number | null;
  ackUntilMs: number;
  isComplete: boolean;
  /** Allocations that it concerned at first, and of those the ones ended as fenced since. */
  readonly concerned: number;
  fenced: number;
  /** Whose they were, of whom one was fenced, and who has acknowledged it. */
  readonly agents: ReadonlySet<string>;
  readonly fencedAgents: Set<string>;
  readonly acknowledgedBy: Set<string>;
}

/** The last division of a resource: what it set, and what was recorded of each child. */
export interface Divided {
  readonly sets: EventOf<'Distributed'>['sets'];
  readonly shares: ReadonlyMap<string, Share>;
  readonly atMs: number;
}

export interface ModelNode {
  readonly path: string;
  readonly tier: 'team' | 'swarm' | 'run' | 'step';
  readonly priorityMax: number | null;
  /** Share beside its siblings, thousandths. */
  weightMilli: number;
  /** It shares the limits of its parent with other branches. */
  isBranch: boolean;
  /** How it divides its limits over its branches, and those that are owed their share. */
  branchBy: BranchMethod;
  owed: Set<string>;
  /** Opened by a request, and nobody has configured, closed or charged it since. */
  isAutoOpened: boolean;
  isClosing: boolean;
  /** What has not ended then is fenced; null: nothing is. */
  fenceAtMs: number | null;
  /** When it is closed by force; null: it has no deadline. */
  deadlineAtMs: number | null;
  readonly accounts: Map<string, Account>;
  readonly rates: Map<string, ModelRate>;
  readonly children: Set<string>;
  /** By id, with its end. */
  readonly freezes: Map<string, number | null>;
  readonly stops: Map<string, StopState>;
  /** By resource, how it was last divided over the children. */
  readonly divided: Map<string, Divided>;
  /** Names beneath that were closed and are not used again. */
  readonly closedNames: Set<string>;
  /** Level of degradation, and since when less is called for; null where that is. */
  level: number;
  calmSinceMs: number | null;
  /** The interval of its slow start that is under way, and why one is to begin. */
  recovery: Interval | null;
  recoverAfter: EventOf<'RecoveryStarted'>['cause'] | null;
  /** Limits at which accounts were exhausted, by resource. */
  readonly exhaustedAt: Map<string, number>;
}

/** Open nodes by path. */
export type Nodes = Map<string, ModelNode>;

export function newNode(
  path: string,
  tier: ModelNode['tier'],
  isAutoOpened: boolean,
  priorityMax: number | null = null,
): ModelNode {
  return {
    path,
    tier,
    priorityMax,
    weightMilli: 1_000,
    isBranch: false,
    branchBy: 'fair',
    owed: new Set(),
    isAutoOpened,
    isClosing: false,
    fenceAtMs: null,
    deadlineAtMs: null,
    accounts: new Map(),
    rates: new Map(),
    children: new Set(),
    freezes: new Map(),
    stops: new Map(),
    divided: new Map(),
    closedNames: new Set(),
    level: 0,
    calmSinceMs: null,
    recovery: null,
    recoverAfter: null,
    exhaustedAt: new Map(),
  };
}
