import type { Answer } from '../../events/answers.ts';
import type { CommandOf } from '../../events/commands.ts';
import { EVENT_VERSION } from '../../events/event-kit.ts';
import type { EventOf } from '../../events/events.ts';
import { refuse } from '../../events/refusals.ts';
import type { Amounts } from '../../events/resources.ts';
import { leavesRange } from '../accounts/admission.ts';
import { strangeResource } from '../accounts/known-resource.ts';
import { isFarOver } from '../accounts/overrun.ts';
import { isConsumable, type Resources } from '../accounts/registry.ts';
import { answerOf } from '../answer-of.ts';
import { answered, type Context, type Decision, nameAt, stamp } from '../context.ts';
import { closesWith } from '../nodes/auto-close.ts';
import { bookedAt } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { mayActFor } from '../rules/authority.ts';
import type { Allocation, Team, Tombstone } from '../team.ts';
import { earlierOfEnd, earlierOfLate } from '../windows/earlier.ts';
import { above, consumablesOf, growthOf } from './end.ts';
import { failedOf, strayFailure } from './failed.ts';
import { backOf } from './reservation.ts';

/** Books what an allocation really used. Never capped, exactly once, late ones too. */
export function decideSettle(team: Team, command: CommandOf<'settle'>, ctx: Context): Decision {
  const live = team.allocations.get(command.allocation);
  const tomb = live === undefined ? team.tombstones.get(command.allocation) : undefined;
  const owner = live?.agent ?? tomb?.agent;
  if (owner === undefined) return missed(team, command, ctx);
  if (!mayActFor(team, ctx.agent, owner)) return answered(notYours(ctx, command.allocation));
  if (command.actual !== 'unknown') {
    for (const resource in command.actual) {
      const strange = strangeResource(team, resource);
      if (strange !== undefined) return answered(strange);
    }
  }
  const stray = strayFailure(team, command.failed, live?.items ?? (tomb as Tombstone).held, live);
  if (stray !== undefined) return answered(stray);
  return live === undefined
    ? settleLate(team, command, tomb as Tombstone, ctx)
    : settleLive(team, command, live, ctx);
}

/**
 * Nothing to settle. It is recorded under the id of the settle, if it has one: what was told once
 * stays so when an allocation of that name comes into being later.
 */
function missed(team: Team, command: CommandOf<'settle'>, ctx: Context): Decision {
  const { id, allocation } = command;
  const isUnrecorded = id === undefined || team.waiting.has(allocation);
  if (isUnrecorded || !team.nodes.has(team.name)) {
    return answered(unknownAllocation(team, allocation));
  }
  const event = { ...stamp('SettleMissed', team, ctx.atMs), ...commandCause(command, ctx) };
  return { events: [{ ...event, id, allocation }] };
}

function settleLive(
  team: Team,
  command: CommandOf<'settle'>,
  live: Allocation,
  ctx: Context,
): Decision {
  const { booked, isEstimated } = bookedBy(
    team.resources,
    command.actual,
    live.items,
    live.reported,
  );
  const implausible = implausibleOf(team, booked);
  if (implausible !== undefined) {
    return quarantine(team, ctx, live, command, booked, implausible);
  }
  if (leavesRange(live.node, growthOf(live.items, booked))) {
    return answered(refuse('amount_out_of_range', 'a sum would leave the range of 2^53'));
  }
  const rates = correctedRates(command.actual, live);
  if (rates !== undefined && rateLeavesRange(live, rates, ctx.atMs)) {
    return answered(refuse('amount_out_of_range', 'a rate would leave the range of 2^53'));
  }
  const overrun = above(booked, live.items);
  const returned = above(consumablesOf(team.resources, live.items), booked);
  const ended: EventOf<'AllocationEnded'> = {
    type: 'AllocationEnded',
    v: EVENT_VERSION,
    team: team.name,
    atMs: ctx.atMs,
    by: ctx.agent,
    allocation: live.id,
    as: 'settled',
    booked,
  };
  if (command.id !== undefined) ended.id = command.id;
  if (ctx.digest !== undefined) ended.digest = ctx.digest;
  if (overrun !== undefined) ended.overrun = overrun;
  if (rates !== undefined) ended.rates = rates;
  if (returned !== undefined) ended.returned = returned;
  if (live.marks !== undefined) Object.assign(ended, earlierOfEnd(live, booked));
  if (isEstimated) ended.estimated = true;
  if (command.failed !== undefined) Object.assign(ended, failedOf(command));
  const toReservation = backOf(team, live, booked);
  if (toReservation !== undefined) ended.toReservation = toReservation;
  if (closesWith(live.node, 1)) ended.closesStep = true;
  const run = isFarOver(team, live.node, overrun) ? runOf(live.node) : undefined;
  if (run === undefined) return { events: [ended] };
  const reason = `the settle of ${live.id} overran what it held by more than policy allows`;
  return { events: [ended, frozenRun(team, ctx, run, reason)] };
}

