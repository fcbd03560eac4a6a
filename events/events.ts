import { z } from 'zod';
import { BranchShare, branchFields } from './branches.ts';
import { BREAKER_EVENTS } from './breaker-events.ts';
import { ResourceLimits } from './commands.ts';
import { CRISIS_EVENTS } from './crisis-events.ts';
import { DISTRIBUTION_EVENTS } from './distribution-events.ts';
import { EMERGENCY_EVENTS } from './emergency-events.ts';
import { cause, count, event, level, time } from './event-kit.ts';
import { FORECAST_EVENTS } from './forecast-events.ts';
import { LEDGER_EVENTS } from './ledger-events.ts';
import { CommandId, NodeName, NodePath, ResourceName } from './names.ts';
import { Policy } from './policy.ts';
import { QUEUE_AGE_EVENTS } from './queue-age-events.ts';
import { ConflictType, DenialReason, PreemptionReason, PreemptionRight } from './reasons.ts';
import { Ask } from './request-command.ts';
import { draws, RESERVE_EVENTS } from './reserve-events.ts';
import { Amounts } from './resources.ts';
import { Role } from './roles.ts';
import { SHED_EVENTS } from './shed-events.ts';
import { Strategy } from './strategy.ts';
import { THRESHOLD_EVENTS } from './threshold-events.ts';
import { WeightMilli } from './weight.ts';
import { GrantRecord, WindowSpan } from './window.ts';

/** Where demand met supply: one resource of one node. */
const Account = z.strictObject({ path: NodePath, resource: ResourceName });
export type AccountName = z.infer<typeof Account>;

/** A tier that could not take the ask. */
const Shortage = z.strictObject({
  path: NodePath,
  resource: ResourceName,
  needed: z.int().min(0),
  /** Room shown; clamps at 0. */
  available: z.int().min(0),
});
export type Shortage = z.infer<typeof Shortage>;

/** The named inputs of a decision, as they were. */
const Factors = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));
export type Factors = Readonly<z.infer<typeof Factors>>;

/** Why: which rule of the decision table, and what it looked at. */
const why = { rule: z.string(), factors: Factors.optional() };

/** The decisions on a request, the fields that each of them carries. */
const decision = { id: CommandId, by: NodeName, digest: cause.digest };

/** Resources that did not work, as their holder says: circuit breakers count them. */
const failed = { failed: z.array(ResourceName).optional() };

/** Parts of what is booked that were used before: each counts in windows and grants of its time. */
const Earlier = z.array(z.strictObject({ usedAtMs: time, amounts: Amounts }));
export type Earlier = Readonly<z.infer<typeof Earlier>>;

/** Of a node's limits, the windows that begin with them, by resource. */
const windows = { windows: z.record(ResourceName, WindowSpan).optional() };

