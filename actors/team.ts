import type { AccountName, EventOf } from '../events/events.ts';
import { DEFAULT_POLICY, type Policy } from '../events/policy.ts';
import type { Priority } from '../events/priority.ts';
import type { ResourceAllocationRequest } from '../events/request-command.ts';
import type { Amounts } from '../events/resources.ts';
import type { Role } from '../events/roles.ts';
import type { Resources } from './accounts/registry.ts';
import type { Reservation } from './allocations/reservation.ts';
import type { Breaker } from './breakers/breaker.ts';
import { InvariantWatch, type Watch } from './checks/invariants.ts';
import { CRISES, type Crises } from './emergencies/crisis-machine.ts';
import type { SpendRate } from './forecasts/spend-rate.ts';
import { LIVES, type Life } from './nodes/machines.ts';
import type { Node, Tier } from './nodes/node.ts';
import type { AgingQueue } from './queue/queue-age.ts';
import type { Waiting } from './queue/wait-queue.ts';
import { Waiters } from './queue/waiters.ts';
import type { RateGauge } from './rates/rate-gauge.ts';
import type { PendingApproval } from './rules/approvals.ts';
import { Roster } from './rules/roster.ts';
import type { NodeRuntime } from './runtime.ts';
import type { Timer, TimerHeap } from './timers.ts';
import { utcOnly, type ZoneOffset } from './windows/calendar.ts';

/** What a grant has counted of a rate on one node. */
export interface CountedRate {
  readonly node: Node;
  readonly gauge: RateGauge;
  readonly resource: string;
  readonly amount: number;
}

/** A grant that lives: what its holder may use until it ends. */
export interface Allocation {
  readonly id: string;
  readonly agent: string;
  readonly node: Node;
  readonly ask: ResourceAllocationRequest;
  items: Amounts;
  readonly priority: Priority;
  readonly grantedAtMs: number;
  /** What it counted of rates, on each tier; undefined where it asked for none. */
  readonly counted: readonly CountedRate[] | undefined;
  /** Where its grant is recorded: of two at the same instant, the later one is younger. */
  readonly grantedAt: Position;
  expiresAtMs: number;
  /** When its agent was last heard of it. */
  heardAtMs: number;
  /** Cumulative use stated by its holder. */
  reported: Amounts;
  /** Revoked then, unless its agent has sent a command on it; null once claimed. */
  claimUntilMs: number | null;
  readonly attempt: number;
  /** Not renewed beyond this: it was let past others; Infinity where it was not. */
  endsByMs: number;
  /** How often its demand was evicted before. */
  readonly evictions: number;
  /** Evicted so often that policy lets nobody evict it again. */
  isProtected: boolean;
  /** The request for which it was told to yield, and when it is made to. */
  yieldsTo: string | null;
  graceEndsAtMs: number | null;
  /** Stops that it counts in. */
  stops: readonly { readonly path: string; readonly stop: string }[];
  /** When its work is useless, by the deadline of its ask; Infinity without one. */
  readonly deadlineAtMs: number;
  expiry: Timer;
  /** The reservation from which some of `items` is drawn, and how much; null once it is over. */
  reservation: Reservation | null;
  drawn: Amounts;
  /** When it was asked for, and the claim that is kept for the rest of what was. */
  readonly askedAtMs: number;
  topUp: string | null;
  /** What it held when windows ended, where that was more than at the end before; by resource. */
  marks: Marks | undefined;
}

/** Instants at which windows ended, and what was held then: ascending both. */
export type Marks = Map<string, { readonly atMs: number; readonly held: number }[]>;

/** What is kept of an allocation that has ended, for its late settle. */
export interface Tombstone {
  readonly path: string;
  /** Which opening of that path it was: what a closed one had spent is its parent's. */
  readonly openingNo: number;
  readonly agent: string;
  readonly as: EventOf<'AllocationEnded'>['as'];
  readonly booked: Amounts;
  /** What it had held, the base of its overrun. */
  readonly held: Amounts;
  /** Settled by its agent, on time or late: further settles are repeats. */
  readonly isSettled: boolean;
  /** Where its last end or settle is recorded, and the digest of that settle. */
  readonly at: Position;
  readonly digest: number | undefined;
  readonly atMs: number;
  /** When and where it ended; what it had held when windows ended before. */
  readonly endedAt: Position;
  readonly endedAtMs: number;
  /** The most that was booked as used up to its end. */
  readonly bookedAtEnd: Amounts;
  readonly marks: Marks | undefined;
}

