import { nextByShare } from './next-by-share.ts';
import { orderHeads } from './order-heads.ts';
import { compareQueued } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import { reserveOf } from './reserve.ts';
import type { Planner } from './reversals.ts';
import { type Head, headOf } from './round-head.ts';
import { type Trial, tried, type Use } from './trial.ts';
import type { LiveAllocation, PendingRequest, Victim } from './types.ts';

export interface RoundPolicy {
  /** `classic`: nearest loan, priority, age. `fair`: by the share after the grant, level by level. */
  readonly order: 'classic' | 'fair';
  readonly planner: Planner;
  /**
   * `head`: one request of each node a round. `passing`: those behind a head that cannot be served
   * get their turn too, up to the first that can; never in a strict queue.
   */
  readonly depth: 'head' | 'passing';
}

/** Why a request is not served in a round. */
export type WaitReason =
  | 'no-room'
  | 'behind-head'
  | 'overtaken'
  | 'same-victims'
  | 'evicting'
  | 'never-fits';

export interface Waiting {
  readonly id: string;
  readonly why: WaitReason;
}

export interface RoundOutcome {
  /** Ids, in the order of their grants. */
  readonly granted: readonly string[];
  /** Evictions that are issued, and for whom; the request has its grant when they are through. */
  readonly plans: readonly { readonly request: string; readonly victims: readonly Victim[] }[];
  readonly waiting: readonly Waiting[];
}

/**
 * One round of admission: the head of each node's queue is looked at once, in the order of the
 * policy, and granted, helped by evictions, or left waiting. Decided on what is in use before the
 * round, checked again when its turn comes: a grant needs room beside what the round has given
 * before it, and an eviction is issued only where its request still fits beside all others that
 * were promised something. No allocation is evicted for two.
 *
 * A head that must wait although its node has a quota for it, and that could not be sure to take
 * it back, keeps others from borrowing it. Changes nothing.
 *
 * After Kueue's scheduling cycle (pkg/scheduler); other than there, what victims will leave is
 * given to nobody before they have left.
 */
export function admitRound(
  tree: QuotaTree,
  requests: readonly PendingRequest[],
  live: readonly LiveAllocation[],
  policy: RoundPolicy,
): RoundOutcome {
  const heads: Head[] = [];
  const behind: PendingRequest[] = [];
  for (const queue of queuesOf(requests).values()) {
    const own = headsOf(tree, queue, live, policy);
    heads.push(...own);
    behind.push(...queue.slice(own.length));
  }
  const outcome = tried(tree, (trial) => new Round(trial, live, policy).run(heads));
  const waiting = behind.map(({ id }): Waiting => ({ id, why: 'behind-head' }));
  return { ...outcome, waiting: [...outcome.waiting, ...waiting] };
}

/** Those of a node's queue whose turn comes in this round, in its order. */
function headsOf(
  tree: QuotaTree,
  queue: readonly PendingRequest[],
  live: readonly LiveAllocation[],
  { depth, planner }: RoundPolicy,
): Head[] {
  const heads: Head[] = [];
  for (const request of queue) {
    const head = headOf(tree, request, live, planner);
    heads.push(head);
    const isServed = head.state === 'fits' || head.state === 'evicts';
    if (isServed || depth === 'head' || tree.isStrictFifo(request.node)) break;
  }
  return heads;
}

/** What is promised so far. The tree holds grants, promises and reserves; victims are still in. */
class Round {
  readonly #trial: Trial;
  readonly #live: ReadonlyMap<string, LiveAllocation>;
  readonly #policy: RoundPolicy;
  readonly #granted: string[] = [];
  readonly #plans: { request: string; victims: readonly Victim[] }[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #promised: PendingRequest[] = [];
  readonly #leaving: Use[] = [];
  readonly #reserved: Use[] = [];
  readonly #victims = new Set<string>();

  constructor(trial: Trial, live: readonly LiveAllocation[], policy: RoundPolicy) {
    this.#trial = trial;
    this.#live = new Map(live.map((one) => [one.id, one]));
    this.#policy = policy;
  }

  run(heads: readonly Head[]): RoundOutcome {
    const left = orderHeads(heads);
    while (left.length > 0) {
      const next = this.#policy.order === 'fair' ? nextByShare(this.#trial.tree, left) : left[0];
      if (next === undefined) break;
      left.splice(left.indexOf(next), 1);
      this.#serve(next);
    }
    return { granted: this.#granted, plans: this.#plans, waiting: this.#waiting };
  }

  #serve(head: Head): void {
    const { request, plan, state } = head;
    if (state === 'never-fits') return this.#wait(request, 'never-fits');
    if (state === 'no-room') {
      this.#reserve(head);
      return this.#wait(request, 'no-room');
    }
    const victims = plan?.victims ?? [];
    if (victims.some(({ id }) => this.#victims.has(id))) return this.#wait(request, 'same-victims');
    const gives = victims.map((victim) => this.#givenBy(victim));
    // What is kept for a node is not kept from it.
    const kept = this.#reserved.filter(({ node }) => node === request.node);
    const fitsThen = this.#fitsWithout([...this.#leaving, ...gives, ...kept], request);
    const fitsNow = plan !== undefined || this.#fitsWithout([...this.#promised, ...kept], request);
    if (!fitsThen || !fitsNow) return this.#wait(request, 'overtaken');
    this.#trial.add(request);
    if (plan === undefined) {
      this.#granted.push(request.id);
      return;
    }
    this.#plans.push({ request: request.id, victims });
    this.#promised.push(request);
    this.#leaving.push(...gives);
    for (const { id } of victims) this.#victims.add(id);
    this.#wait(request, 'evicting');
  }

  #reserve(head: Head): void {
    const amounts = reserveOf(this.#trial.tree, head, this.#policy.order);
    const use = { node: head.request.node, amounts };
    this.#trial.add(use);
    this.#reserved.push(use);
  }

  #wait({ id }: PendingRequest, why: WaitReason): void {
    this.#waiting.push({ id, why });
  }

  #fitsWithout(uses: readonly Use[], { node, amounts }: PendingRequest): boolean {
    return this.#trial.withoutAll(uses, () => this.#trial.tree.fits(node, amounts));
  }

  #givenBy({ id, take }: Victim): Use {
    const holder = this.#live.get(id);
    return { node: holder?.node ?? '', amounts: take ?? holder?.amounts ?? {} };
  }
}

/** The requests of each node, whose turn it is first. */
function queuesOf(requests: readonly PendingRequest[]): ReadonlyMap<string, PendingRequest[]> {
  const queues = new Map<string, PendingRequest[]>();
  for (const request of [...requests].sort(compareQueued)) {
    const queue = queues.get(request.node);
    if (queue) queue.push(request);
    else queues.set(request.node, [request]);
  }
  return queues;
}
