import { contestedOf } from './contested.ts';
import { compareShares, dominantShare } from './dominant-share.ts';
import { branchesOf } from './fair-branches.ts';
import { cheaperFor, fairCandidates } from './fair-candidates.ts';
import { FairTournament } from './fair-tournament.ts';
import type { QuotaTree } from './quota-tree.ts';
import { type Trial, tried } from './trial.ts';
import type {
  LiveAllocation,
  PendingRequest,
  PreemptionPlan,
  PreemptionReason,
  PreemptionRight,
} from './types.ts';

/**
 * When a branch may be asked to give to a poorer one.
 * - `lteFinal`: the requester's share after the grant is no larger than the holder's after the
 *   loss.
 * - `ltInitial`: it is smaller than the holder's before the loss.
 */
export type FairStrategy = 'lteFinal' | 'ltInitial';

export interface FairPolicy {
  /** Tried in this order; the second serves only what the first has left over. */
  readonly strategies: readonly FairStrategy[];
}

export const FAIR_POLICY: FairPolicy = { strategies: ['lteFinal', 'ltInitial'] };

/**
 * Whom to evict for a request by fair sharing: victims come from the branch with the largest
 * weighted dominant share, as long as the requester's does not become the larger one by it. What a
 * request claims inside its node's own quota it takes back from whoever borrows it, whatever the
 * shares; in its own node priority decides.
 *
 * Changes nothing. After each pick the shares are read anew; when the request fits, victims that
 * turn out not to be needed are put back, last pick first, unless what remains would not have been
 * legal without them.
 *
 * After Kueue's fair sharing (KEP 1714, rules S2-a and S2-b).
 *
 * @returns undefined where the request fits as it is, or nothing legal is enough
 */
export function planFair(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  policy: FairPolicy = FAIR_POLICY,
): PreemptionPlan | undefined {
  if (tree.fits(request.node, request.amounts)) return undefined;
  const contested = contestedOf(tree, request);
  const candidates = fairCandidates(tree, request, live, contested);
  if (candidates.length === 0) return undefined;
  return tried(tree, (trial) => {
    trial.add(request);
    const search = new FairSearch(trial, request, contested);
    if (!search.run(candidates, policy)) return undefined;
    return { victims: search.putBack().map(toVictim) };
  });
}

/** A victim with what made it legal. */
interface Pick {
  readonly holder: LiveAllocation;
  readonly by: 'own-node' | 'own-quota' | FairStrategy;
}

/** The search for one request, which is already counted as a user of the tree. */
class FairSearch {
  readonly #trial: Trial;
  readonly #request: PendingRequest;
  readonly #contested: readonly string[];
  readonly #picks: Pick[] = [];

  constructor(trial: Trial, request: PendingRequest, contested: readonly string[]) {
    this.#trial = trial;
    this.#request = request;
    this.#contested = contested;
  }

  /** Whether the picks make room. */
  run(candidates: readonly LiveAllocation[], { strategies }: FairPolicy): boolean {
    const [first, ...others] = strategies;
    if (first === undefined) return false;
    let left = this.#firstPass(candidates, first);
    // Victims in its own node have made the requester's share smaller: ask the others again.
    if (left !== 'fits' && this.#picks.some(({ by }) => by === 'own-node')) {
      left = this.#firstPass(left, first);
    }
    if (left === 'fits') return true;
    return others.length > 0 && this.#secondPass(left);
  }

