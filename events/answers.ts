import { z } from 'zod';
import { BalanceLine } from './balance-line.ts';
import { BranchMethod } from './branches.ts';
import { BreakerView, openedBreaker } from './breaker-view.ts';
import { CrisisView } from './crisis-view.ts';
import { DistributionSets } from './distribution.ts';
import { Division } from './division.ts';
import { EmergencyKind } from './emergency-kind.ts';
import { RunsOut } from './forecast-events.ts';
import { Policy } from './policy.ts';
import { PoolLine } from './pool-line.ts';
import { OldestInQueue } from './queue-age-events.ts';
import { RateLine } from './rate-line.ts';
import { type ConflictType, DenialReason } from './reasons.ts';
import { RefusalCode } from './refusal-code.ts';
import { ReserveDraw } from './reserve-events.ts';
import { StopView } from './stop-view.ts';
import { AllocationView, ApprovalView, ReservationView, WaitingView } from './views.ts';
import { Threshold } from './window.ts';

/** How bad an error is for the one who gets it. */
export const Severity = z.enum(['info', 'warning', 'error', 'critical']);
/** Who has to act on an error. */
export const ErrorClass = z.enum(['input', 'authority', 'capacity', 'state', 'system']);

/** A command that was not carried out, with what is wrong and what to do. */
export const Refusal = z.object({
  outcome: z.literal('refused'),
  code: RefusalCode,
  message: z.string(),
  advice: z.string(),
  class: ErrorClass,
  severity: Severity,
  /** Whether the same command may succeed later. */
  retryable: z.boolean(),
  retryAfterMs: z.number().optional(),
  id: z.string().optional(),
  /** First field in which a repeat differs from what the id was used for. */
  field: z.string().optional(),
});
export type Refusal = z.infer<typeof Refusal>;

/** Where a decision stands in the log: the evidence for it. */
export const Evidence = z.object({
  shard: z.number(),
  seq: z.number(),
  index: z.number(),
  /** SHA-256 of the block, base64url; on the reply of a batch once for its newest block. */
  hash: z.string().optional(),
});
export type Evidence = z.infer<typeof Evidence>;

const amounts = z.record(z.string(), z.number());
const factors = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));
/** The command's id, where it had one. */
const own = { id: z.string().optional() };
const shared = {
  /** The answer to an earlier command with the same id and content. */
  replayed: z.literal(true).optional(),
  /** How long ago that command was first decided. */
  decidedMsAgo: z.number().optional(),
  /** False when the command had no id, so that a repeat would be a second command. */
  idempotent: z.literal(false).optional(),
  evidence: Evidence.optional(),
  /** Level of degradation in force on its path, and what the policy says to do about it. */
  level: z.number().optional(),
  modelHint: z.string().optional(),
};
const answer = <T extends string, S extends z.ZodRawShape>(outcome: T, shape: S) =>
  z.object({ outcome: z.literal(outcome), ...shared, ...shape });

/** Resources whose breakers were open, and what is asked for in their place. */
const instead = { instead: z.record(z.string(), z.string()).optional() };

const grant = {
  id: z.string(),
  path: z.string(),
  granted: amounts,
  /** Remaining lease; 0 once over. */
  expiresInMs: z.number(),
  rule: z.string(),
  factors: factors.optional(),
  waitedMs: z.number().optional(),
  preempted: z.array(z.string()).optional(),
  /** What of it came out of the emergency reserve of its swarm. */
  reserve: ReserveDraw.optional(),
  /** The claim that is kept for the rest of a part: `status` and `cancel` take its name. */
  topUp: z.string().optional(),
  ...instead,
  /** A half-open breaker is tried by it: say what did not work when you settle. */
  probe: z.literal(true).optional(),
};

/** An emergency as subscribers and catch-up see it. */
export const Emergency = z.object({
  /** `<shard>-<block>-<index>`: the same emergency always has the same id. */
  id: z.string(),
  subject: z.string(),
  team: z.string(),
  swarm: z.string(),
  kind: EmergencyKind,
  path: z.string(),
  atMs: z.number(),
  seq: z.number(),
  resource: z.string().optional(),
  usePermille: z.number().optional(),
  /** The account's own threshold that was reached. */
  threshold: Threshold.optional(),
  forecast: RunsOut.optional(),
  queueAge: OldestInQueue.optional(),
  /** When an open breaker is tried again. */
  untilMs: z.number().optional(),
  stop: z.string().optional(),
  below: z.number().nullable().optional(),
  ackUntilMs: z.number().optional(),
  /** Of a stop: allocations that have to end, their agents; at its end what became of them. */
  allocations: z.number().optional(),
  agents: z.number().optional(),
  acknowledged: z.number().optional(),
  unacknowledged: z.array(z.string()).optional(),
  fenced: z.number().optional(),
  fencedAgents: z.array(z.string()).optional(),
  /** Of a change of level: the new one. */
  level: z.number().optional(),
  detail: z.string(),
});
export type Emergency = z.infer<typeof Emergency>;

