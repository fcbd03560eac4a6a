import type { Refusal } from '../../events/answers.ts';
import type { CommandOf, ResourceLimits } from '../../events/commands.ts';
import { depthOf, isWithin, parentPathOf } from '../../events/names.ts';
import { refuse } from '../../events/refusals.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { contributionOf, promisedTo, setAsideOf } from '../accounts/account.ts';
import { fits, leavesRange, promiseFits } from '../accounts/admission.ts';
import { strangeResource } from '../accounts/known-resource.ts';
import { isConsumable, typeIn } from '../accounts/registry.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import {
  branchRefusal,
  dividerOf,
  namedIn,
  sharedRefusal,
  sharesRefusal,
} from '../branches/branch-refusal.ts';
import { reclaimAbove } from '../contests/reclaim.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import { exclusiveLimits, sharedExclusive } from '../decide-policy.ts';
import { newRunBar } from '../levels/level-bar.ts';
import { withMeters } from '../rates/rate-limits.ts';
import { unlimitedReserve } from '../reserves/refuse-reserve.ts';
import type { Team } from '../team.ts';
import { grantRecordOf, windowRefusal, windowsOf } from '../windows/decide-window.ts';
import { phaseAfter } from './machines.ts';
import type { Node, Tier } from './node.ts';

/** Opens a node and sets its guarantees aside on every tier above. */
export function decideOpen(team: Team, command: CommandOf<'open'>, ctx: Context): Decision {
  const { path } = command;
  if (team.nodes.has(path)) return answered(refuse('node_exists', `${path} is open already`));
  const tier = tierOf(command);
  const parentPath = parentPathOf(path);
  if (team.isClosed) return answered(refuse('node_closed', `${team.name} was closed`));
  if (parentPath !== undefined) {
    const parent = team.nodes.get(parentPath);
    if (parent === undefined)
      return answered(refuse('parent_missing', `${parentPath} is not open`));
    if (parent.closedNames?.has(path.slice(parentPath.length + 1))) {
      return answered(refuse('node_closed', `${path} was closed`));
    }
    if (parent.tier === 'step') {
      return answered(
        refuse('parent_missing', `${parentPath} is a step; nothing opens beneath it`),
      );
    }
    const barred = barredFor(parent, 'childOpened');
    if (barred !== undefined) return answered(barred);
    const bar = tier === 'run' ? newRunBar(team, parent) : undefined;
    if (bar !== undefined) return answered(refuse('degraded', bar));
  }
  const noBranch = branchRefusal(team, command);
  if (noBranch !== undefined) return answered(noBranch);
  const implied = parentPath === undefined ? exclusiveLimits(team.policy.resources) : {};
  const asked = { ...implied, ...command.limits };
  const metered = withMeters(team, undefined, asked);
  if ('outcome' in metered) return answered(metered);
  const isLimited = command.limits !== undefined || Object.keys(implied).length > 0;
  const limits = isLimited ? withLending(team, undefined, metered.limits) : undefined;
  const refused = checkLimits(team, path, undefined, limits ?? {});
  if (refused !== undefined) return answered(refused);
  const above = team.nodes.get(parentPath ?? '')?.deadlineAtMs ?? Infinity;
  const deadlineAtMs = Math.min(ctx.atMs + (command.deadlineMs ?? Infinity), above);
  return recorded({
    ...stamp('NodeOpened', team, ctx.atMs),
    ...commandCause(command, ctx),
    path,
    tier,
    ...(limits === undefined ? {} : { limits }),
    ...windowsOf(team, path, limits ?? {}, ctx.atMs),
    ...(command.priorityMax === undefined ? {} : { priorityMax: command.priorityMax }),
    ...(deadlineAtMs === Infinity ? {} : { deadlineAtMs }),
    ...(command.branchOf === undefined ? {} : { branchOf: command.branchOf }),
    ...(command.branchBy === undefined ? {} : { branchBy: command.branchBy }),
    ...(command.weightMilli === undefined ? {} : { weightMilli: command.weightMilli }),
  });
}

