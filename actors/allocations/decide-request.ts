import type { Refusal } from '../../events/answers.ts';
import type { CommandOf } from '../../events/commands.ts';
import type { BursarEvent, Factors } from '../../events/events.ts';
import type { Priority } from '../../events/priority.ts';
import type { DenialReason } from '../../events/reasons.ts';
import { refuse } from '../../events/refusals.ts';
import type { ResourceAllocationRequest as Ask } from '../../events/request-command.ts';
import { ALLOCATIONS, type Amounts } from '../../events/resources.ts';
import { fits, leavesRange } from '../accounts/admission.ts';
import { boundedAmounts } from '../accounts/bounded-amounts.ts';
import { strangeResource } from '../accounts/known-resource.ts';
import { typeIn } from '../accounts/registry.ts';
import { barringOf, denyingOf } from '../breakers/barring.ts';
import { breakerDenial, heldBehind } from '../breakers/decide-barred.ts';
import { withFallbacks } from '../breakers/fallback.ts';
import {
  type Candidate,
  candidateFor,
  detect,
  meetsQueue,
  rankOf,
} from '../contests/contention.ts';
import { canNeverFit, grantOf, resolve } from '../contests/resolver.ts';
import { BY_BACKFILL } from '../contests/strategy.ts';
import { answered, type Context, type Decision, nameAt, recorded } from '../context.ts';
import { holdBack, levelDenial } from '../levels/hold-back.ts';
import { levelBar } from '../levels/level-bar.ts';
import { slackMsOf } from '../nodes/deadline.ts';
import { barrierOf, locate, type Place } from '../nodes/locate.ts';
import { choosePools } from '../pools/choose-pools.ts';
import { backfillEndMs } from '../queue/backfill.ts';
import { ratesFit } from '../rates/rates.ts';
import { slowStartFits } from '../recovery/slow-start.ts';
import { beyondCap } from '../rules/caller-caps.ts';
import type { Team } from '../team.ts';
import { draw, strayDraw } from './decide-draw.ts';
import { denialOf } from './denial.ts';
import { ruledOut } from './ruled-out.ts';

/** Priority of a request that names none. */
export const PRIORITY_DEFAULT = 100;

/** Decides a request: before anything is spent, over all tiers and resources at once. */
export function decideRequest(team: Team, command: CommandOf<'request'>, ctx: Context): Decision {
  const sent = askOf(command);
  const id = command.id ?? nameAt(team, 'w', ctx.at);
  const priority = sent.priority ?? PRIORITY_DEFAULT;
  if (sent.deadlineMs !== undefined && sent.deadlineMs <= 0) {
    return answered(
      refuse('deadline_past', `the deadline lies ${-sent.deadlineMs} ms back`, { id }),
    );
  }
  const refused = refusedItems(team, sent);
  if (refused !== undefined) return answered({ ...refused, id });
  const { agent, digest } = ctx;
  const first: Asked = { id, agent, digest, ask: withFallbacks(team, sent), priority };
  const place = locate(team, sent.path);
  if (typeof place === 'string') return recorded(denialOf(team, first, place, sent.path, ctx.atMs));
  const asked = withPools(team, first, place, ctx.atMs);
  const { ask } = asked;
  const wanted = boundedAmounts(team, ask);
  const beyond = beyondCap(team, asked, place, wanted);
  if (beyond !== undefined) return answered(beyond);
  if (wanted === undefined) {
    return recorded(denialOf(team, asked, 'unbounded', ask.path, ctx.atMs));
  }
  const stray = strayDraw(team, ask, id);
  if (stray !== undefined) return answered(stray);
  if (leavesRange(place.anchor, wanted)) {
    return answered(refuse('amount_out_of_range', 'a sum would leave the range of 2^53', { id }));
  }
  return { events: decideAt(team, asked, place, wanted, ctx, false) };
}

/** Refuses what cannot be asked for, whatever the room. */
function refusedItems(team: Team, { items, anyOf }: Ask): Refusal | undefined {
  for (const resource in items) {
    const refused = refusedItem(team, resource, items[resource]);
    if (refused !== undefined) return refused;
  }
  if (anyOf === undefined) return undefined;
  for (const resource of anyOf.flatMap(({ pools }) => pools)) {
    const strange = strangeResource(team, resource);
    if (strange !== undefined) return strange;
    if (typeIn(team.resources, resource)?.class === 'capacity' && resource !== ALLOCATIONS)
      continue;
    return refuse('malformed', `${resource} is no pool: anyOf chooses among capacities`);
  }
  return undefined;
}

/** Refuses a resource that nobody knows, and a part of what cannot be divided. */
function refusedItem(team: Team, resource: string, item: Ask['items'][string] | undefined) {
  const strange = strangeResource(team, resource);
  if (strange !== undefined) return strange;
  if (resource === ALLOCATIONS) return refuse('malformed', `${ALLOCATIONS} count themselves`);
  if (item?.min === undefined || item.min === item.amount) return undefined;
  if (typeIn(team.resources, resource)?.class !== 'rate') return undefined;
  return refuse('rate_counted_at_grant', `${resource} is a rate: a part of it is not granted`);
}

/** A request on its way to a decision. */
export interface Asked {
  readonly id: string;
  readonly agent: string;
  readonly digest: number | undefined;
  readonly ask: Ask;
  readonly priority: Priority;
  /** Weighted use of the pools that were looked at for it. */
  readonly poolUse?: Factors | undefined;
}

