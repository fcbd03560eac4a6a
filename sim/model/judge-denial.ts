import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { DenialReason } from '../../events/reasons.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { latestStartMs, nodeEndOf, priorityOf, termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { type Need, nearest, needs, parentOf, pathLimit } from './books.ts';
import { isLoser } from './circles.ts';
import { coveredBy, needsBeside, reservationOf } from './draws.ts';
import { neverFits } from './empty-tree.ts';
import { rulesMet } from './judge-approval.ts';
import { isBarredByBreaker, judgeBreakerRetry } from './judge-breakers.ts';
import { levelBarOf } from './levels.ts';
import { aheadWhereNamed } from './line.ts';
import { isPartDue } from './part-due.ts';
import { mayUsePool } from './pools.ts';
import { asRanked } from './rank.ts';
import { neverRated, rateNeeds, shortRates } from './rates.ts';
import { slowStartsShort } from './slow-start.ts';
import { withoutEarmark } from './tentative.ts';
import { isToolBarred } from './tools.ts';

type Denied = Bench<EventOf<'RequestDenied'>>;

const BARS: ReadonlySet<DenialReason> = new Set<DenialReason>([
  'frozen',
  'stopped',
  'closing',
  'unknown_node',
  'node_closed',
]);

/** Reasons that lie in the ask alone. */
const OF_THE_ASK: ReadonlySet<DenialReason> = new Set<DenialReason>([
  'unbounded',
  'unknown_resource',
  'deadline_unreachable',
  'amount_out_of_range',
  'queue_full',
  'degraded',
  'tool_not_allowed',
  'pool_not_allowed',
  'rule_denied',
  'approval_declined',
  'approval_expired',
]);

/** Reasons that are looked at before a breaker is, or come of another one. */
const BEFORE_BREAKERS: ReadonlySet<DenialReason> = new Set<DenialReason>([
  ...BARS,
  'unbounded',
  'amount_out_of_range',
  'unknown_resource',
  'approval_declined',
  'approval_expired',
  'breaker_open',
]);

/** S §5 and §7: a denial has a true reason, and the one that comes first. */
export function judgeDenial(bench: Denied): void {
  const { state, event, find } = bench;
  const waiting = state.waiting.get(event.id);
  if ((waiting !== undefined) !== (event.waited === true)) {
    find('S §5', waiting ? 'it had waited' : 'it had not waited', event.id);
  }
  withoutEarmark(state, waiting, () => {
    const isByBreaker = event.reason === 'breaker_open' && isBarredByBreaker(state, event);
    if (!isByBreaker && !isTrue(bench))
      find('S §7', `denied ${event.reason}, which is not so`, event.id);
    judgeShort(bench);
    judgeRetry(bench);
  });
  const self = asRanked(state, event, priorityOf(event.ask));
  const level = levelBarOf(state, event.ask, waiting?.priority ?? priorityOf(event.ask));
  const isOfRoom =
    level === undefined &&
    event.reason !== 'breaker_open' &&
    !BARS.has(event.reason) &&
    !OF_THE_ASK.has(event.reason);
  // A level that denies is looked at before breakers are, one that lets wait after them.
  const isByLevel = event.reason === 'degraded' && level === 'deny';
  if (waiting === undefined && !isByLevel && !BEFORE_BREAKERS.has(event.reason)) {
    if (isBarredByBreaker(state, event)) {
      find('S §7', `denied ${event.reason}, though a breaker is open`, event.id);
    }
  }
  const isDraw = event.ask.reservationId !== undefined;
  if (waiting === undefined && isOfRoom && !isDraw && isPartDue(state, event.id, event.ask, self)) {
    find('S §7', `denied ${event.reason}, though a part of it is due`, event.id);
  }
  if (level === 'deny' && !BARS.has(event.reason) && !isBeforeLevels(event)) {
    find('X-03', `denied ${event.reason}, though its level does not admit it`, event.id);
  }
  const bars = barsOf(state, event.ask.path, waiting?.priority ?? priorityOf(event.ask));
  if (
    bars.size > 0 &&
    !BARS.has(event.reason) &&
    event.reason !== 'unbounded' &&
    !event.reason.startsWith('approval')
  ) {
    find('S §7', `denied ${event.reason}, though it is ${[...bars]}`, event.id);
  }
}

