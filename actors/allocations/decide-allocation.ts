import { amountText } from '../../events/amount-text.ts';
import type { Answer, Refusal } from '../../events/answers.ts';
import type { CommandOf } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import { ALLOCATIONS, type Amounts } from '../../events/resources.ts';
import { fits, leavesRange } from '../accounts/admission.ts';
import { strangeResource } from '../accounts/known-resource.ts';
import { isConsumable, typeIn } from '../accounts/registry.ts';
import { retryAfterMsOf, trippedOver } from '../breakers/breaker.ts';
import { meetsQueue } from '../contests/contention.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import { barText, levelBar } from '../levels/level-bar.ts';
import { closesWith } from '../nodes/auto-close.ts';
import { barrierOf, bookedAt } from '../nodes/locate.ts';
import { poolBarrier } from '../pools/pool.ts';
import { slowedGrowth } from '../recovery/slow-growth.ts';
import { claimed } from '../repeat.ts';
import { mayActFor } from '../rules/authority.ts';
import { ruleMet } from '../rules/business-rules.ts';
import { toolBarrier } from '../rules/tool-rules.ts';
import type { Allocation, Team } from '../team.ts';
import { earlierOfAdjust, earlierOfCharge, earlierOfEnd } from '../windows/earlier.ts';
import {
  commandCause,
  implausibleOf,
  notYours,
  quarantine,
  unknownAllocation,
} from './decide-settle.ts';
import { above, growthOf, isAny, reportedOf } from './end.ts';
import { failedOf, strayFailure } from './failed.ts';
import { backOf, backOfShrink } from './reservation.ts';

/** Gives everything back; what was reported stays booked. */
export function decideRelease(team: Team, command: CommandOf<'release'>, ctx: Context): Decision {
  const tomb = team.tombstones.get(command.allocation);
  const live = team.allocations.get(command.allocation);
  if (live === undefined) {
    if (tomb === undefined) return answered(unknownAllocation(team, command.allocation));
    if (!mayActFor(team, ctx.agent, tomb.agent)) return answered(notYours(ctx, command.allocation));
    const { as, booked } = tomb;
    return answered({ outcome: 'ended', allocation: command.allocation, as, booked });
  }
  if (!mayActFor(team, ctx.agent, live.agent)) return answered(notYours(ctx, command.allocation));
  const stray = strayFailure(team, command.failed, live.items, live);
  if (stray !== undefined) return answered(stray);
  const booked = reportedOf(live);
  if (leavesRange(live.node, growthOf(live.items, booked))) return answered(outOfRange());
  const overrun = above(booked, live.items);
  const toReservation = backOf(team, live, booked);
  return recorded({
    ...stamp('AllocationEnded', team, ctx.atMs),
    ...commandCause(command, ctx),
    allocation: live.id,
    as: 'released',
    booked,
    ...(overrun === undefined ? {} : { overrun }),
    ...earlierOfEnd(live, booked),
    ...(isAny(booked) ? { estimated: true } : {}),
    ...(toReservation === undefined ? {} : { toReservation }),
    ...(closesWith(live.node, 1) ? { closesStep: true } : {}),
    ...failedOf(command),
  });
}

/** Extends a lease; never shortens it. */
export function decideRenew(team: Team, command: CommandOf<'renew'>, ctx: Context): Decision {
  const live = liveOf(team, command.allocation, ctx);
  if ('outcome' in live) return answered(live);
  if (ctx.atMs >= mustEndAtMs(team, live)) {
    return answered(refuse('lease_over', `${live.id} had to end; it is not renewed any more`));
  }
  const wished =
    command.byMs === undefined
      ? Math.max(live.expiresAtMs, ctx.atMs + (command.ttlMs ?? 0))
      : live.expiresAtMs + command.byMs;
  const longest = Math.min(ctx.atMs + LIMITS.leaseMsMax, live.node.deadlineAtMs, live.endsByMs);
  const most = Math.max(live.expiresAtMs, longest);
  return recorded({
    ...stamp('LeaseRenewed', team, ctx.atMs),
    ...commandCause(command, ctx),
    allocation: live.id,
    expiresAtMs: Math.min(wished, most),
  });
}

