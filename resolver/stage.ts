import assert from 'node:assert/strict';

import type { QuotaTree } from './quota-tree.ts';
import type { Trial } from './trial.ts';
import type { Amounts, LiveAllocation, PendingRequest, TimedRequest, Victim } from './types.ts';

/** An eviction that took place. */
export interface Eviction {
  readonly id: string;
  /** The request it was for. */
  readonly by: string;
  readonly atMs: number;
}

/** Who runs, who asks and what time it is, while a story is played (see lifecycle.ts). */
export class Stage {
  readonly #trial: Trial;
  readonly #asking = new Map<string, TimedRequest>();
  readonly #running = new Map<string, Running>();
  readonly #later: TimedRequest[];
  readonly #protectedAfter: number;
  readonly #evictedTimes = new Map<string, number>();
  readonly evictions: Eviction[] = [];
  /** Requests that hold what they asked for, or have held it to their own end. */
  readonly served = new Set<string>();
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(
    trial: Trial,
    requests: readonly TimedRequest[],
    live: readonly LiveAllocation[],
    protectedAfter: number,
  ) {
    this.#trial = trial;
    this.#protectedAfter = protectedAfter;
    for (const holder of live) this.#running.set(holder.id, { holder, endsAtMs: Infinity });
    this.#later = [...requests].sort((a, b) => comesAtMs(a) - comesAtMs(b));
  }

  get tree(): QuotaTree {
    return this.#trial.tree;
  }

  asking(): readonly PendingRequest[] {
    return [...this.#asking.values()];
  }

  live(): readonly LiveAllocation[] {
    return [...this.#running.values()].map(({ holder }) => holder);
  }

  /** Goes to the next moment at which something comes or ends; false where there is none. */
  advance(): boolean {
    const ends = [...this.#running.values()].map(({ endsAtMs }) => endsAtMs);
    const nextMs = Math.min(Infinity, ...ends, ...this.#later.slice(0, 1).map(comesAtMs));
    if (nextMs === Infinity) return false;
    this.#nowMs = nextMs;
    for (const [id, { holder, endsAtMs }] of this.#running) {
      if (endsAtMs > nextMs) continue;
      this.#trial.remove(holder);
      this.#running.delete(id);
    }
    while (this.#later[0] && comesAtMs(this.#later[0]) <= nextMs) {
      const request = this.#later.shift();
      if (request) this.#asking.set(request.id, request);
    }
    return true;
  }

  /** A request has its grant. */
  begin(id: string): void {
    const request = this.#asking.get(id);
    assert(request, `${id} asks`);
    this.#asking.delete(id);
    this.#trial.add(request);
    const isProtected = (this.#evictedTimes.get(id) ?? 0) >= this.#protectedAfter;
    const holder = {
      ...holderOf(request),
      grantedAtMs: this.#nowMs,
      ...(isProtected && { preemptible: false }),
    };
    this.#running.set(id, {
      holder,
      request,
      endsAtMs: this.#nowMs + (request.runsForMs ?? Infinity),
    });
    this.served.add(id);
  }

  /** A victim gives what it is to give; one that gives all asks again from now on. */
  evict({ id, take }: Victim, by: string): void {
    const running = this.#running.get(id);
    assert(running, `${id} runs`);
    const { holder } = running;
    this.evictions.push({ id, by, atMs: this.#nowMs });
    this.#evictedTimes.set(id, (this.#evictedTimes.get(id) ?? 0) + 1);
    this.#trial.remove({ node: holder.node, amounts: take ?? holder.amounts });
    if (take !== undefined) {
      const left = { ...holder, amounts: lessened(holder.amounts, take) };
      this.#running.set(id, { ...running, holder: left });
      return;
    }
    this.#running.delete(id);
    this.served.delete(id);
    const again = running.request ?? requestOf(holder);
    this.#asking.set(id, { ...again, queuedAtMs: this.#nowMs });
  }
}

interface Running {
  readonly holder: LiveAllocation;
  readonly request?: TimedRequest;
  readonly endsAtMs: number;
}

function comesAtMs({ queuedAtMs, createdAtMs = 0 }: PendingRequest): number {
  return queuedAtMs ?? createdAtMs;
}

function holderOf(request: TimedRequest): Omit<LiveAllocation, 'grantedAtMs'> {
  const { id, node, priority, boost = 0, amounts, mins, preemptible = true } = request;
  const createdAtMs = request.createdAtMs ?? comesAtMs(request);
  const holder = { id, node, priority, boost, amounts, preemptible, createdAtMs };
  return mins === undefined ? holder : { ...holder, min: mins };
}

function requestOf(holder: LiveAllocation): PendingRequest {
  const { id, node, priority, boost = 0, amounts, preemptible = true } = holder;
  const createdAtMs = holder.createdAtMs ?? holder.grantedAtMs;
  return { id, node, priority, boost, amounts, preemptible, createdAtMs };
}

function lessened(amounts: Amounts, by: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).map(([resource, amount]) => [resource, amount - (by[resource] ?? 0)]),
  );
}
