import { z } from 'zod';
import { COMMAND_VERSION, common, Reason } from './command-kit.ts';
import { LIMITS } from './limits.ts';
import { CommandId, NodeName, NodePath, ResourceName } from './names.ts';
import { Policy } from './policy.ts';
import { AnyOf, poolTaken, withoutPools } from './pools.ts';
import { PriorityInput } from './priority.ts';
import { Amount, Amounts, RateMeter } from './resources.ts';
import { Role } from './roles.ts';
import { Strategy } from './strategy.ts';
import { GrantTerms, Thresholds, Window } from './window.ts';

const ttlMs = z.int().min(LIMITS.ttlMsMin).max(LIMITS.leaseMsMax);

/** One resource of a bundle. Without `min` the item is indivisible; without `amount` policy bounds it. */
const Item = z
  .strictObject({ amount: Amount.optional(), min: Amount.optional() })
  .refine((item) => (item.min ?? 0) <= (item.amount ?? Number.MAX_SAFE_INTEGER), {
    message: 'min is above amount',
  });

const isSized = (record: Record<string, unknown>) => {
  const count = Object.keys(record).length;
  return count > 0 && count <= LIMITS.itemsMax;
};
const isShort = (record: Record<string, unknown>) => Object.keys(record).length <= LIMITS.itemsMax;
const shortMessage = { message: `must name at most ${LIMITS.itemsMax} resources` };
const itemsMessage = { message: `must name 1 to ${LIMITS.itemsMax} resources` };

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

/** How much of what is contended for a node gets beside its siblings, thousandths. */
export const WeightMilli = z.int().min(1).max(LIMITS.weightMilliMax);

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
/** `credits`, `*`, `acme/lab|credits`, `acme/lab|*`. */
export function isStrategyKey(key: string): boolean {
  const bar = key.indexOf('|');
  const resource = key.slice(bar + 1);
  if (bar !== -1 && !NodePath.safeParse(key.slice(0, bar)).success) return false;
  return resource === '*' || ResourceName.safeParse(resource).success;
}

const SetPolicy = z.strictObject({
  op: z.literal('setPolicy'),
  ...common,
  path: NodePath,
  policy: Policy.refine(({ strategies }) => Object.keys(strategies).every(isStrategyKey), {
    message: 'must be RESOURCE or PATH|RESOURCE, with * for all resources',
    path: ['strategies'],
  }),
  /** Refused `version_conflict` unless this version is in force; 0: none was ever set. */
  ifVersion: z.int().min(0).optional(),
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

const asked = {
  path: NodePath,
  items: z.record(ResourceName, Item).default({}),
  /** Beside the items, or alone: one pool of each group, chosen when it is decided. */
  anyOf: AnyOf.optional(),
  priority: PriorityInput.optional(),
  /** 0..100, what is at stake; breaks ties of priority and slack. */
  businessImpact: z.int().min(0).max(100).optional(),
  /** Useless when not granted and done within this time. */
  deadlineMs: z.int().max(LIMITS.deadlineMsMax).optional(),
  /** How long the work takes; default the lease. */
  expectedMs: z.int().min(0).max(LIMITS.deadlineMsMax).optional(),
  ttlMs: ttlMs.optional(),
  /** How long it may wait in a queue; 0 or absent: not at all. */
  maxWaitMs: z.int().min(0).max(LIMITS.waitMsMax).optional(),
  /** Time it would need to yield, should it be preempted. */
  graceMs: z.int().min(0).max(LIMITS.graceMsMax).optional(),
  strategy: Strategy.optional(),
  /** Whether more urgent work may take it; true unless said otherwise. */
  preemptible: z.boolean().optional(),
  /** The advance reservation from which every resource that it covers is drawn. */
  reservationId: CommandId.optional(),
  /** A partial grant keeps a claim for the rest in the queue, for `maxWaitMs` at most. */
  topUpLater: z.boolean().optional(),
};
/** A request names something, and not too much of it; an item is no pool of a group. */
function isBundle(ask: { items: Record<string, unknown>; anyOf?: AnyOf | undefined }): boolean {
  const count = Object.keys(withoutPools(ask)).length + (ask.anyOf?.length ?? 0);
  return count > 0 && count <= LIMITS.itemsMax;
}

/**
 * What a request asks for, as it is recorded: nothing that changes between two tries of it but the
 * pools that were chosen, which are among its items.
 */
export const Ask = z
  .strictObject({
    ...asked,
    /** The allocation that is to grow by it: then it is a claim that the writer keeps. */
    topsUp: CommandId.optional(),
  })
  .refine(isBundle, { ...itemsMessage, path: ['items'] });
/** The request of an agent for a bundle of resources on one node. */
export type ResourceAllocationRequest = z.infer<typeof Ask>;

const Request = z
  .strictObject({
    op: z.literal('request'),
    ...common,
    ...asked,
    /** Only say what would happen; records nothing and uses up no id. */
    dryRun: z.boolean().optional(),
  })
  .refine(isBundle, { ...itemsMessage, path: ['items'] })
  .refine(({ items, anyOf = [] }) => anyOf.every((group) => !poolTaken({ items }, group)), {
    message: 'names what is asked as an item too',
    path: ['anyOf'],
  })
  .refine(({ anyOf, reservationId }) => anyOf === undefined || reservationId === undefined, {
    message: 'goes without reservationId: name the pool that is reserved as an item',
    path: ['anyOf'],
  });
const Settle = z.strictObject({
  op: z.literal('settle'),
  ...common,
  allocation: CommandId,
  /** Real use. `unknown`, or a consumable left out: what was reported, else what was held. */
  actual: z.union([
    z.literal('unknown'),
    z.record(ResourceName, z.union([Amount, z.literal('unknown')])).refine(isShort, shortMessage),
  ]),
});
const Release = z.strictObject({ op: z.literal('release'), ...common, allocation: CommandId });
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