/** What a settle states of rates that differs from what the grant counted; undefined: nothing. */
function correctedRates(
  actual: CommandOf<'settle'>['actual'],
  { counted }: Allocation,
): Amounts | undefined {
  if (counted === undefined || actual === 'unknown') return undefined;
  let rates: Record<string, number> | undefined;
  for (const { resource, amount } of counted) {
    const stated = actual[resource];
    if (stated === undefined || stated === 'unknown' || stated === amount) continue;
    rates ??= {};
    rates[resource] = stated;
  }
  return rates;
}

function rateLeavesRange({ counted }: Allocation, rates: Amounts, nowMs: number): boolean {
  return (counted ?? []).some(({ gauge, resource, amount }) => {
    const actual = rates[resource] ?? amount;
    const more = gauge.correctionOf(amount, actual);
    return more > Number.MAX_SAFE_INTEGER - gauge.countedAt(nowMs);
  });
}

function settleLate(
  team: Team,
  command: CommandOf<'settle'>,
  tomb: Tombstone,
  ctx: Context,
): Decision {
  if (tomb.isSettled) {
    return tomb.digest === ctx.digest
      ? { events: [], repeats: tomb.at }
      : { events: [], conflictsWith: tomb.at };
  }
  const anchor = bookedAt(team, tomb);
  if (anchor === undefined) return answered(refuse('node_closed', `${team.name} is closed`));
  const { booked, isEstimated } = bookedBy(team.resources, command.actual, tomb.held, tomb.booked);
  const implausible = implausibleOf(team, booked);
  if (implausible !== undefined) {
    const gone = { id: command.allocation, node: anchor };
    return quarantine(team, ctx, gone, command, booked, implausible);
  }
  const more = above(booked, tomb.booked) ?? {};
  const returned = above(tomb.booked, booked);
  if (leavesRange(anchor, more)) {
    return answered(refuse('amount_out_of_range', 'a sum would leave the range of 2^53'));
  }
  const late: EventOf<'LateSettled'> = {
    ...stamp('LateSettled', team, ctx.atMs),
    ...commandCause(command, ctx),
    allocation: command.allocation,
    path: anchor.path,
    booked: more,
    ...(returned === undefined ? {} : { returned }),
    ...earlierOfLate(anchor, tomb, booked),
    ...(isEstimated ? { estimated: true } : {}),
    ...failedOf(command),
  };
  // Only resources of which this settle adds something; the rest was told at the end.
  const overrun: Record<string, number> = {};
  for (const resource in more) {
    const over = (booked[resource] as number) - (tomb.held[resource] ?? 0);
    if (over > 0) overrun[resource] = over;
  }
  const run = isFarOver(team, anchor, overrun) ? runOf(anchor) : undefined;
  if (run === undefined) return { events: [late] };
  const reason = `the late settle of ${command.allocation} overran what it held by more than is allowed`;
  return { events: [late, frozenRun(team, ctx, run, reason)] };
}

/**
 * What a settle books, of consumables: what it states; where it states nothing, what was reported
 * before, else what was held. Explicit zero is zero. After the end `known` is what was booked.
 */
