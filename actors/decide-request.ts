import type { CommandOf, ResourceAllocationRequest } from '../events/commands.ts';
import type { DenialReason } from '../events/events.ts';
import { refuse } from '../events/refusals.ts';
import { type Amounts, resourceTypeOf } from '../events/resources.ts';
import { fits, leavesRange } from './admission.ts';
import { priorityCapOf } from './authority.ts';
import { type Candidate, detect, meetsQueue } from './contention.ts';
import { answered, type Context, type Decision, nameAt, recorded } from './context.ts';
import { slackMsOf } from './deadline.ts';
import { denialOf } from './denial.ts';
import { barrierOf, locate } from './locate.ts';
import { grantOf, resolve } from './resolver.ts';
import type { Team } from './team.ts';

/** Priority of a request that names none. */
export const PRIORITY_DEFAULT = 100;

/** Decides a request: before anything is spent, over all tiers and resources at once. */
export function decideRequest(team: Team, command: CommandOf<'request'>, ctx: Context): Decision {
  const ask = askOf(command);
  const id = command.id ?? nameAt(team, 'w', ctx.at);
  const priority = ask.priority ?? PRIORITY_DEFAULT;
  if (ask.deadlineMs !== undefined && ask.deadlineMs <= 0) {
    return answered(
      refuse('deadline_past', `the deadline lies ${-ask.deadlineMs} ms back`, { id }),
    );
  }
  for (const resource in ask.items) {
    if (resourceTypeOf(resource) === undefined) {
      return answered(refuse('unknown_resource', `${resource} is in no registry`, { id }));
    }
  }
  const { agent, digest } = ctx;
  const deny = (reason: DenialReason, path: string) =>
    recorded(denialOf(team, { id, agent, digest, ask }, reason, path, ctx.atMs));
  const place = locate(team, ask.path);
  if (typeof place === 'string') return deny(place, ask.path);
  const cap = priorityCapOf(team, ctx.agent, place.anchor);
  if (priority > cap) {
    const message = `priority ${priority} is above the cap of ${cap} for ${ctx.agent} on ${ask.path}`;
    return answered(refuse('not_permitted', message, { id }));
  }
  const wanted = boundedAmounts(team, ask);
  if (wanted === undefined) return deny('unbounded', ask.path);
  if (leavesRange(place.anchor, wanted)) {
    return answered(refuse('amount_out_of_range', 'a sum would leave the range of 2^53', { id }));
  }
  const barrier = barrierOf(place.anchor, priority);
  if (barrier !== undefined) return deny(barrier.reason, barrier.path);
  if (slackMsOf(ask) < 0) return deny('deadline_unreachable', ask.path);
  const candidate: Candidate = {
    id,
    agent,
    digest,
    ask,
    wanted,
    least: leastOf(ask, wanted),
    priority,
    place,
    atMs: ctx.atMs,
  };
  const isFree = fits(place.anchor, wanted) && !meetsQueue(team, place.anchor, wanted);
  const contest = isFree ? undefined : detect(team, candidate);
  return contest === undefined
    ? recorded(grantOf(team, candidate, wanted, 'request', { rule: 'fits' }))
    : { events: resolve(team, contest, ctx) };
}

/** What is recorded of a request: nothing that may differ between two tries. */
export function askOf(command: CommandOf<'request'>): ResourceAllocationRequest {
  const ask: ResourceAllocationRequest = { path: command.path, items: command.items };
  if (command.priority !== undefined) ask.priority = command.priority;
  if (command.businessImpact !== undefined) ask.businessImpact = command.businessImpact;
  if (command.deadlineMs !== undefined) ask.deadlineMs = command.deadlineMs;
  if (command.expectedMs !== undefined) ask.expectedMs = command.expectedMs;
  if (command.ttlMs !== undefined) ask.ttlMs = command.ttlMs;
  if (command.maxWaitMs !== undefined) ask.maxWaitMs = command.maxWaitMs;
  if (command.graceMs !== undefined) ask.graceMs = command.graceMs;
  if (command.strategy !== undefined) ask.strategy = command.strategy;
  if (command.preemptible !== undefined) ask.preemptible = command.preemptible;
  return ask;
}

/** The amounts asked for, unbounded items bounded by policy; undefined where it does not. */
export function boundedAmounts(team: Team, ask: ResourceAllocationRequest): Amounts | undefined {
  const amounts: Record<string, number> = {};
  for (const resource in ask.items) {
    const amount = ask.items[resource]?.amount ?? team.policy.bounds[resource];
    if (amount === undefined) return undefined;
    amounts[resource] = amount;
  }
  return amounts;
}

/** The least of each item that is of use: `min`, else all of it. */
export function leastOf(ask: ResourceAllocationRequest, wanted: Amounts): Amounts {
  const least: Record<string, number> = {};
  for (const resource in wanted) {
    least[resource] = Math.min(ask.items[resource]?.min ?? Infinity, wanted[resource] as number);
  }
  return least;
}