/** Changes what is held: growth must fit like a request, shrinking always may. */
export function decideResize(team: Team, command: CommandOf<'resize'>, ctx: Context): Decision {
  const live = liveOf(team, command.allocation, ctx);
  if ('outcome' in live) return answered(live);
  const growth: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(command.items)) {
    const strange = strangeResource(team, resource);
    if (strange !== undefined) return answered(strange);
    if (typeIn(team.resources, resource)?.class === 'rate') {
      return answered(refuse('rate_counted_at_grant', `${resource} is a rate, not held`));
    }
    if (resource === ALLOCATIONS) {
      return answered(refuse('malformed', `${ALLOCATIONS} count themselves: leave them out`));
    }
    const more = amount - (live.items[resource] ?? 0);
    if (more > 0) growth[resource] = more;
  }
  const tooManyItems = tooMany({ ...live.items, ...command.items });
  if (tooManyItems !== undefined) return answered(tooManyItems);
  if (Object.keys(growth).length > 0) {
    const barrier = barrierOf(live.node, live.priority);
    if (barrier !== undefined) {
      const code = barrier.reason === 'frozen' ? 'node_frozen' : 'node_closing';
      const message = `${barrier.path} is ${barrier.reason}: no growth`;
      return answered(refuse(barrier.reason === 'stopped' ? 'node_stopped' : code, message));
    }
    const held = { anchor: live.node, opened: [] };
    const bar = levelBar(team, held, live.priority, growth);
    if (bar !== undefined) return answered(refuse('degraded', `${barText(bar)}: no growth`));
    const [breaker] = trippedOver(team, live.node.path, Object.keys(growth));
    if (breaker !== undefined) {
      const message = `the breaker of ${breaker.resource} on ${breaker.path} is not closed: no growth`;
      const retryAfterMs = retryAfterMsOf(breaker, ctx.atMs);
      return answered(
        refuse('breaker_open', message, retryAfterMs === undefined ? {} : { retryAfterMs }),
      );
    }
    const tools = toolBarrier(team, live.agent, live.node.path, Object.keys(growth));
    if (tools !== undefined) {
      const message = `${tools.tool} is not allowed by the rule ${tools.rule} of ${tools.path}`;
      return answered(refuse('not_permitted', message));
    }
    const ruled = ruleBar(team, live, growth, command.items);
    if (ruled !== undefined) return answered(ruled);
    for (const resource in growth) {
      if (poolBarrier(team, live.node, live.node.path, resource) === undefined) continue;
      const message = `${resource} is no pool that ${live.node.path} may use`;
      return answered(refuse('not_permitted', message));
    }
    if (leavesRange(live.node, growth)) {
      return answered(outOfRange());
    }
    const slowed = slowedGrowth(live, growth, ctx.atMs);
    if (slowed !== undefined) return answered(slowed);
    if (!fits(live.node, growth) || meetsQueue(team, live.node, growth)) {
      return answered(refuse('does_not_fit', `no room on the path of ${live.node.path}`));
    }
  }
  const toReservation = backOfShrink(live, command.items);
  return recorded({
    ...stamp('AllocationResized', team, ctx.atMs),
    ...commandCause(command, ctx),
    allocation: live.id,
    items: command.items,
    ...(toReservation === undefined ? {} : { toReservation }),
  });
}

/** Refuses growth to what a business rule denies or wants an approver for (T-05). */
function ruleBar(
  team: Team,
  { agent, node }: Allocation,
  growth: Amounts,
  items: Amounts,
): Refusal | undefined {
  const grown: Record<string, number> = {};
  for (const resource in growth) grown[resource] = items[resource] ?? 0;
  const met = ruleMet(team, agent, node.path, grown);
  if (met === undefined) return undefined;
  const { name, path, resource, above: most } = met;
  const what = met.effect === 'deny' ? 'allows no more' : 'wants an approver for more';
  return refuse(
    'not_permitted',
    `the rule ${name} of ${path} ${what} than ${amountText(most, resource)}`,
  );
}

/** Notes use so far; changes no balance, but is booked should the holder never settle. */
export function decideReport(team: Team, command: CommandOf<'report'>, ctx: Context): Decision {
  const live = liveOf(team, command.allocation, ctx);
  if ('outcome' in live) return answered(live);
  const used: Record<string, number> = { ...live.reported };
  for (const [resource, amount] of Object.entries(command.used)) {
    const strange = strangeResource(team, resource);
    if (strange !== undefined) return answered(strange);
    used[resource] = Math.max(used[resource] ?? 0, amount);
  }
  const refused = tooMany(used);
  if (refused !== undefined) return answered(refused);
  const stray = strayFailure(team, command.failed, live.items, live);
  if (stray !== undefined) return answered(stray);
  const implausible = implausibleOf(team, command.used);
  if (implausible !== undefined) {
    return quarantine(team, ctx, live, command, command.used, implausible);
  }
  return recorded({
    ...stamp('UsageReported', team, ctx.atMs),
    ...commandCause(command, ctx),
    allocation: live.id,
    used,
    ...(isAbove(used, live.items) ? { overrun: true } : {}),
    ...failedOf(command),
  });
}