/** All events, by type. One event per decision, across all tiers and resources. */
export const BursarEvent = z.discriminatedUnion('type', [
  event('AllocationGranted', {
    ...decision,
    ask: Ask,
    /** Granted amounts; below the ask where `partial`. */
    items: Amounts,
    /** Counted of rates on every tier of the path, at this instant. */
    rates: Amounts.optional(),
    partial: z.literal(true).optional(),
    /** Missing nodes that this decision opened, outermost first. */
    opened: z.array(z.strictObject({ path: NodePath, tier: z.enum(['run', 'step']) })).optional(),
    priority: level,
    expiresAtMs: time,
    /** How the grant came about: at once, out of the queue, or after preemption. */
    via: z.enum(['request', 'queue', 'preemption', 'approval']),
    /** One of several who divide what was free: by which method, and which of how many. */
    shared: z
      .strictObject({ by: z.enum(['need', 'fair', 'topUp']), place: count, of: count })
      .optional(),
    /** Served before those who stood before it: it is not renewed beyond this. */
    endsByMs: time.optional(),
    /** The grant is revoked when no command of its agent arrives by then. */
    claimUntilMs: time.optional(),
    /** Which time this demand is granted out of the queue; a requeue counts up. */
    attempt: count.optional(),
    waitedMs: count.optional(),
    preempted: z.array(CommandId).optional(),
    ...draws,
    /** The name of the claim that is kept for the rest of a part. */
    topUp: CommandId.optional(),
    /** A half-open breaker is tried by it. */
    probe: z.literal(true).optional(),
    ...why,
  }),
  event('AllocationEnded', {
    ...cause,
    /** The allocation. */
    allocation: CommandId,
    as: z.enum([
      'settled',
      'released',
      'expired',
      'preempted',
      'fenced',
      'unclaimed',
      'timed_out',
      'reclaimed',
    ]),
    /** What is booked as spent; may exceed what was held. */
    booked: Amounts,
    /** Booked above held, where there is any. */
    overrun: Amounts.optional(),
    /** What was really used of rates, where it differs from what the grant counted. */
    rates: Amounts.optional(),
    /** Of a settle: consumables held above what is booked, where there are any. */
    returned: Amounts.optional(),
    /** The use was not stated by the agent. */
    estimated: z.literal(true).optional(),
    earlier: Earlier.optional(),
    /** Of what returns, the part that its reservation has back. */
    toReservation: Amounts.optional(),
    /** The auto-opened step closes with this, its last allocation. */
    closesStep: z.literal(true).optional(),
    ...failed,
  }),
  event('LateSettled', {
    ...cause,
    allocation: CommandId,
    /** Where it is booked: the allocation's node, or its nearest open ancestor. */
    path: NodePath,
    /** Booked now: the difference to what the end of the allocation booked. */
    booked: Amounts,
    /** What the end had booked too much (it was an estimate); given back. */
    returned: Amounts.optional(),
    earlier: Earlier.optional(),
    earlierReturned: Earlier.optional(),
    /** The use was not stated by the agent. */
    estimated: z.literal(true).optional(),
    ...failed,
  }),
  event('RequestDenied', {
    ...decision,
    ask: Ask,
    reason: DenialReason,
    short: z.array(Shortage).optional(),
    retryAfterMs: count.optional(),
    /** What would have to happen before a repeat makes sense. */
    retryOn: z.enum(['release', 'time', 'top_up', 'unfreeze', 'recover', 'never']).optional(),
    waitedMs: count.optional(),
    /** It had been queued or preempting before. */
    waited: z.literal(true).optional(),
    /** It had waited for an approver before. */
    approval: z.literal(true).optional(),
    ...why,
  }),
  event('RequestQueued', {
    ...decision,
    ask: Ask,
    account: Account,
    priority: level,
    position: count,
    /** Guess from the leases ahead; null when nothing is known. */
    expectedWaitMs: count.nullable(),
    /** Nobody who comes later than this after its queue time is served before it, but emergencies. */
    waitBoundMs: count.nullable().optional(),
    /** Denied `wait_timeout` then. */
    untilMs: time,
    /** Queue time, which ranks it; earlier than `atMs` only for a demand put back. */
    queuedAtMs: time,
    /** Its turn among the runs that wait there; absent: 0, of no run. */
    pass: count.optional(),
    /** Its preempted or unclaimed predecessor, whose remaining demand this is; of a part, the rest. */
    after: z.enum(['preempted', 'unclaimed', 'partial']).optional(),
    /** The allocation whose demand it takes up again. */
    of: CommandId.optional(),
    attempt: count.optional(),
    /** How often this demand has been evicted; absent: never. */
    evictions: count.optional(),
    ...why,
  }),
  event('ApprovalRequested', {
    ...decision,
    ask: Ask,
    priority: level,
    /** The resource that its rule looks at, what is asked of that, and above what it needs approval. */
    resource: ResourceName,
    requested: count,
    above: count,
    /** Denied `approval_expired` then. */
    untilMs: time,
    ...why,
  }),
  /** An approver has spoken: the decision follows, as if it had arrived now, or the denial. */
  event('ApprovalGiven', { ...cause, request: CommandId, waitedMs: count }),
  event('ApprovalDeclined', {
    ...cause,
    request: CommandId,
    waitedMs: count,
    reason: z.string().optional(),
  }),
  event('RequestMoved', { request: CommandId, account: Account, pass: count.optional() }),
  event('RequestCancelled', { ...cause, request: CommandId, waitedMs: count }),
  event('AllocationClaimed', { allocation: CommandId }),
  event('LeaseRenewed', { ...cause, allocation: CommandId, expiresAtMs: time }),
  event('AllocationResized', {
    ...cause,
    allocation: CommandId,
    items: Amounts,
    /** Of what returns, the part that its reservation has back. */
    toReservation: Amounts.optional(),
    /** Not asked for by its holder: a limit above it was cut. */
    reclaimed: z.literal(true).optional(),
    /** The claim that is met by it, and how long that waited. */
    topUp: CommandId.optional(),
    waitedMs: count.optional(),
  }),
  event('UsageReported', {
    ...cause,
    allocation: CommandId,
    used: Amounts,
    overrun: z.literal(true).optional(),
    ...failed,
  }),
  event('UsageQuarantined', {
    ...cause,
    path: NodePath,
    allocation: CommandId.optional(),
    amounts: Amounts,
    limit: Amounts,
  }),
  /** A settle of an allocation that nobody knows: its id is used up, whatever comes later. */
  event('SettleMissed', { ...cause, id: CommandId, allocation: CommandId }),
  event('Charged', { ...cause, path: NodePath, amounts: Amounts, earlier: Earlier.optional() }),
  event('Adjusted', {
    ...cause,
    allocation: CommandId,
    path: NodePath,
    more: Amounts,
    less: Amounts,
    earlier: Earlier.optional(),
    earlierReturned: Earlier.optional(),
  }),
  event('ContentionDetected', {
    contest: CommandId,
    request: CommandId,
    account: Account,
    conflict: ConflictType,
    requested: count,
    available: count,
    /** Waiting requests and live allocations on the account, and the first names of each. */
    waitingCount: count,
    waiting: z.array(CommandId),
    liveCount: count,
    live: z.array(CommandId),
  }),
  event('StrategySelected', { contest: CommandId, strategy: Strategy, ...why }),
  event('ContestEnded', {
    contest: CommandId,
    outcome: z.enum(['granted', 'partial', 'denied', 'queued', 'preempted', 'cancelled']),
  }),
  event('PreemptionRequested', {
    ...decision,
    ask: Ask,
    contest: CommandId,
    account: Account,
    priority: level,
    /** By which it takes; where several do, the strongest: priority, reclaim, fair. */
    right: PreemptionRight,
    victims: z.array(CommandId),
    /** Why each of them is taken, in the order of the victims. */
    reasons: z.array(PreemptionReason).optional(),
    /** What it costs them: Σ of the time since their grants, and what they reported as used. */
    lostWorkMs: count.optional(),
    sunk: Amounts.optional(),
    graceEndsAtMs: time,
    untilMs: time,
    /** Set aside for the beneficiary now; what victims give is added as it comes. */
    earmarked: Amounts,
    ...why,
  }),
  event('ResourcesReclaimed', {
    /** The beneficiary. */
    request: CommandId,
    /** Added to what is set aside for it. */
    earmarked: Amounts,
  }),
  event('NodeOpened', {
    ...cause,
    path: NodePath,
    tier: z.enum(['team', 'swarm', 'run', 'step']),
    limits: ResourceLimits.optional(),
    ...windows,
    priorityMax: level.optional(),
    /** Closed by force then: its own deadline or its parent's, whichever is first. */
    deadlineAtMs: time.optional(),
    ...branchFields,
    /** Thousandths; absent: as it was, 1,000 at first. */
    weightMilli: WeightMilli.optional(),
  }),
  event('NodeClosing', {
    ...cause,
    path: NodePath,
    fenceAtMs: time.optional(),
    /** Live allocations for which the closing waits; at 0 it is complete with this decision. */
    liveAllocations: count.optional(),
    /** Its deadline has come; nobody closed it. */
    why: z.literal('deadline').optional(),
  }),
  event('NodeClosed', { ...cause, path: NodePath }),
  event('ToppedUp', {
    ...cause,
    path: NodePath,
    amounts: Amounts,
    /** It is a grant; what it adds to the limit is said by GrantsCounted. */
    grant: GrantRecord.optional(),
  }),
  event('GrantVoided', { ...cause, path: NodePath, grant: CommandId }),
  /** A window ends and the next begins, for the node and all that inherit. */
  event('WindowOpened', {
    ...cause,
    path: NodePath,
    resource: ResourceName,
    span: WindowSpan,
    /** Spent in the window that ended, with descendants. */
    spent: count,
    /** Spent above the limit in it, which burdens the next. */
    carried: count.optional(),
  }),
  /** What grants add to a limit, after one began, ended, came again or late use was counted. */
  event('GrantsCounted', {
    path: NodePath,
    resource: ResourceName,
    /** Change of the limit. */
    change: level,
    /** Debt of earlier windows, where late use has changed it. */
    carried: count.optional(),
    /** When it fell due, where time alone has brought it. */
    dueAtMs: time.optional(),
  }),
  event('LimitsSet', {
    ...cause,
    path: NodePath,
    limits: ResourceLimits,
    branch: BranchShare.optional(),
    weightMilli: WeightMilli.optional(),
    ...windows,
    /** Taken back from live allocations in the same decision. */
    reclaimed: Amounts.optional(),
  }),
  ...LEDGER_EVENTS,
  event('PolicySet', {
    ...cause,
    policy: Policy,
    /** From 1, one more each time; absent in old logs, where it is counted. */
    version: z.int().min(1).optional(),
    /** What it was made from, as its author says. */
    preset: NodeName.optional(),
    comment: z.string().optional(),
  }),
  ...DISTRIBUTION_EVENTS,
  ...RESERVE_EVENTS,
  ...SHED_EVENTS,
  event('CredentialEnrolled', {
    ...cause,
    agent: NodeName,
    role: Role,
    prefix: NodePath,
    priorityMax: level.optional(),
  }),
  event('CredentialDismissed', { ...cause, agent: NodeName }),
  ...EMERGENCY_EVENTS,
  ...CRISIS_EVENTS,
  ...FORECAST_EVENTS,
  ...QUEUE_AGE_EVENTS,
  ...BREAKER_EVENTS,
  ...THRESHOLD_EVENTS,
  event('LeasesExtended', { byMs: count }),
]);
/** A recorded fact. */
export type BursarEvent = z.infer<typeof BursarEvent>;
export type EventType = BursarEvent['type'];
/** The event of one type. */
export type EventOf<T extends EventType> = Extract<BursarEvent, { type: T }>;
