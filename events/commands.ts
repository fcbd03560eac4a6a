import { z } from 'zod';
import { branchFields } from './branches.ts';
import { BREAKER_COMMANDS } from './breaker-commands.ts';
import { COMMAND_VERSION, common, isSized, itemsMessage, Reason, ttlMs } from './command-kit.ts';
import { Distribute } from './distribution.ts';
import { LIMITS } from './limits.ts';
import { CommandId, NodeName, NodePath, ResourceName } from './names.ts';
import { Policy } from './policy.ts';
import { PriorityInput } from './priority.ts';
import { Request } from './request-command.ts';
import { Amount, Amounts, RateMeter } from './resources.ts';
import { Role } from './roles.ts';
import { isIllegalStrategy, isStrategyKey } from './strategy-keys.ts';
import { WeightMilli } from './weight.ts';
import { GrantTerms, Thresholds, Window } from './window.ts';

const isShort = (record: Record<string, unknown>) => Object.keys(record).length <= LIMITS.itemsMax;
const shortMessage = { message: `must name at most ${LIMITS.itemsMax} resources` };

/** What an account may hold: absent = unchanged, limit null = no limit of its own. */
const AccountLimit = z.strictObject({
  limit: Amount.nullable().optional(),
  /** Set aside from the parent when the node opens. */
  guarantee: Amount.optional(),
  /** Its own window: what is spent counts until it ends. Only of a consumable, without guarantee. */
  window: Window.optional(),
  /** Its own bounds instead of the ladder; null: none of its own any more. */
  thresholds: Thresholds.nullable().optional(),
  /** Of a rate: over which time and how it is metered; a sliding minute where a limit says nothing. */
  per: RateMeter.optional(),
  /** How much of the guarantee others may use while it is idle: null all, 0 none. Capacity only. */
  lend: Amount.nullable().optional(),
  /** What one settle may book above its hold before the run is frozen; null: no bound here. */
  overrunLimit: Amount.nullable().optional(),
});
/** Ceilings and guarantees by resource. */
export const ResourceLimits = z
  .record(ResourceName, AccountLimit)
  .refine((limits) => Object.keys(limits).length <= LIMITS.accountsPerCommandMax, {
    message: `must name at most ${LIMITS.accountsPerCommandMax} resources`,
  });
export type ResourceLimits = z.infer<typeof ResourceLimits>;

const Open = z.strictObject({
  op: z.literal('open'),
  ...common,
  path: NodePath,
  /** Third tier and deeper: a run unless said otherwise. */
  tier: z.enum(['run', 'step']).optional(),
  limits: ResourceLimits.optional(),
  /** Highest base priority that may be claimed beneath this node. */
  priorityMax: PriorityInput.optional(),
  /** The node is closed by force when so much time has passed; never later than its parent. */
  deadlineMs: z.int().min(1).max(LIMITS.deadlineMsMax).optional(),
  ...branchFields,
  weightMilli: WeightMilli.optional(),
});
const Close = z.strictObject({
  op: z.literal('close'),
  ...common,
  path: NodePath,
  /** Fence what has not ended after `graceMs`. */
  force: z.boolean().optional(),
  graceMs: z.int().min(0).max(LIMITS.graceMsMax).optional(),
});
const SetLimits = z.strictObject({
  op: z.literal('setLimits'),
  ...common,
  path: NodePath,
  limits: ResourceLimits,
  /** Takes back at once what is held above the new limits, never below a guarantee. */
  reclaim: z.boolean().optional(),
  weightMilli: WeightMilli.optional(),
});
const TopUp = z.strictObject({
  op: z.literal('topUp'),
  ...common,
  id: CommandId,
  path: NodePath,
  amounts: Amounts.refine(isSized, itemsMessage),
  /** Makes it a grant, which ends; without it the base limit grows. */
  grant: GrantTerms.optional(),
});
/** Takes back what is left of a grant. */
const VoidGrant = z.strictObject({
  op: z.literal('voidGrant'),
  ...common,
  path: NodePath,
  /** The id of its top-up. */
  grant: CommandId,
});
/** Ends the window of an account by hand; the next one begins now. */
const ResetWindow = z.strictObject({
  op: z.literal('resetWindow'),
  ...common,
  path: NodePath,
  resource: ResourceName,
  /** Whether what was spent above the limit burdens the next window; default as the window says. */
  carryDebt: z.boolean().optional(),
});
/** Moves limits, and the unused guarantee with them, from one node to another. */
const Transfer = z.strictObject({
  op: z.literal('transfer'),
  ...common,
  id: CommandId,
  from: NodePath,
  to: NodePath,
  amounts: Amounts.refine(isSized, itemsMessage),
});
/** Sets amounts aside on a node, from now to the end of a period, for requests that name it. */
const Reserve = z.strictObject({
  op: z.literal('reserve'),
  ...common,
  path: NodePath,
  items: Amounts.refine(isSized, itemsMessage),
  /** From when it may be drawn from; 0 or absent: at once. */
  startInMs: z.int().min(0).max(LIMITS.deadlineMsMax).optional(),
  /** How long from its start it lasts. */
  forMs: z.int().min(1).max(LIMITS.deadlineMsMax),
  reason: Reason.optional(),
});
const CancelReservation = z.strictObject({
  op: z.literal('cancelReservation'),
  ...common,
  reservation: CommandId,
});
/** A rung that re-arms above where it fires would never be told; logs of before may have one. */
function isRising(ladder: Policy['ladder']): boolean {
  return ladder.every(
    ({ onPermille, offPermille }, i) =>
      offPermille < onPermille && onPermille > (ladder[i - 1]?.onPermille ?? 0),
  );
}