/** Begins to close a subtree; it is closed when its last allocation has ended. */
export function decideClose(team: Team, command: CommandOf<'close'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  if (node.phase === 'closing' && !command.force) {
    return answered(refuse('node_closing', `${command.path} is closing already`));
  }
  const graceMs = command.graceMs ?? 0;
  return recorded({
    ...stamp('NodeClosing', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    ...(command.force ? { fenceAtMs: ctx.atMs + graceMs } : {}),
    liveAllocations: command.force && graceMs === 0 ? 0 : node.liveTree,
  });
}

/** Sets ceilings and guarantees. A cut below use is accepted; the node is short then. */
export function decideSetLimits(
  team: Team,
  command: CommandOf<'setLimits'>,
  ctx: Context,
): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  const shared = sharedRefusal(team, dividerOf(node), command.path, namedIn(command.limits));
  if (shared !== undefined) return answered(shared);
  const shares = sharesRefusal(team, node, namedIn(command.limits));
  if (shares !== undefined) return answered(shares);
  const metered = withMeters(team, node, command.limits);
  if ('outcome' in metered) return answered(metered);
  const limits = withLending(team, node, metered.limits);
  const refused = checkLimits(team, command.path, node, limits);
  if (refused !== undefined) return answered(refused);
  const reclaim = command.reclaim ? reclaimAbove(team, node, limits, ctx.atMs) : undefined;
  return recorded(
    {
      ...stamp('LimitsSet', team, ctx.atMs),
      ...commandCause(command, ctx),
      path: command.path,
      limits,
      ...windowsOf(team, command.path, limits, ctx.atMs),
      ...(command.weightMilli === undefined ? {} : { weightMilli: command.weightMilli }),
      ...(reclaim === undefined ? {} : { reclaimed: reclaim.taken }),
    },
    ...(reclaim?.events ?? []),
  );
}

