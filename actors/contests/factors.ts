import type { Factors } from '../../events/events.ts';
import { usePermille } from '../accounts/account.ts';
import { slackMsOf } from '../nodes/deadline.ts';
import type { Node } from '../nodes/node.ts';
import { effectivePriority } from '../queue/wait-queue.ts';
import type { Team } from '../team.ts';
import type { Contest } from './contention.ts';
import { firstVictim } from './preemption.ts';

/**
 * The seven factors of a decision (F-01 … F-07), as plain values that a person can check against the
 * books: priority, deadline, scarcity, cost of preemption, load, fairness, reservations.
 */
export function factorsOf(team: Team, contest: Contest): Factors {
  const { candidate, account, node, queue } = contest;
  const { ask, atMs, priority } = candidate;
  const books = node.accounts.get(account.resource);
  const head = queue?.head;
  const victim = firstVictim(team, contest);
  const slackMs = slackMsOf(ask, candidate.place.anchor, atMs);
  return {
    priority,
    highestWaiting: head === undefined ? null : effectivePriority(head, atMs, team.policy.aging),
    slackMs: slackMs === Infinity ? null : slackMs,
    expectedWaitMs: contest.expectedWaitMs,
    scarcityPermille:
      books?.limit == null ? null : usePermille(Math.max(0, books.committed), books.limit),
    // Of the holder that would be evicted first, if any may be.
    victimPriority: victim === undefined ? null : victim.priority,
    victimRanMs: victim === undefined ? null : atMs - victim.grantedAtMs,
    loadWaiting: queue?.size ?? 0,
    loadLive: node.liveTree,
    aheadCount: contest.aheadCount,
    fairness: team.policy.queueing,
    runSharePermille: runSharePermille(candidate.place.anchor, contest),
    reservation: ask.reservationId !== undefined,
    // Set aside on the account for reservations, and for nobody else.
    booked: books?.booked ?? 0,
    divisible: isDivisible(contest),
    maxWaitMs: ask.maxWaitMs ?? 0,
    ...candidate.poolUse,
  };
}

/** What the run of a request has of the contested resource, in thousandths, by its weight. */
function runSharePermille(anchor: Node, { node, account }: Contest): number | null {
  const limit = node.accounts.get(account.resource)?.limit ?? null;
  if (limit === null) return null;
  const run = runOf(anchor);
  const books = run.accounts.get(account.resource);
  const used = Math.max(0, (books?.heldTree ?? 0) + (books?.spentTree ?? 0));
  return Math.floor((usePermille(used, limit) * 1_000) / run.weightMilli);
}

/** Whether an ask would be content with less than all of it. */
export function isDivisible({ candidate }: Pick<Contest, 'candidate'>): boolean {
  return Object.keys(candidate.wanted).some(
    (resource) => (candidate.least[resource] ?? 0) < (candidate.wanted[resource] ?? 0),
  );
}

/** The run of a node: of nested ones the outermost; where there is none, the node itself. */
function runOf(node: Node): Node {
  let found = node;
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    if (at.tier === 'run') found = at;
  }
  return found;
}