/** A request with one pool of each group that it names, chosen as the books stand now. */
function withPools(team: Team, asked: Asked, place: Place, atMs: number): Asked {
  if (asked.ask.anyOf === undefined) return asked;
  const rank = rankOf({ ...asked, place, atMs }, team);
  return { ...asked, ...choosePools(team, asked, place.anchor, rank) };
}

/** Decides what an approver has agreed to, as if it had been asked for now. */
export function decideApproved(team: Team, agreed: Asked, ctx: Context): BursarEvent[] {
  const { path } = agreed.ask;
  const deny = (reason: DenialReason) => [denialOf(team, agreed, reason, path, ctx.atMs)];
  const place = locate(team, path);
  if (typeof place === 'string') return deny(place);
  const asked = withPools(team, agreed, place, ctx.atMs);
  const wanted = boundedAmounts(team, asked.ask);
  if (wanted === undefined) return deny('unbounded');
  for (const resource in wanted) {
    if (typeIn(team.resources, resource) === undefined) return deny('unknown_resource');
  }
  if (leavesRange(place.anchor, wanted)) return deny('amount_out_of_range');
  return decideAt(team, asked, place, wanted, ctx, true);
}

/** Decides a request whose place and amounts are known: barriers, rules of the policy, room. */
function decideAt(
  team: Team,
  asked: Asked,
  place: Place,
  amounts: Amounts,
  ctx: Context,
  isApproved: boolean,
): BursarEvent[] {
  const { ask, priority } = asked;
  const barrier = barrierOf(place.anchor, priority);
  if (barrier !== undefined) {
    return [denialOf(team, asked, barrier.reason, barrier.path, ctx.atMs)];
  }
  const bar = levelBar(team, place, priority, ask.items);
  if (bar?.refused === 'deny') return [levelDenial(team, asked, bar, ctx.atMs)];
  const barring = barringOf(team, ask);
  const mayWait = (ask.maxWaitMs ?? 0) > 0 && ask.reservationId === undefined;
  const denying = denyingOf(team, barring, mayWait);
  if (denying !== undefined) return [breakerDenial(team, asked, denying, ctx.atMs)];
  const byRule = ruledOut(team, asked, place.anchor, amounts, ctx.atMs, isApproved);
  if (byRule !== undefined) return [byRule];
  if (slackMsOf(ask, place.anchor, ctx.atMs) < 0) {
    return [denialOf(team, asked, 'deadline_unreachable', ask.path, ctx.atMs)];
  }
  const candidate = candidateFor(team, asked, place, amounts, ctx.atMs);
  if (bar !== undefined) return inVain(team, candidate, ctx) ?? [holdBack(team, candidate, bar)];
  const { wanted, rates } = candidate;
  if (barring.length > 0 && !canNeverFit(candidate)) return [heldBehind(team, candidate, barring)];
  if (ask.reservationId !== undefined) return [draw(team, candidate, ask.reservationId)];
  const isFree =
    fits(place.anchor, wanted) &&
    ratesFit(place.anchor, rates, ctx.atMs) &&
    slowStartFits(candidate) &&
    !meetsQueue(team, place.anchor, amounts);
  const contest = isFree ? undefined : detect(team, candidate);
  if (contest === undefined) return [grantOf(team, candidate, wanted, 'request', { rule: 'fits' })];
  if (!contest.isOwn) return inTime(team, candidate) ?? resolve(team, contest, ctx);
  // What is its own it need not give back in time for others, unless it would have to wait for it.
  const events = resolve(team, contest, ctx);
  return events.at(-1)?.type === 'RequestQueued' ? (inTime(team, candidate) ?? events) : events;
}

/** A grant past others who would not be served before it ends; undefined where there is no time. */
function inTime(team: Team, candidate: Candidate): BursarEvent[] | undefined {
  const endsByMs = backfillEndMs(team, candidate, rankOf(candidate, team));
  if (endsByMs === undefined) return undefined;
  const grant = grantOf(team, candidate, candidate.wanted, 'request', { rule: BY_BACKFILL });
  return [{ ...grant, endsByMs }];
}

/** The denial of what can never fit: whoever waits for the level to rise would stand in the way then. */
function inVain(team: Team, candidate: Candidate, ctx: Context): BursarEvent[] | undefined {
  if (candidate.ask.reservationId !== undefined || !canNeverFit(candidate)) return undefined;
  const contest = detect(team, candidate);
  return contest && resolve(team, contest, ctx);
}

/** What is recorded of a request: nothing that may differ between two tries. */
export function askOf(command: CommandOf<'request'>): Ask {
  const ask: Ask = { path: command.path, items: command.items };
  if (command.priority !== undefined) ask.priority = command.priority;
  if (command.businessImpact !== undefined) ask.businessImpact = command.businessImpact;
  if (command.deadlineMs !== undefined) ask.deadlineMs = command.deadlineMs;
  if (command.expectedMs !== undefined) ask.expectedMs = command.expectedMs;
  if (command.ttlMs !== undefined) ask.ttlMs = command.ttlMs;
  if (command.maxWaitMs !== undefined) ask.maxWaitMs = command.maxWaitMs;
  if (command.graceMs !== undefined) ask.graceMs = command.graceMs;
  if (command.strategy !== undefined) ask.strategy = command.strategy;
  if (command.preemptible !== undefined) ask.preemptible = command.preemptible;
  if (command.reservationId !== undefined) ask.reservationId = command.reservationId;
  if (command.topUpLater !== undefined) ask.topUpLater = command.topUpLater;
  if (command.anyOf !== undefined) ask.anyOf = command.anyOf;
  return ask;
}