/** What is looked at before levels are, or comes up at its own time. */
function isBeforeLevels({ reason }: EventOf<'RequestDenied'>): boolean {
  const before = ['degraded', 'unbounded', 'unknown_resource', 'amount_out_of_range'];
  return before.includes(reason) || reason.startsWith('approval') || reason === 'wait_timeout';
}

function isTrue(bench: Denied): boolean {
  const { state, event } = bench;
  const { ask, reason } = event;
  const waiting = state.waiting.get(event.id);
  const priority = waiting?.priority ?? priorityOf(ask);
  if (reason === 'recovering') return slowStartsShort(state, ask, priority).length > 0;
  if (reason !== 'degraded') return isTrueAtAnyLevel(bench);
  return isLevelBarred(state, event, priority, waiting?.isPreempting === true);
}

function isTrueAtAnyLevel({ state, event }: Denied): boolean {
  const { ask, reason, atMs } = event;
  const waiting = state.waiting.get(event.id);
  const priority = waiting?.priority ?? priorityOf(ask);
  const terms = termsOf(ask, state);
  switch (reason) {
    case 'frozen':
    case 'stopped':
    case 'closing':
    case 'unknown_node':
    case 'node_closed':
      return barsOf(state, ask.path, priority).has(reason);
    case 'unbounded':
      return terms.unbounded.length > 0;
    case 'unknown_resource':
      return Object.keys(ask.items).some(
        (name) => resourceTypeOf(name, state.policy.resources) === undefined,
      );
    case 'deadline_unreachable': {
      const deadlineAtMs =
        waiting?.deadlineAtMs ?? (ask.deadlineMs === undefined ? null : atMs + ask.deadlineMs);
      return atMs > latestStartMs(ask, deadlineAtMs, nodeEndOf(state.nodes, ask.path));
    }
    case 'wait_timeout':
      return waiting !== undefined && atMs >= waiting.untilMs;
    case 'queue_full':
      return state.waiting.size >= LIMITS.queueDepthMax;
    case 'never_fits':
      return (
        neverFits(state, ask.path, terms.least, priority) ||
        neverRated(state, ask.path, terms.rates)
      );
    case 'queued_ahead':
      return (
        aheadWhereNamed(
          state,
          event.id,
          ask.path,
          Object.keys({ ...terms.want, ...terms.rates }),
          waiting ?? asRanked(state, event, priority),
        ).length > 0
      );
    case 'tool_not_allowed':
      return isToolBarred(state, event.by, ask);
    case 'pool_not_allowed':
      return Object.keys(ask.items).some((pool) => !mayUsePool(state, ask.path, pool));
    case 'rule_denied':
      return rulesMet(state, event.by, ask).some(({ effect }) => effect === 'deny');
    case 'approval_declined':
      return state.approvals.get(event.id)?.hasAnswer === true;
    case 'approval_expired':
      return atMs >= (state.approvals.get(event.id)?.untilMs ?? Number.POSITIVE_INFINITY);
    case 'amount_out_of_range':
      return leavesRange(state, ask.path, terms.want);
    case 'deadlock':
      return waiting !== undefined && isLoser(state, waiting);
    case 'reservation_ahead':
      return atMs < (reservationOf(state, ask)?.startsAtMs ?? 0);
    case 'reservation_short':
      return isReservationShort(state, ask, terms.want);
    default:
      return (
        (ask.reservationId !== undefined || !neverFits(state, ask.path, terms.least, priority)) &&
        (needsBeside(state, ask, terms.want).some(
          (need) => need.need > need.room && conflictOf(state, need) === reason,
        ) ||
          shortRates(state, ask.path, terms.rates).some(
            ({ resource }) => rateConflictOf(state, resource) === reason,
          ))
      );
  }
}

/**
 * A level denies it; or lets it wait, and it would not, or cannot: as it draws or collects, or as
 * it asks for nothing that is limited and so has nothing to wait for.
 */
function isLevelBarred(
  state: Denied['state'],
  { ask }: EventOf<'RequestDenied'>,
  priority: number,
  isPreempting: boolean,
): boolean {
  const bar = levelBarOf(state, ask, priority);
  if (bar !== 'queue') return bar === 'deny';
  if ((ask.maxWaitMs ?? 0) === 0 || ask.reservationId !== undefined || isPreempting) return true;
  const { want, rates } = termsOf(ask, state);
  return Object.entries({ ...want, ...rates }).every(
    ([resource, amount]) => amount === 0 || pathLimit(state.nodes, ask.path, resource) === null,
  );
}