const SetPolicy = z.strictObject({
  op: z.literal('setPolicy'),
  ...common,
  path: NodePath,
  policy: Policy.refine(({ strategies }) => Object.keys(strategies).every(isStrategyKey), {
    message: 'must be RESOURCE or PATH|RESOURCE, with * for all resources',
    path: ['strategies'],
  })
    .refine(({ ladder }) => isRising(ladder), {
      message: 'each rung must fire above the one before it, and re-arm below where it fires',
      path: ['ladder'],
    })
    .refine(
      ({ strategies, resources }) =>
        !Object.entries(strategies).some((entry) => isIllegalStrategy(...entry, resources)),
      {
        message: 'must not share in proportion what is exclusive or a rate',
        path: ['strategies'],
      },
    ),
  /** Refused `version_conflict` unless this version is in force; 0: none was ever set. */
  ifVersion: z.int().min(0).optional(),
  /** Only says whether it could be set; records nothing and uses up no id. */
  dryRun: z.boolean().optional(),
  /** The preset from which it was made; recorded, not looked up. */
  preset: NodeName.optional(),
  comment: Reason.optional(),
});
/** The policy in force. It is the team's, so `path` is the team. */
const PolicyRead = z.strictObject({ op: z.literal('policy'), ...common, path: NodePath });
const Enrol = z.strictObject({
  op: z.literal('enrol'),
  ...common,
  agent: NodeName,
  role: Role,
  /** The credential acts on this node and beneath it. */
  prefix: NodePath,
  priorityMax: PriorityInput.optional(),
});
const Dismiss = z.strictObject({ op: z.literal('dismiss'), ...common, agent: NodeName });

/** What did not work of what was granted: circuit breakers count it (I-10). */
const failed = {
  failed: z
    .array(ResourceName)
    .max(LIMITS.itemsMax)
    .refine((names) => new Set(names).size === names.length, { message: 'names one twice' })
    .optional(),
};

const Settle = z.strictObject({
  op: z.literal('settle'),
  ...common,
  allocation: CommandId,
  /** Real use. `unknown`, or a consumable left out: what was reported, else what was held. */
  actual: z.union([
    z.literal('unknown'),
    z.record(ResourceName, z.union([Amount, z.literal('unknown')])).refine(isShort, shortMessage),
  ]),
  ...failed,
});
const Release = z.strictObject({
  op: z.literal('release'),
  ...common,
  allocation: CommandId,
  ...failed,
});
const Renew = z
  .strictObject({
    op: z.literal('renew'),
    ...common,
    allocation: CommandId,
    /** Adds to the current end. */
    byMs: ttlMs.optional(),
    /** Sets the end to now + ttlMs, never earlier than it was. */
    ttlMs: ttlMs.optional(),
  })
  .refine((renew) => (renew.byMs === undefined) !== (renew.ttlMs === undefined), {
    message: 'give byMs or ttlMs, one of them',
  });