/** Books use that no allocation covers. */
export function decideCharge(team: Team, command: CommandOf<'charge'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  const bad = notConsumable(team, command.amounts);
  if (bad !== undefined) return answered(bad);
  if (leavesRange(node, command.amounts)) {
    return answered(outOfRange());
  }
  return recorded({
    ...stamp('Charged', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    amounts: command.amounts,
    ...earlierOfCharge(node, command.amounts, ctx.atMs, command.agoMs),
  });
}

/** Trues up what the end of an allocation booked. */
export function decideAdjust(team: Team, command: CommandOf<'adjust'>, ctx: Context): Decision {
  if (team.allocations.has(command.allocation)) {
    return answered(refuse('allocation_live', `${command.allocation} has not ended`));
  }
  const tomb = team.tombstones.get(command.allocation);
  if (tomb === undefined) return answered(unknownAllocation(team, command.allocation));
  const bad = notConsumable(team, command.actual);
  if (bad !== undefined) return answered(bad);
  const more: Record<string, number> = {};
  const less: Record<string, number> = {};
  for (const [resource, actual] of Object.entries(command.actual)) {
    const change = actual - (tomb.booked[resource] ?? 0);
    if (change > 0) more[resource] = change;
    if (change < 0) less[resource] = -change;
  }
  const anchor = bookedAt(team, tomb);
  if (anchor === undefined) return answered(refuse('node_closed', `${team.name} is closed`));
  if (leavesRange(anchor, more)) {
    return answered(outOfRange());
  }
  return recorded({
    ...stamp('Adjusted', team, ctx.atMs),
    ...commandCause(command, ctx),
    allocation: command.allocation,
    path: anchor.path,
    more,
    less,
    ...earlierOfAdjust(anchor, tomb, command.actual),
  });
}

/** Takes a waiting request out of its queue. */
export function decideCancel(team: Team, command: CommandOf<'cancel'>, ctx: Context): Decision {
  const waiting = team.waiting.get(command.request) ?? team.approvals.get(command.request);
  const granted = team.allocations.get(command.request) ?? team.tombstones.get(command.request);
  const owner = waiting?.agent ?? granted?.agent;
  if (owner === undefined) {
    return answered(refuse('unknown_request', `nothing of the id ${command.request} waits`));
  }
  if (!mayActFor(team, ctx.agent, owner)) return answered(notYours(ctx, command.request));
  if (waiting === undefined) {
    const answer: Answer = { outcome: 'already_granted', request: command.request };
    return { events: claimed(team, command.request, ctx), answer };
  }
  return recorded({
    ...stamp('RequestCancelled', team, ctx.atMs),
    ...commandCause(command, ctx),
    request: command.request,
    waitedMs: ctx.atMs - waiting.sinceMs,
  });
}

/** When an allocation is made to end, by a preemption or a stop; Infinity while nothing presses. */
function mustEndAtMs(team: Team, { graceEndsAtMs, stops }: Allocation): number {
  let atMs = graceEndsAtMs ?? Infinity;
  for (const { path, stop } of stops) {
    const inForce = team.nodes.get(path)?.stops?.get(stop);
    if (inForce !== undefined && inForce.ackUntilMs < atMs) atMs = inForce.ackUntilMs;
  }
  return atMs;
}

function liveOf(team: Team, id: string, ctx: Context) {
  const live = team.allocations.get(id);
  if (live === undefined) {
    const tomb = team.tombstones.get(id);
    return tomb === undefined
      ? unknownAllocation(team, id)
      : refuse('allocation_ended', `${id} has ended: ${tomb.as}`);
  }
  return mayActFor(team, ctx.agent, live.agent) ? live : notYours(ctx, id);
}

function outOfRange() {
  return refuse('amount_out_of_range', 'a sum would leave the range of 2^53');
}

function isAbove(used: Amounts, held: Amounts): boolean {
  for (const resource in used) if ((used[resource] as number) > (held[resource] ?? 0)) return true;
  return false;
}

/** Bounds what is kept of one allocation, and with it the events that name its resources. */
function tooMany(amounts: Amounts) {
  const count = Object.keys(amounts).length;
  if (count <= LIMITS.itemsMax) return undefined;
  return refuse('malformed', `${count} resources; ${LIMITS.itemsMax} are the most (itemsMax)`);
}

function notConsumable(team: Team, amounts: Amounts) {
  for (const resource in amounts) {
    if (!isConsumable(team.resources, resource)) {
      return refuse('unknown_resource', `${resource} is no consumable; only those are spent`);
    }
    const strange = strangeResource(team, resource);
    if (strange !== undefined) return strange;
  }
  return undefined;
}
