import type {
  DeniedAllocation,
  GrantedAllocation,
  PreemptedTask,
  QueuedAllocation,
  ResourceConflict,
  StrategyOutcome,
} from './conflict.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Trial } from './trial.ts';
import type { Amounts, LiveAllocation, PendingRequest, PreemptionPlan } from './types.ts';

/** What a strategy has decided so far; its tree holds the grants and not the victims. */
export class OutcomeOfStrategy {
  readonly #trial: Trial;
  readonly #conflict: ResourceConflict;
  readonly #granted: GrantedAllocation[] = [];
  readonly #denied: DeniedAllocation[] = [];
  readonly #queued: QueuedAllocation[] = [];
  readonly #preempted: PreemptedTask[] = [];

  constructor(trial: Trial, conflict: ResourceConflict) {
    this.#trial = trial;
    this.#conflict = conflict;
  }

  get tree(): QuotaTree {
    return this.#trial.tree;
  }

  /** The requests that an empty tree could hold; the others are denied at once. */
  thoseWhoCouldEverFit(): PendingRequest[] {
    return this.#conflict.requests.filter(({ id, node, amounts, mins }) => {
      const couldFit = Object.entries({ ...amounts, ...mins }).every(
        ([resource, amount]) => amount <= this.tree.capacity(node, resource),
      );
      if (!couldFit) this.#denied.push({ id, reason: 'never_fits' });
      return couldFit;
    });
  }

  /** What is left of the account that is contended for. */
  supply(): number {
    const { path, resource } = this.#conflict.account;
    const { limit, committed } = this.tree.account(path, resource);
    return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, limit - committed));
  }

  /** Grants it in whole, where it fits. */
  grant(request: PendingRequest): boolean {
    return this.#grant(request, request.amounts, false);
  }

  /** Grants the part `share / of` of it, none of its amounts below its minimum, where that fits. */
  grantPart(request: PendingRequest, share: number, of: number): boolean {
    const parts = Object.entries(request.amounts).map(([resource, amount]) => {
      const part = of === 0 ? amount : Number((BigInt(amount) * BigInt(share)) / BigInt(of));
      return [resource, Math.max(part, request.mins?.[resource] ?? amount)] as const;
    });
    const isPartial = parts.some(([resource, part]) => part < (request.amounts[resource] ?? 0));
    return this.#grant(request, Object.fromEntries(parts), isPartial);
  }

  #grant({ id, node }: PendingRequest, amounts: Amounts, isPartial: boolean): boolean {
    if (!this.tree.fits(node, amounts)) return false;
    this.#trial.add({ node, amounts });
    this.#granted.push({ id, amounts, isPartial });
    return true;
  }

  /** @returns who holds something after the evictions, and what */
  evict(
    { id: beneficiary }: PendingRequest,
    { victims }: PreemptionPlan,
    live: readonly LiveAllocation[],
  ): LiveAllocation[] {
    const takenOf = new Map(victims.map((victim) => [victim.id, victim]));
    this.#preempted.push(...victims.map((victim) => ({ ...victim, beneficiary })));
    return live.flatMap((one) => {
      const victim = takenOf.get(one.id);
      if (victim === undefined) return [one];
      const take = victim.take ?? one.amounts;
      this.#trial.remove({ node: one.node, amounts: take });
      if (victim.take === undefined) return [];
      const left = Object.entries(one.amounts).map(
        ([resource, amount]) => [resource, amount - (take[resource] ?? 0)] as const,
      );
      return [{ ...one, amounts: Object.fromEntries(left) }];
    });
  }

  /** It waits, or is denied where it does not want to. */
  wait({ id, maxWaitMs }: PendingRequest): void {
    if (maxWaitMs === 0) this.#denied.push({ id, reason: this.#conflict.type });
    else this.#queued.push({ id, position: this.#queued.length + 1 });
  }

  closed(): StrategyOutcome {
    return {
      allocationsGranted: this.#granted,
      allocationsDenied: this.#denied,
      allocationsQueued: this.#queued,
      preemptedTasks: this.#preempted,
    };
  }
}