const Resize = z.strictObject({
  op: z.literal('resize'),
  ...common,
  allocation: CommandId,
  /** The new amounts held; a resource left out keeps its amount. */
  items: Amounts.refine(isSized, itemsMessage),
});
const Report = z.strictObject({
  op: z.literal('report'),
  ...common,
  allocation: CommandId,
  /** Cumulative use so far; a smaller number than before is ignored. */
  used: Amounts.refine(isShort, shortMessage),
  ...failed,
});
const Charge = z.strictObject({
  op: z.literal('charge'),
  ...common,
  id: CommandId,
  path: NodePath,
  amounts: Amounts.refine(isSized, itemsMessage),
  /** How long ago it was used: it counts in the window and against the grants of that time. */
  agoMs: z.int().min(0).max(LIMITS.lateUseMsMax).optional(),
});
const Adjust = z.strictObject({
  op: z.literal('adjust'),
  ...common,
  id: CommandId,
  /** An allocation that has ended; its booked use becomes `actual`. */
  allocation: CommandId,
  actual: Amounts.refine(isSized, itemsMessage),
});
const Cancel = z.strictObject({ op: z.literal('cancel'), ...common, request: CommandId });
const Approve = z.strictObject({ op: z.literal('approve'), ...common, request: CommandId });
const Decline = z.strictObject({
  op: z.literal('decline'),
  ...common,
  request: CommandId,
  reason: Reason.optional(),
});
const Freeze = z.strictObject({
  op: z.literal('freeze'),
  ...common,
  path: NodePath,
  forMs: z.int().min(1).max(LIMITS.deadlineMsMax).optional(),
  reason: Reason.optional(),
});
const Unfreeze = z.strictObject({
  op: z.literal('unfreeze'),
  ...common,
  path: NodePath,
  freeze: CommandId,
});
const Stop = z.strictObject({
  op: z.literal('stop'),
  ...common,
  path: NodePath,
  /** Base priorities below this are stopped; `all` stops everything. Default `critical`. */
  below: z.union([PriorityInput, z.literal('all')]).optional(),
  /** Time to acknowledge and end; what has not ended then is fenced. */
  ackMs: z.int().min(0).max(LIMITS.graceMsMax).optional(),
  reason: Reason.optional(),
});
const AcknowledgeStop = z.strictObject({
  op: z.literal('acknowledgeStop'),
  ...common,
  path: NodePath,
  stop: CommandId,
});
const Recover = z.strictObject({
  op: z.literal('recover'),
  ...common,
  path: NodePath,
  stop: CommandId,
});
const Balance = z.strictObject({
  op: z.literal('balance'),
  ...common,
  path: NodePath,
  /** Shows the stretches of the accounts' history, cut where grants and windows changed. */
  history: z.boolean().optional(),
  /** Shows the pools that the node may use, and who of its own holds what of them. */
  pools: z.boolean().optional(),
});
const Status = z.strictObject({
  op: z.literal('status'),
  ...common,
  path: NodePath.optional(),
  /** The id of a request, allocation or command whose state is asked for. */
  of: CommandId,
});
const Explain = z.strictObject({ op: z.literal('explain'), ...common, of: CommandId });
const QueueRead = z.strictObject({ op: z.literal('queue'), ...common, path: NodePath });
const Emergencies = z.strictObject({
  op: z.literal('emergencies'),
  ...common,
  /** Log position after which to list; 0 = all that are kept. */
  since: z.int().min(0).optional(),
});

/** Any single command. */
export const Command = z.discriminatedUnion('op', [
  Request,
  Settle,
  Release,
  Renew,
  Report,
  Resize,
  Charge,
  Adjust,
  Cancel,
  Approve,
  Decline,
  Open,
  Close,
  SetLimits,
  TopUp,
  VoidGrant,
  ResetWindow,
  Transfer,
  Distribute,
  Reserve,
  CancelReservation,
  SetPolicy,
  Enrol,
  Dismiss,
  Freeze,
  Unfreeze,
  Stop,
  AcknowledgeStop,
  Recover,
  ...BREAKER_COMMANDS,
  Balance,
  Status,
  Explain,
  QueueRead,
  Emergencies,
  PolicyRead,
]);
/** A command after parsing: names checked, priorities as numbers, amounts safe integers. */
export type Command = z.infer<typeof Command>;
/** A command as a client writes it: priorities may be names. */
export type CommandInput = z.input<typeof Command>;
/** The command of one op. */
export type CommandOf<Op extends Command['op']> = Extract<Command, { op: Op }>;

/** Commands of one team in one message: decided in order, not atomic, one answer each. */
export const Batch = z.strictObject({
  op: z.literal('batch'),
  v: z.literal(COMMAND_VERSION).optional(),
  commands: z.array(z.unknown()).min(1).max(LIMITS.batchCommandsMax),
});

/** All ops that a command may have. */
export const OPS: ReadonlySet<string> = new Set([
  'batch',
  ...Command.options.map((option) => option.shape.op.value),
]);
