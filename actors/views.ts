import type { AnswerOf } from '../events/answers.ts';
import type { BalanceLine } from '../events/balance-line.ts';
import type { RateLine } from '../events/rate-line.ts';
import type { ResourceReservation } from '../events/views.ts';
import { type Account, contributionOf } from './accounts/account.ts';
import { effectiveAvailable, effectiveLimit, shownAvailable } from './accounts/admission.ts';
import { termsOf } from './accounts/balance-terms.ts';
import { typeIn } from './accounts/registry.ts';
import type { Reservation } from './allocations/reservation.ts';
import { breakersAt } from './breakers/breaker-view.ts';
import { stopView } from './emergencies/stop-progress.ts';
import { type Forecast, forecastOf } from './forecasts/forecast.ts';
import { crisisView } from './levels/told.ts';
import { type Node, nameOf } from './nodes/node.ts';
import { expectedWaitMs } from './queue/expected-wait.ts';
import { queueAgeView } from './queue/queue-age.ts';
import { waitBoundMs } from './queue/wait-bound.ts';
import { effectivePriority, type Waiting } from './queue/wait-queue.ts';
import { rateRoom, ratesReadyAtMs } from './rates/rates.ts';
import type { Allocation, Team } from './team.ts';

/** What of a reserve is shown, where there is one. */
function reserveOf({ reserved, reserveTarget, reserveDrawn }: Account) {
  return reserveTarget === 0 && reserved === 0 ? {} : { reserved, reserveTarget, reserveDrawn };
}

/** The balance of a node, own and with descendants, one line a resource. */
export function balanceOf(
  team: Team,
  node: Node,
  nowMs: number,
  withHistory = false,
): AnswerOf<'balance'> {
  const lines: BalanceLine[] = [];
  for (const [resource, account] of node.accounts) {
    const type = typeIn(team.resources, resource);
    lines.push({
      resource,
      unit: type?.unit ?? '',
      class: type?.class ?? '',
      limit: account.limit,
      effectiveLimit: effectiveLimit(node, resource),
      guarantee: account.guarantee,
      lend: account.lend,
      lent: Math.max(0, account.guarantee - contributionOf(account)),
      borrowed: node.parent === undefined ? 0 : Math.max(0, account.committed - account.guarantee),
      held: account.held,
      spent: account.spent,
      heldTree: account.heldTree,
      spentTree: account.spentTree,
      earmarked: account.earmarked,
      booked: account.booked,
      ...reserveOf(account),
      committed: account.committed,
      available: shownAvailable(account),
      effectiveAvailable: effectiveAvailable(node, resource),
      short: account.limit !== null && account.committed > account.limit,
      shortBy: account.limit === null ? 0 : Math.max(0, account.committed - account.limit),
      peakHeld: account.peakHeld,
      ...termsOf(node, resource, account, nowMs, withHistory),
      ...forecastView(forecastOf(team, node, resource, nowMs)),
      ...queueAgeView(team, node.path, resource, nowMs),
    });
  }
  const crisis = crisisView(team, node, nowMs);
  return {
    outcome: 'balance',
    path: node.path,
    tier: node.tier,
    phase: node.phase,
    frozen: (node.freezes?.size ?? 0) > 0,
    freezes: [...(node.freezes?.keys() ?? [])],
    stops: [...(node.stops?.keys() ?? [])],
    ...(node.stops === undefined ? {} : { stopping: stopViews(node, nowMs) }),
    ...(crisis === undefined ? {} : { crisis }),
    liveAllocations: node.liveTree,
    ...branchView(node),
    deadlineInMs: node.deadlineAtMs === Infinity ? null : Math.max(0, node.deadlineAtMs - nowMs),
    reservations: [...(node.reservations ?? [])].map((one) => reservationView(one, nowMs)),
    lines: lines.sort((a, b) => (a.resource < b.resource ? -1 : 1)),
    ...(node.rates === undefined ? {} : { rates: rateLines(team, node, nowMs) }),
    ...(team.breakers.size === 0 ? {} : { breakers: breakersAt(team, node.path, nowMs) }),
    children: [...node.children].map(nameOf).sort(),
  };
}

function stopViews({ stops }: Node, nowMs: number) {
  return [...(stops?.values() ?? [])].map((stop) => stopView(stop, nowMs));
}

function forecastView(forecast: Forecast | undefined): Pick<BalanceLine, 'forecast'> {
  if (forecast === undefined) return {};
  const { ratePerHour, lastsMs, earliestMs, latestMs } = forecast;
  return { forecast: { ratePerHour, lastsMs, earliestMs, latestMs } };
}