/** A place in the shard's log. */
export interface Position {
  readonly seq: number;
  readonly index: number;
}

/** What is known of an id that was used. */
export interface UsedId {
  /** Whose command it was; undefined where the writer made the id. */
  readonly by: string | undefined;
  readonly digest: number | undefined;
  readonly at: Position;
  readonly atMs: number;
  /** Of a request that was taken back while it waited. */
  readonly isCancelled?: true;
}

/** Who may act, as what, where. */
export interface Credential {
  readonly role: Role;
  readonly prefix: string;
  readonly priorityMax: Priority | null;
}

/** Contention on an account that is not over. */
export interface Contest {
  readonly id: string;
  readonly account: AccountName;
  strategy: string | null;
  /** What became of the request that left its queue last. */
  outcome: EventOf<'ContestEnded'>['outcome'];
}

/** Work that follows from what was recorded; found again by a sweep after a restart. */
export interface Agenda {
  /** All of it is a look at everything after a take-over: nobody is let past for what it finds. */
  isResumed: boolean;
  /** Allocations whose claims for the rest have to join a queue. */
  readonly rests: Set<string>;
  /** Breakers for which something was counted or tried. */
  readonly breakers: Set<string>;
  /** Beneficiaries of preemption for whom something may have come free. */
  readonly collects: Set<string>;
  /** Queues whose head may be served now. */
  readonly queues: Set<string>;
  /** Runs whose limits have to be divided anew over their branches. */
  readonly branches: Set<string>;
  /** Accounts whose grants add another amount to the limit than was recorded. */
  readonly grants: Set<string>;
  /** Accounts whose reserve may have to be filled, or to follow its limit. */
  readonly reserves: Set<string>;
  /** Accounts whose use has left its rung of the ladder, or reached a threshold. */
  readonly rungs: Set<string>;
  /** Nodes for which another level may be called for. */
  readonly levels: Set<string>;
  /**
   * Accounts that were spent or changed, and whose rate of spending is kept; when that was. A
   * forecast hinges on the time, and of one that was looked at and not told there is no event.
   */
  readonly forecasts: Map<string, number>;
  /** Queues that were told to be old, and that somebody has left. */
  readonly ages: Set<string>;
  /** Nodes whose slow start is to begin or to end. */
  readonly recoveries: Set<string>;
  /** Capacities that may have come under pressure, and when: who is idle hinges on the time. */
  readonly pressures: Map<string, number>;
  /** Nodes whose closing may be complete, and stops whose allocations have all ended. */
  readonly closings: Set<string>;
  readonly stops: Set<string>;
  /** Paths beneath which waiting requests may have to be denied, and those found there. */
  readonly sweeps: Set<string>;
  readonly barred: Set<string>;
  /** When the rates of a waiting request have room, by request; found again from the rates. */
  readonly wakes: Map<string, Timer>;
}

/** Who set the policy in force, when, and what was said with it. */
export type PolicyNote = Pick<EventOf<'PolicySet'>, 'by' | 'atMs' | 'preset' | 'comment'>;

