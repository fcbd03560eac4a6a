import { LIMITS } from '../../events/limits.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { Amounts } from '../../events/resources.ts';
import { boundedAmounts } from '../accounts/bounded-amounts.ts';
import { seatOf } from '../contests/quota-snapshot.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { splitRates } from '../rates/rates.ts';
import type { Team } from '../team.ts';
import { CHOICES } from './named-policies.ts';
import { compareWaiting, type Ranked, type Waiting } from './wait-queue.ts';

/** The first request of a run, or of a step with an account of its own, that waits. */
export interface SeatHead<One extends Ranked = Ranked> {
  readonly one: One;
  readonly seat: Node;
  /** What it asks for that is held. */
  readonly amounts: Amounts;
}

/**
 * Who of those that wait for an account is served next. By the default policy the first of the
 * queue; by a named one whoever the state of the tree beneath the account is in favour of at this
 * moment. A beneficiary of preemption comes first by any.
 */
export function nextInLine(team: Team, node: Node, resource: string): Waiting | undefined {
  const head = node.queues?.get(resource)?.head;
  if (head === undefined || head.state === 'preempting' || !isNamed(team)) return head;
  return chosen<Waiting>(team, node, resource);
}

/** Who stands before a request in a queue, whether it waits there or not; undefined: nobody. */
export function standsBefore(
  team: Team,
  node: Node,
  resource: string,
  rank: Ranked,
): Ranked | undefined {
  const queue = node.queues?.get(resource);
  if (queue === undefined) return undefined;
  if (rank.state === 'preempting' || !isNamed(team)) return queue.lastAhead(rank);
  const next = chosen<Ranked>(team, node, resource, rank);
  if (next !== rank) return next;
  return queue.head?.state === 'preempting' ? queue.head : undefined;
}

/** Whether a policy chooses anew each time, so that nobody knows yet who comes after the next. */
export function isNamed({ policy }: Team): boolean {
  return policy.queueing !== 'default';
}

function chosen<One extends Ranked>(
  team: Team,
  node: Node,
  resource: string,
  rank?: One,
): One | Waiting | undefined {
  const { queueing } = team.policy;
  if (queueing === 'default') return undefined;
  const heads = headsOf(team, node, resource, rank);
  return heads.length < 2 ? heads[0]?.one : CHOICES[queueing](team, node, resource, heads);
}

/** The first of each seat, among those that the plain order has first; emergencies alone if any. */
function headsOf<One extends Ranked>(
  team: Team,
  node: Node,
  resource: string,
  rank?: One,
): readonly SeatHead<One | Waiting>[] {
  const heads = new Map<Node, SeatHead<One | Waiting>>();
  const take = (one: One | Waiting): void => {
    const head = headOf(team, node, one);
    const before = heads.get(head.seat);
    const isFull = before === undefined && heads.size >= LIMITS.queueHeadsMax;
    if (isFull && one !== rank) return;
    if (before !== undefined && compareWaiting(before.one, one, team.policy.aging) < 0) return;
    heads.set(head.seat, head);
  };
  let lookedAt = 0;
  for (const one of node.queues?.get(resource)?.inOrder() ?? []) {
    if (one.state === 'preempting') continue;
    if (lookedAt === LIMITS.queueLookedAtMax) break;
    lookedAt += 1;
    if (one.arrival !== rank?.arrival) take(one);
    else take(rank);
  }
  if (rank !== undefined) take(rank);
  const all = [...heads.values()];
  const urgent = all.filter(({ one }) => one.priority >= ExecutionPriority.emergency);
  return urgent.length > 0 ? urgent : all;
}

function headOf<One extends Ranked>(team: Team, node: Node, one: One): SeatHead<One> {
  const amounts = splitRates(team, boundedAmounts(team, one.ask) ?? {}).held;
  const seat = seatOf(deepestOpen(team, one.ask.path) ?? node, Object.keys(amounts));
  // Where a step limits what is waited for, nobody sits further out.
  return { one, seat: seat.path.length < node.path.length ? node : seat, amounts };
}