/** Whose branch a node is, or how it divides its limits over its own. */
function branchView({ isBranch, parent, branching }: Node): Partial<AnswerOf<'balance'>> {
  return {
    ...(isBranch && parent !== undefined ? { branchOf: parent.path } : {}),
    ...(branching === undefined ? {} : { branchBy: branching.by }),
  };
}

function reservationView(reservation: Reservation, nowMs: number): ResourceReservation {
  const { id, node, by, items, left, startsAtMs, endsAtMs } = reservation;
  return {
    id,
    path: node.path,
    by,
    items,
    left,
    startsInMs: Math.max(0, startsAtMs - nowMs),
    endsInMs: Math.max(0, endsAtMs - nowMs),
  };
}

/** The rates that a node limits, as they stand at an instant. */
function rateLines(team: Team, node: Node, nowMs: number): RateLine[] {
  const lines: RateLine[] = [];
  for (const [resource, gauge] of node.rates ?? []) {
    const readyAtMs = ratesReadyAtMs(node, { [resource]: 1 }, nowMs);
    const available = gauge.roomAt(nowMs);
    lines.push({
      resource,
      unit: typeIn(team.resources, resource)?.unit ?? '',
      limit: gauge.limit,
      ms: gauge.meter.ms,
      by: gauge.meter.by,
      burst: gauge.burst,
      counted: gauge.countedAt(nowMs),
      available,
      effectiveAvailable: rateRoom(node, resource, nowMs) ?? available,
      retryAfterMs: readyAtMs === Infinity ? null : readyAtMs - nowMs,
    });
  }
  return lines.sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

/** A live allocation; the lease as a duration. */
export function allocationView(allocation: Allocation, nowMs: number): AnswerOf<'allocation'> {
  return {
    outcome: 'allocation',
    allocation: {
      id: allocation.id,
      path: allocation.node.path,
      agent: allocation.agent,
      items: allocation.items,
      reported: allocation.reported,
      priority: allocation.priority,
      state: allocation.yieldsTo === null ? 'live' : 'yielding',
      expiresInMs: Math.max(0, allocation.expiresAtMs - nowMs),
    },
  };
}

/** A waiting request and where it stands. */
export function waitingView(team: Team, waiting: Waiting, nowMs: number) {
  const { path, resource } = waiting.account;
  const queue = team.nodes.get(path)?.queues?.get(resource);
  return {
    id: waiting.id,
    path: waiting.ask.path,
    agent: waiting.agent,
    resource,
    account: path,
    position: (queue?.countAhead(waiting) ?? 0) + 1,
    priority: waiting.priority,
    effectivePriority: effectivePriority(waiting, nowMs, team.policy.aging),
    waitedMs: nowMs - waiting.sinceMs,
    timeoutInMs: Math.max(0, waiting.untilMs - nowMs),
    state: waiting.state,
    ...(waiting.ask.topsUp === undefined ? {} : { topsUp: waiting.ask.topsUp }),
  };
}

/** What an agent is told of a request that is still pending. */
export function pendingAnswer(
  team: Team,
  waiting: Waiting,
  nowMs: number,
): AnswerOf<'queued' | 'preempting'> {
  const { position, timeoutInMs } = waitingView(team, waiting, nowMs);
  if (waiting.state === 'preempting') {
    return {
      outcome: 'preempting',
      id: waiting.id,
      victims: [...waiting.victims],
      right: waiting.right ?? 'priority',
      graceMs: Math.max(0, (waiting.graceEndsAtMs ?? nowMs) - nowMs),
      rule: 'pending',
    };
  }
  return {
    outcome: 'queued',
    id: waiting.id,
    account: waiting.account,
    position,
    expectedWaitMs: expectedWaitOf(team, waiting, nowMs),
    waitBoundMs: leftOf(waitBoundMs(team, waiting.priority), nowMs - waiting.queuedAtMs),
    timeoutInMs,
    rule: 'pending',
  };
}

/** When a waiting request may be served, ms from now; null where nothing is known. */
function expectedWaitOf(team: Team, waiting: Waiting, nowMs: number): number | null {
  const { path, resource } = waiting.account;
  const node = team.nodes.get(path);
  if (node === undefined) return null;
  const queue = node.queues?.get(resource);
  const amount = waiting.ask.items[resource]?.amount ?? 0;
  const ahead = queue?.countAhead(waiting) ?? 0;
  return expectedWaitMs(node, resource, amount, queue, ahead, nowMs);
}

/** What is left of a time of which some has passed; null stays null. */
function leftOf(ms: number | null, passedMs: number): number | null {
  return ms === null ? null : Math.max(0, ms - passedMs);
}