/** All that is true of one team: the fold of its events. */
export interface Team {
  readonly name: string;
  policy: Policy;
  /** How often a policy was set, and what is known of the last time; null: never. */
  policyVersion: number;
  policyNote: PolicyNote | null;
  /** What its resources are; each node sees the same. */
  readonly resources: Resources;
  readonly nodes: Roster<Node>;
  readonly credentials: Map<string, Credential>;
  /** The highest priority that one of them names. */
  credentialTop: Priority;
  readonly allocations: Map<string, Allocation>;
  readonly tombstones: Map<string, Tombstone>;
  readonly ids: Map<string, UsedId>;
  readonly waiting: Map<string, Waiting>;
  /** The same requests, by where they ask. */
  readonly waiters: Waiters;
  /** Requests that wait for an approver, oldest first. */
  readonly approvals: Map<string, PendingApproval>;
  /** Advance reservations that are not over, by id. */
  readonly reservations: Map<string, Reservation>;
  /** Accounts whose emergency reserve is not full. */
  readonly shortReserves: Set<string>;
  /** Circuit breakers that count something or are not closed, by account key. */
  readonly breakers: Map<string, Breaker>;
  /** By account key, and by their own id. */
  readonly contests: Map<string, Contest>;
  readonly contestsById: Map<string, Contest>;
  /** Recent emergencies, oldest first, as positions of their events. */
  readonly emergencies: Emergency[];
  /** Where the newest of those stands that are kept no longer; 0 while none was dropped. */
  emergenciesForgottenSeq: number;
  /** How fast accounts are spent, by account key; where policy wants forecasts. */
  readonly spendRates: Map<string, SpendRate>;
  /** Queues of capacities whose age policy wants told, by account key. */
  readonly agingQueues: Map<string, AgingQueue>;
  readonly agenda: Agenda;
  /** Requests that ever waited, ids that were ever noted, nodes that were ever opened. */
  arrivals: number;
  notedEver: number;
  openings: number;
  /** Time of the newest id that was forgotten; 0 while none was. */
  forgottenUpToMs: number;
  /** The team's own node was closed; its name is not used again. */
  isClosed: boolean;
  /** Time of the newest event. */
  lastAtMs: number;
  readonly timers: TimerHeap;
  readonly runtime: NodeRuntime;
  /** The zones of calendar windows. */
  readonly offsetOf: ZoneOffset;
  /** What the machines of the tiers allow. */
  readonly lives: Readonly<Record<Tier, Life>>;
  /** What the machine of a crisis allows. */
  readonly crises: Crises;
  /** Looks at every event and decision. */
  readonly watch: Watch;
}

/** An emergency that was recorded: the event and where it stands. */
export interface Emergency {
  readonly at: Position;
  readonly event: EmergencyEvent;
}
export type EmergencyEvent = EventOf<
  | 'ThresholdCrossed'
  | 'AlertRaised'
  | 'ExhaustionForecast'
  | 'QueueAgeReached'
  | 'Stopped'
  | 'StopCompleted'
  | 'StopLifted'
  | 'Frozen'
  | 'DegradationChanged'
  | 'RecoveryStarted'
  | 'RecoveryAdvanced'
  | 'RecoveryCompleted'
  | 'UsageQuarantined'
  | 'BreakerOpened'
  | 'BreakerClosed'
>;

/** A team of which nothing is recorded yet. */
export function newTeam(
  name: string,
  timers: TimerHeap,
  runtime: NodeRuntime,
  lives: Team['lives'] = LIVES,
  watch: Watch = new InvariantWatch(),
  offsetOf: ZoneOffset = utcOnly,
  crises: Crises = CRISES,
): Team {
  return {
    name,
    policy: DEFAULT_POLICY,
    policyVersion: 0,
    policyNote: null,
    resources: { added: DEFAULT_POLICY.resources },
    nodes: new Roster(),
    credentials: new Map(),
    credentialTop: Number.MIN_SAFE_INTEGER,
    allocations: new Map(),
    tombstones: new Map(),
    ids: new Map(),
    waiting: new Map(),
    waiters: new Waiters(),
    approvals: new Map(),
    reservations: new Map(),
    shortReserves: new Set(),
    breakers: new Map(),
    contests: new Map(),
    contestsById: new Map(),
    emergencies: [],
    emergenciesForgottenSeq: 0,
    spendRates: new Map(),
    agingQueues: new Map(),
    agenda: {
      breakers: new Set(),
      isResumed: false,
      rests: new Set(),
      collects: new Set(),
      queues: new Set(),
      branches: new Set(),
      grants: new Set(),
      reserves: new Set(),
      rungs: new Set(),
      levels: new Set(),
      forecasts: new Map(),
      ages: new Set(),
      recoveries: new Set(),
      pressures: new Map(),
      closings: new Set(),
      stops: new Set(),
      sweeps: new Set(),
      barred: new Set(),
      wakes: new Map(),
    },
    arrivals: 0,
    notedEver: 0,
    openings: 0,
    forgottenUpToMs: 0,
    isClosed: false,
    lastAtMs: 0,
    timers,
    runtime,
    offsetOf,
    lives,
    crises,
    watch,
  };
}

/** One string for an account; `|` is in no path. */
export function accountKey(path: string, resource: string): string {
  return `${path}|${resource}`;
}

/** The account that a key names. */
export function accountOfKey(key: string): AccountName {
  const bar = key.indexOf('|');
  return { path: key.slice(0, bar), resource: key.slice(bar + 1) };
}