function leavesRange(state: Denied['state'], path: string, want: Record<string, number>): boolean {
  return Object.entries(want).some(([resource, amount]) => {
    for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
      const account = node.accounts.get(resource);
      if ((account?.committed ?? 0) + amount > Number.MAX_SAFE_INTEGER) return true;
    }
    return false;
  });
}

/** Less is left than is asked of it, or nothing any more where it is over. */
function isReservationShort(
  state: Denied['state'],
  ask: EventOf<'RequestDenied'>['ask'],
  want: Record<string, number>,
): boolean {
  const from = reservationOf(state, ask);
  if (from === undefined) return true;
  const covered = Object.entries(coveredBy(from, want));
  return covered.some(([resource, amount]) => amount > (from.left[resource] ?? 0));
}

/** The kind of contention for a rate: of calls, or of something else in a time. */
function rateConflictOf(state: Denied['state'], resource: string): DenialReason {
  const type = resourceTypeOf(resource, state.policy.resources);
  return type?.unit === 'calls' ? 'tool_limit_reached' : 'insufficient_resource';
}

/** The kind of contention on an account. */
function conflictOf(state: Denied['state'], { node, resource }: Need): DenialReason {
  if (resource.startsWith('pool.')) {
    const { unit } = resourceTypeOf(resource, state.policy.resources) ?? {};
    return unit === 'bytes' ? 'insufficient_memory' : 'concurrency_limit_reached';
  }
  if (resource === 'credits') return 'insufficient_credits';
  if (resource === 'compute_ms') return 'insufficient_time';
  if (resource === 'memory') return 'insufficient_memory';
  if (resource === 'tool_calls' || resource.startsWith('tool.')) return 'tool_limit_reached';
  if (resource === 'concurrency' || resource === 'allocations') return 'concurrency_limit_reached';
  if (resource.startsWith('slot.')) {
    return pathLimit(state.nodes, node.path, resource) === 1 ||
      node.accounts.get(resource)?.limit === 1
      ? 'exclusive_access_required'
      : 'concurrency_limit_reached';
  }
  return 'insufficient_resource';
}

/** advice to come again for a rate is exact: there is room then, and not a moment before. */
function judgeRetry(bench: Denied): void {
  const { state, event, find } = bench;
  if (event.reason === 'breaker_open') return judgeBreakerRetry(bench);
  const { atMs, ask, retryAfterMs } = event;
  if (event.retryOn !== 'time' || retryAfterMs === undefined) return;
  const slow = slowStartsShort(state, ask, priorityOf(ask));
  if (slow.length > 0) {
    const nextAtMs = Math.max(
      ...slow.map(({ path }) => state.nodes.get(path)?.recovery?.nextAtMs ?? 0),
    );
    if (atMs + retryAfterMs !== nextAtMs) find('X-05', 'the next interval begins else', event.id);
    return;
  }
  const { rates } = termsOf(ask, state);
  const isShortAt = (nowMs: number) =>
    rateNeeds(state, ask.path, rates, nowMs).some(({ need, room }) => need > room);
  if (isShortAt(atMs + retryAfterMs)) find('R-17', 'there is no room yet then', event.id);
  if (!isShortAt(atMs + retryAfterMs - 1)) find('R-17', 'there is room before', event.id);
}

/** Every tier that a denial names is on the path and as short as it says. */
function judgeShort({ state, event, find }: Denied): void {
  if (event.reason === 'never_fits' || event.reason === 'reservation_short') return;
  const terms = termsOf(event.ask, state);
  const asked = [
    ...needsBeside(state, event.ask, terms.want),
    ...shortRates(state, event.ask.path, terms.rates),
  ];
  const least = needs(state.nodes, event.ask.path, terms.least);
  const slow = slowStartsShort(state, event.ask, priorityOf(event.ask));
  for (const { path, resource, needed, available } of event.short ?? []) {
    const isSlow = slow.some(
      (one) =>
        one.path === path &&
        one.resource === resource &&
        one.need === needed &&
        one.room === available,
    );
    if (isSlow) continue;
    const isSo = [...asked, ...least].some(
      ({ node, resource: of, need, room }) =>
        node.path === path && of === resource && need === needed && Math.max(0, room) === available,
    );
    if (!isSo) {
      find('S §5', `${path} is not short of ${resource}: ${needed} of ${available}`, event.id);
    }
  }
}