/** What can be done about a request, and what it would cost whom. Durations in ms. */
export const Alternative = z.object({
  /** All of it now, a part now, room taken from others, a place in the queue, a denial. */
  kind: z.enum(['grant', 'part', 'preempt', 'wait', 'deny']),
  /** This is what was decided. */
  chosen: z.boolean(),
  possible: z.boolean(),
  /** Why it cannot be done, where it cannot. */
  because: z.string().optional(),
  granted: amounts.optional(),
  /** Asked for and not given. */
  missing: amounts.optional(),
  victims: z.array(z.string()).optional(),
  graceMs: z.number().optional(),
  /** What the victims would have to do again: Σ of the time since their grants. */
  lostWorkMs: z.number().optional(),
  /** What the victims have reported as used: spent, whatever comes of it. */
  sunk: amounts.optional(),
  position: z.number().optional(),
  /** Null: nobody can say. */
  expectedWaitMs: z.number().nullable().optional(),
});
export type Alternative = z.infer<typeof Alternative>;

const AccountName = z.object({ path: z.string(), resource: z.string() });
/** Fields of what a dry run answers. */
const wouldBe = {
  rule: z.string(),
  ...instead,
  factors: factors.optional(),
  alternatives: z.array(Alternative).optional(),
};

/** How a budget was or would be divided. */
const distribution = {
  path: z.string(),
  sets: DistributionSets,
  divisions: z.array(Division),
};