function bookedBy(
  resources: Resources,
  actual: CommandOf<'settle'>['actual'],
  held: Amounts,
  known: Amounts,
): { booked: Amounts; isEstimated: boolean } {
  const booked: Record<string, number> = {};
  let isEstimated = false;
  for (const resource in held) {
    if (!isConsumable(resources, resource)) continue;
    const stated = actual === 'unknown' ? 'unknown' : (actual[resource] ?? 'unknown');
    if (stated === 'unknown') {
      isEstimated = true;
      booked[resource] = known[resource] ?? held[resource] ?? 0;
    } else {
      booked[resource] = stated;
    }
  }
  if (actual !== 'unknown') {
    for (const resource in actual) {
      const stated = actual[resource];
      if (held[resource] !== undefined || stated === 'unknown' || stated === undefined) continue;
      if (isConsumable(resources, resource)) booked[resource] = stated;
    }
  }
  // What was used of what was never held, and told before.
  for (const resource in known) {
    if (booked[resource] !== undefined) continue;
    if (!isConsumable(resources, resource)) continue;
    isEstimated = true;
    booked[resource] = known[resource] as number;
  }
  return { booked, isEstimated };
}

/** The limits that a single settle exceeds beyond belief, or undefined. */
export function implausibleOf(team: Team, booked: Amounts): Amounts | undefined {
  const root = team.nodes.get(team.name);
  const exceeded: Record<string, number> = {};
  for (const resource in booked) {
    if (!isConsumable(team.resources, resource)) continue;
    const max = team.policy.settleMax?.[resource] ?? root?.accounts.get(resource)?.limit ?? null;
    if (max !== null && (booked[resource] as number) > max) exceeded[resource] = max;
  }
  return Object.keys(exceeded).length > 0 ? exceeded : undefined;
}

/** Books nothing: sounds the alarm, and freezes the run until an operator has looked at it. */
export function quarantine(
  team: Team,
  ctx: Context,
  about: { readonly id: string; readonly node: Node },
  command: CommandOf<'settle' | 'report'>,
  amounts: Amounts,
  limit: Amounts,
): Decision {
  const event: EventOf<'UsageQuarantined'> = {
    ...stamp('UsageQuarantined', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: about.node.path,
    allocation: about.id,
    amounts,
    limit,
  };
  const run = runOf(about.node);
  if (run === undefined) return { events: [event] };
  const reason = `implausible use stated for ${about.id}`;
  for (const freeze of run.freezes?.values() ?? []) {
    if (freeze.reason === reason) return answered(answerOf(event, ctx.atMs, undefined) as Answer);
  }
  return { events: [event, frozenRun(team, ctx, run, reason)] };
}

/** The second event of a decision: a freeze of the run, for an operator to take off. */
function frozenRun(team: Team, ctx: Context, run: Node, reason: string): EventOf<'Frozen'> {
  const freeze = nameAt(team, 'w', ctx.at, 1);
  return { ...stamp('Frozen', team, ctx.atMs), path: run.path, freeze, reason };
}

/** The run that a node is or belongs to; undefined for what is above runs. */
function runOf(node: Node): Node | undefined {
  let at: Node | undefined = node;
  while (at !== undefined && at.tier !== 'run') at = at.parent;
  return at;
}

/** Cause fields of an event from a command. */
export function commandCause(command: { readonly id?: string | undefined }, ctx: Context) {
  return {
    ...(command.id === undefined ? {} : { id: command.id }),
    by: ctx.agent,
    ...(ctx.digest === undefined ? {} : { digest: ctx.digest }),
  };
}

/** Refusal for an allocation that is not known. */
export function unknownAllocation(team: Team, id: string) {
  const hint =
    team.waiting.has(id) || team.approvals.has(id)
      ? 'it still waits and holds nothing'
      : 'nothing of that id';
  return refuse('unknown_allocation', `no allocation ${id}: ${hint}`);
}

/** Refusal for an allocation of somebody else. */
export function notYours(ctx: Context, id: string) {
  return refuse('not_permitted', `${id} was not granted to ${ctx.agent}`);
}
