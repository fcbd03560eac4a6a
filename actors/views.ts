import type { AnswerOf } from '../events/answers.ts';
import type { BalanceLine } from '../events/balance-line.ts';
import { resourceTypeOf } from '../events/resources.ts';
import { effectiveAvailable, effectiveLimit, shownAvailable } from './admission.ts';
import { expectedWaitMs } from './expected-wait.ts';
import { type Node, nameOf } from './node.ts';
import type { Allocation, Team } from './team.ts';
import { effectivePriority, type Waiting } from './wait-queue.ts';

/** The balance of a node, own and with descendants, one line a resource. */
export function balanceOf(node: Node): AnswerOf<'balance'> {
  const lines: BalanceLine[] = [];
  for (const [resource, account] of node.accounts) {
    const type = resourceTypeOf(resource);
    lines.push({
      resource,
      unit: type?.unit ?? '',
      class: type?.class ?? '',
      limit: account.limit,
      effectiveLimit: effectiveLimit(node, resource),
      guarantee: account.guarantee,
      held: account.held,
      spent: account.spent,
      heldTree: account.heldTree,
      spentTree: account.spentTree,
      earmarked: account.earmarked,
      committed: account.committed,
      available: shownAvailable(account),
      effectiveAvailable: effectiveAvailable(node, resource),
      short: account.limit !== null && account.committed > account.limit,
      shortBy: account.limit === null ? 0 : Math.max(0, account.committed - account.limit),
      peakHeld: account.peakHeld,
    });
  }
  return {
    outcome: 'balance',
    path: node.path,
    tier: node.tier,
    phase: node.phase,
    frozen: (node.freezes?.size ?? 0) > 0,
    freezes: [...(node.freezes?.keys() ?? [])],
    stops: [...(node.stops?.keys() ?? [])],
    liveAllocations: node.liveTree,
    lines: lines.sort((a, b) => (a.resource < b.resource ? -1 : 1)),
    children: [...node.children].map(nameOf).sort(),
  };
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
      right: 'priority',
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