/** Every answer to a single command. */
export const Answer = z.discriminatedUnion('outcome', [
  Refusal.extend({
    evidence: shared.evidence,
    replayed: shared.replayed,
    decidedMsAgo: shared.decidedMsAgo,
    level: shared.level,
    modelHint: shared.modelHint,
  }),
  answer('granted', grant),
  answer('partial', grant),
  answer('denied', {
    id: z.string(),
    reason: DenialReason,
    message: z.string(),
    advice: z.string(),
    class: ErrorClass,
    severity: Severity,
    short: z
      .array(
        z.object({
          path: z.string(),
          resource: z.string(),
          needed: z.number(),
          available: z.number(),
        }),
      )
      .optional(),
    retryAfterMs: z.number().optional(),
    retryOn: z.string().optional(),
    waitedMs: z.number().optional(),
    rule: z.string(),
    factors: factors.optional(),
    ...instead,
    /** Of a dry run: what else could be done about it. */
    alternatives: z.array(Alternative).optional(),
  }),
  answer('queued', {
    id: z.string(),
    account: AccountName,
    position: z.number(),
    expectedWaitMs: z.number().nullable(),
    /** After this long nobody new is served before it, but emergencies; null: not bounded. */
    waitBoundMs: z.number().nullable().optional(),
    timeoutInMs: z.number(),
    rule: z.string(),
    factors: factors.optional(),
    ...instead,
  }),
  answer('preempting', {
    id: z.string(),
    victims: z.array(z.string()),
    right: z.string(),
    graceMs: z.number(),
    rule: z.string(),
    factors: factors.optional(),
  }),
  answer('pendingApproval', {
    id: z.string(),
    resource: z.string(),
    requested: z.number(),
    above: z.number(),
    timeoutInMs: z.number(),
    rule: z.string(),
    factors: factors.optional(),
  }),
  answer('would_need_approval', {
    resource: z.string(),
    requested: z.number(),
    above: z.number(),
    rule: z.string(),
  }),
  answer('would_grant', {
    granted: amounts,
    partial: z.boolean(),
    reserve: ReserveDraw.optional(),
    ...wouldBe,
  }),
  answer('would_queue', {
    account: AccountName,
    position: z.number(),
    expectedWaitMs: z.number().nullable(),
    ...wouldBe,
  }),
  answer('would_preempt', { victims: z.array(z.string()), graceMs: z.number(), ...wouldBe }),
  answer('settled', {
    ...own,
    allocation: z.string(),
    booked: amounts,
    overrun: amounts.optional(),
    /** Of consumables, what was held (of a late one: booked) and is free again. */
    returned: amounts.optional(),
    estimated: z.boolean(),
    late: z.boolean(),
  }),
  answer('released', { ...own, allocation: z.string(), booked: amounts }),
  answer('ended', { ...own, allocation: z.string(), as: z.string(), booked: amounts }),
  answer('renewed', { ...own, allocation: z.string(), expiresInMs: z.number() }),
  answer('resized', { ...own, allocation: z.string(), items: amounts }),
  answer('reported', { ...own, allocation: z.string(), used: amounts, overrun: z.boolean() }),
  answer('charged', { ...own, path: z.string(), amounts }),
  answer('adjusted', { ...own, allocation: z.string(), more: amounts, less: amounts }),
  answer('cancelled', { ...own, request: z.string() }),
  answer('approved', { ...own, request: z.string() }),
  answer('declined', { ...own, request: z.string() }),
  answer('already_granted', { ...own, request: z.string() }),
  answer('opened', { ...own, path: z.string(), tier: z.string() }),
  answer('closing', { ...own, path: z.string(), liveAllocations: z.number() }),
  answer('closed', { ...own, path: z.string() }),
  answer('topped_up', { ...own, path: z.string(), amounts, grant: z.string().optional() }),
  answer('grant_voided', { ...own, path: z.string(), grant: z.string() }),
  answer('window_reset', { ...own, path: z.string(), resource: z.string(), spent: z.number() }),
  answer('limits_set', { ...own, path: z.string(), reclaimed: amounts.optional() }),
  answer('transferred', {
    ...own,
    from: z.string(),
    to: z.string(),
    amounts,
    guarantees: amounts,
  }),
  answer('distributed', { ...own, ...distribution }),
  answer('would_distribute', distribution),
  answer('reserved', {
    ...own,
    reservation: z.string(),
    path: z.string(),
    items: amounts,
    startsInMs: z.number(),
    endsInMs: z.number(),
  }),
  answer('reservation_ended', {
    ...own,
    reservation: z.string(),
    as: z.string(),
    returned: amounts,
  }),
  answer('policy_set', { ...own, version: z.number().optional() }),
  /** Of a dry run: the version that it would be. */
  answer('would_set_policy', { version: z.number() }),
  answer('enrolled', { ...own, agent: z.string(), role: z.string(), prefix: z.string() }),
  answer('dismissed', { ...own, agent: z.string() }),
  answer('frozen', { ...own, path: z.string(), freeze: z.string() }),
  answer('unfrozen', { ...own, path: z.string(), freeze: z.string(), stillFrozen: z.boolean() }),
  answer('stopped', {
    ...own,
    path: z.string(),
    stop: z.string(),
    allocations: z.number(),
    agents: z.number(),
    ackInMs: z.number(),
  }),
  answer('acknowledged', { ...own, stop: z.string() }),
  answer('breaker_opened', { ...own, ...openedBreaker }),
  answer('breaker_closed', { ...own, path: z.string(), resource: z.string() }),
  answer('recovered', { ...own, path: z.string(), stop: z.string() }),
  answer('balance', {
    ...own,
    path: z.string(),
    tier: z.string(),
    phase: z.string(),
    frozen: z.boolean(),
    freezes: z.array(z.string()),
    stops: z.array(z.string()),
    /** The same stops, and how far they have come. */
    stopping: z.array(StopView).optional(),
    /** Of a team or swarm: how it fares, its own level and what that admits. */
    crisis: CrisisView.optional(),
    liveAllocations: z.number(),
    /** The run whose limits it shares with other branches: its own limits are its share. */
    branchOf: z.string().optional(),
    /** How it divides its limits over its branches, where it has had one. */
    branchBy: BranchMethod.optional(),
    /** Until it is closed by force; null: no deadline. */
    deadlineInMs: z.number().nullable().optional(),
    /** Reservations of this node. */
    reservations: z.array(ReservationView).optional(),
    lines: z.array(BalanceLine),
    /** Rates that this node limits itself. */
    rates: z.array(RateLine).optional(),
    /** Where `pools` was asked for. */
    pools: z.array(PoolLine).optional(),
    /** Breakers of this node, above and beneath it, that are open or count something. */
    breakers: z.array(BreakerView).optional(),
    children: z.array(z.string()),
  }),
  answer('allocation', { ...own, allocation: AllocationView }),
  answer('waiting', { ...own, waiting: WaitingView }),
  answer('explained', { ...own, events: z.array(z.unknown()) }),
  answer('queue', {
    ...own,
    waiting: z.array(WaitingView),
    total: z.number(),
    /** Requests that wait for an approver, oldest first, and how many there are. */
    approvals: z.array(ApprovalView).optional(),
    approvalsTotal: z.number().optional(),
  }),
  answer('policy', {
    ...own,
    /** 0: none was ever set, and every field has its default. */
    version: z.number(),
    policy: Policy,
    by: z.string().optional(),
    setMsAgo: z.number().optional(),
    preset: z.string().optional(),
    comment: z.string().optional(),
  }),
  answer('emergencies', {
    ...own,
    emergencies: z.array(Emergency),
    position: z.number(),
    /** Some after the position that was asked for are kept no longer. */
    incomplete: z.literal(true).optional(),
  }),
]);
export type Answer = z.infer<typeof Answer>;
export type AnswerOf<O extends Answer['outcome']> = Extract<Answer, { outcome: O }>;

/** The reply to a batch: one answer for each command, in order. */
export const BatchReply = z.object({ outcome: z.literal('batch'), answers: z.array(Answer) });
export type BatchReply = z.infer<typeof BatchReply>;

/** A conflict as the resolver sees it. */
export interface ResourceConflict {
  readonly type: ConflictType;
  readonly account: { readonly path: string; readonly resource: string };
  readonly requested: number;
  readonly available: number;
}