  /** @returns those that were refused, cheapest first in each node, or that the request fits */
  #firstPass(candidates: readonly LiveAllocation[], strategy: FairStrategy): Left {
    const tournament = this.#tournament(candidates);
    const isInsideQuota = this.#isInsideQuota();
    const refused: LiveAllocation[] = [];
    for (let node = tournament.next(); node !== undefined; node = tournament.next()) {
      const isOwn = node === this.#request.node;
      if (isOwn || isInsideQuota) {
        this.#take({ holder: tournament.pop(node), by: isOwn ? 'own-node' : 'own-quota' });
        if (this.#fits()) return 'fits';
        continue;
      }
      while (tournament.has(node)) {
        const holder = tournament.pop(node);
        if (this.#mayTake(holder, strategy)) {
          this.#take({ holder, by: strategy });
          if (this.#fits()) return 'fits';
          break;
        }
        refused.push(holder);
      }
    }
    return refused;
  }

  /** One more of each node, by the share it has before. */
  #secondPass(candidates: readonly LiveAllocation[]): boolean {
    const tournament = this.#tournament(candidates);
    for (let node = tournament.next(); node !== undefined; node = tournament.next()) {
      const holder = tournament.pop(node);
      if (this.#mayTake(holder, 'ltInitial')) {
        this.#take({ holder, by: 'ltInitial' });
        if (this.#fits()) return true;
      }
      tournament.close(node);
    }
    return false;
  }

  /** The picks that are needed, in their order. */
  putBack(): Pick[] {
    let needed = this.#picks;
    for (let i = needed.length - 2; i >= 0; i -= 1) {
      const fewer = needed.filter((_, at) => at !== i);
      if (this.#isEnough(fewer)) needed = fewer;
    }
    return needed;
  }

  /** Whether picks make room, and each is still legal after those before it. */
  #isEnough(picks: readonly Pick[]): boolean {
    for (const { holder } of this.#picks) this.#trial.add(holder);
    let isLegal = true;
    for (const pick of picks) {
      isLegal &&= this.#isLegal(pick);
      this.#trial.remove(pick.holder);
    }
    const isEnough = isLegal && this.#fits();
    for (const { holder } of picks) this.#trial.add(holder);
    for (const { holder } of this.#picks) this.#trial.remove(holder);
    return isEnough;
  }

  #isLegal({ holder, by }: Pick): boolean {
    if (by === 'own-node') return true;
    return by === 'own-quota' ? this.#isInsideQuota() : this.#mayTake(holder, by);
  }

  #take(pick: Pick): void {
    this.#trial.remove(pick.holder);
    this.#picks.push(pick);
  }

  #mayTake(holder: LiveAllocation, strategy: FairStrategy): boolean {
    const { tree } = this.#trial;
    const branches = branchesOf(tree, this.#request.node, holder.node);
    if (branches === undefined) return false;
    const mine = dominantShare(tree, branches.requester);
    const theirs = () => dominantShare(tree, branches.holder);
    return strategy === 'ltInitial'
      ? compareShares(mine, theirs()) < 0
      : compareShares(mine, this.#trial.without(holder, theirs)) <= 0;
  }

  /** Whether the grant stays inside the node's own quota of all that is contested. */
  #isInsideQuota(): boolean {
    const { tree } = this.#trial;
    return !this.#contested.some((resource) => tree.isBorrowing(this.#request.node, resource));
  }

  #fits(): boolean {
    const { node, amounts } = this.#request;
    return this.#trial.without(this.#request, () => this.#trial.tree.fits(node, amounts));
  }

  #tournament(candidates: readonly LiveAllocation[]): FairTournament {
    const { tree } = this.#trial;
    const isCheaper = cheaperFor(tree, this.#request);
    return new FairTournament(tree, this.#request.node, candidates, isCheaper);
  }
}

type Left = LiveAllocation[] | 'fits';

const RIGHTS: Readonly<Record<Pick['by'], { right: PreemptionRight; reason: PreemptionReason }>> = {
  'own-node': { right: 'priority', reason: 'within-node-priority' },
  'own-quota': { right: 'reclaim', reason: 'reclaim-nominal' },
  lteFinal: { right: 'fair', reason: 'fair-share' },
  ltInitial: { right: 'fair', reason: 'fair-share' },
};

function toVictim({ holder, by }: Pick) {
  return { id: holder.id, ...RIGHTS[by] };
}