/** Adds to a node's base limits. */
export function decideTopUp(team: Team, command: CommandOf<'topUp'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  const divided = Object.keys(command.amounts);
  const branch = sharedRefusal(team, dividerOf(node), command.path, divided);
  if (branch !== undefined) return answered(branch);
  for (const [resource, amount] of Object.entries(command.amounts)) {
    const limit = node.accounts.get(resource)?.limit ?? null;
    const shared = sharedExclusive(team, command.path, {
      [resource]: { limit: (limit ?? 0) + amount },
    });
    if (shared !== undefined) return answered(shared);
    if (limit === null) {
      const message = `${command.path} has no limit of ${resource} to add to; use setLimits`;
      return answered(refuse('unknown_resource', message));
    }
    if (limit + amount > Number.MAX_SAFE_INTEGER) {
      return answered(refuse('amount_out_of_range', `${resource} would exceed 2^53`));
    }
    const over = overcommitted(team, node.parent, node, resource, limit + amount);
    if (over !== undefined) return answered(over);
  }
  const grant =
    command.grant && grantRecordOf(team, node, command.amounts, command.grant, ctx.atMs);
  if (grant !== undefined && 'outcome' in grant) return answered(grant);
  return recorded({
    ...stamp('ToppedUp', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    amounts: command.amounts,
    ...(grant === undefined ? {} : { grant }),
  });
}

/** Records a credential: who may act, as what, where. */
export function decideEnrol(team: Team, command: CommandOf<'enrol'>, ctx: Context): Decision {
  if (!isWithin(command.prefix, team.name)) {
    return answered(refuse('wrong_team', `prefix ${command.prefix} is not in ${team.name}`));
  }
  return recorded({
    ...stamp('CredentialEnrolled', team, ctx.atMs),
    ...commandCause(command, ctx),
    agent: command.agent,
    role: command.role,
    prefix: command.prefix,
    ...(command.priorityMax === undefined ? {} : { priorityMax: command.priorityMax }),
  });
}

export function decideDismiss(team: Team, command: CommandOf<'dismiss'>, ctx: Context): Decision {
  if (!team.credentials.has(command.agent)) {
    return answered(refuse('unknown_id', `${command.agent} is not enrolled in ${team.name}`));
  }
  return recorded({
    ...stamp('CredentialDismissed', team, ctx.atMs),
    ...commandCause(command, ctx),
    agent: command.agent,
  });
}

function tierOf(command: CommandOf<'open'>): Tier {
  const depth = depthOf(command.path);
  if (depth === 1) return 'team';
  return depth === 2 ? 'swarm' : (command.tier ?? 'run');
}

/**
 * A guarantee of a capacity that says nothing of lending lends all of itself, where there was none
 * before (semantics §4). It is written down: in events of before lending, silence means none.
 */
function withLending(team: Team, node: Node | undefined, limits: ResourceLimits): ResourceLimits {
  const all: Record<string, ResourceLimits[string]> = {};
  for (const [resource, set] of Object.entries(limits)) {
    const isNew = (set.guarantee ?? 0) > 0 && !node?.accounts.get(resource)?.guarantee;
    const isLendable =
      typeIn(team.resources, resource)?.class === 'capacity' && set.lend === undefined;
    all[resource] = isNew && isLendable ? { ...set, lend: null } : set;
  }
  return all;
}

/** Refuses limits that cannot be: unknown resources, guarantees without room, over-commitment. */
function checkLimits(
  team: Team,
  path: string,
  node: Node | undefined,
  limits: ResourceLimits,
): Refusal | undefined {
  const shared = sharedExclusive(team, path, limits);
  if (shared !== undefined) return shared;
  const unlimited = unlimitedReserve(team, path, limits);
  if (unlimited !== undefined) return unlimited;
  const parent = team.nodes.get(parentPathOf(path) ?? '');
  const growth: Record<string, number> = {};
  const promises: Record<string, number> = {};
  for (const [resource, wish] of Object.entries(limits)) {
    const strange = strangeResource(team, resource);
    if (strange !== undefined) return strange;
    const wrongWindow = windowRefusal(team, resource, wish, node);
    if (wrongWindow !== undefined) return wrongWindow;
    if (wish.per !== undefined) continue;
    const account = node?.accounts.get(resource);
    const guarantee = wish.guarantee ?? account?.guarantee ?? 0;
    const limit = wish.limit === undefined ? (account?.limit ?? null) : wish.limit;
    if (wish.guarantee !== undefined && limit !== null && guarantee > limit) {
      return refuse(
        'guarantee_does_not_fit',
        `${resource}: guarantee ${guarantee} > limit ${limit}`,
      );
    }
    const uncounted = (node?.liveTree ?? 0) - (account?.heldTree ?? 0);
    if (resource === ALLOCATIONS && limit !== null && uncounted > 0) {
      const message = `${uncounted} that live beneath ${path} are not counted; set it before`;
      return refuse('allocation_live', message);
    }
    const isSpent = isConsumable(team.resources, resource);
    if (isSpent && wish.lend !== undefined && wish.lend !== 0) {
      const message = `${resource} is spent and does not come back: it is not lent`;
      return refuse('malformed', message, { field: 'limits' });
    }
    const kept = account === undefined ? 0 : account.lend;
    const lend = wish.lend === undefined ? kept : wish.lend;
    const committed = account === undefined ? 0 : account.committed - account.uncounted;
    const before = account === undefined ? 0 : contributionOf(account);
    const more = Math.max(committed, setAsideOf({ guarantee, lend })) - before;
    if (more > 0) growth[resource] = more;
    const promised = account === undefined ? 0 : promisedTo(account);
    const promisedMore = Math.max(account?.childrenPromised ?? 0, guarantee) - promised;
    if (promisedMore > 0 && !isSpent) promises[resource] = promisedMore;
    const over =
      wish.limit === undefined ? undefined : overcommitted(team, parent, node, resource, limit);
    if (over !== undefined) return over;
  }
  const isNothing = Object.keys(growth).length + Object.keys(promises).length === 0;
  if (parent === undefined || isNothing) return undefined;
  const barred = barredFor(parent, 'grown');
  if (barred !== undefined) return barred;
  if (leavesRange(parent, growth)) {
    return refuse('amount_out_of_range', 'a sum would leave the range of 2^53');
  }
  if (!fits(parent, growth)) {
    return refuse(
      'guarantee_does_not_fit',
      `${parent.path} cannot set ${JSON.stringify(growth)} aside`,
    );
  }
  for (const resource in promises) {
    const more = promises[resource] as number;
    if (promiseFits(parent, resource, more)) continue;
    const message = `${parent.path} has promised too much ${resource} to guarantee ${more} more`;
    return refuse('guarantee_does_not_fit', message);
  }
  return undefined;
}

/** Refuses where the children's limits would exceed the parent's and policy forbids it. */
export function overcommitted(
  team: Team,
  parent: Node | undefined,
  node: Node | undefined,
  resource: string,
  limit: number | null,
): Refusal | undefined {
  const ceiling = parent?.accounts.get(resource)?.limit ?? null;
  if (team.policy.overcommit === 'allow' || ceiling === null || limit === null) return undefined;
  let sum = limit;
  for (const child of parent?.children ?? []) {
    if (child !== node) sum += child.accounts.get(resource)?.limit ?? 0;
  }
  if (sum <= ceiling) return undefined;
  return refuse('overcommit_refused', `${resource}: children would have ${sum} of ${ceiling}`);
}

/** Refuses where the machine of a node or of one above it does not allow the event. */
export function barredFor(from: Node, kind: 'childOpened' | 'grown'): Refusal | undefined {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const asked = node === from ? kind : 'grown';
    if (phaseAfter(node, asked) !== undefined) continue;
    const code = node.phase === 'frozen' ? 'node_frozen' : 'node_closing';
    return refuse(code, `${node.path} is ${node.phase}`);
  }
  return undefined;
}
