import { compareShares, dominantShare } from './dominant-share.ts';
import { branchesOf } from './fair-branches.ts';
import { FairTournament } from './fair-tournament.ts';
import { branchOf, keepsGuarantees } from './guarantees-kept.ts';
import { shrinkDearest } from './put-back.ts';
import { rightOf } from './right-of.ts';
import type { Trial } from './trial.ts';
import type { LiveAllocation, PendingRequest, PreemptionReason, Victim } from './types.ts';

/**
 * When a branch may be asked to give to a poorer one.
 * - `lteFinal`: the requester's share after the grant is no larger than the holder's after the
 *   loss.
 * - `ltInitial`: it is smaller than the holder's before the loss.
 */
export type FairStrategy = 'lteFinal' | 'ltInitial';

/** The search for one request, which is already counted as a user of the tree. */
export class FairSearch {
  readonly #trial: Trial;
  readonly #request: PendingRequest;
  readonly #contested: readonly string[];
  readonly #keepsGuarantees: boolean;
  readonly #picks: Pick[] = [];
  #strategies: readonly FairStrategy[] = [];

  constructor(
    trial: Trial,
    request: PendingRequest,
    contested: readonly string[],
    keepsGuarantees: boolean,
  ) {
    this.#trial = trial;
    this.#request = request;
    this.#contested = contested;
    this.#keepsGuarantees = keepsGuarantees;
  }

  /** Whether the picks make room. */
  run(candidates: readonly LiveAllocation[], strategies: readonly FairStrategy[]): boolean {
    this.#strategies = strategies;
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

  /** @returns those that were refused, or that the request fits */
  #firstPass(candidates: readonly LiveAllocation[], strategy: FairStrategy): Left {
    const tournament = this.#tournament(candidates);
    const isInsideQuota = this.#isInsideQuota();
    const refused: LiveAllocation[] = [];
    for (let node = tournament.next(); node !== undefined; node = tournament.next()) {
      const isOwn = node === this.#request.node;
      if (isOwn || isInsideQuota) {
        const holder = tournament.pop(node);
        if (this.#breaksGuarantee(holder)) continue;
        this.#take({ holder, by: isOwn ? 'own-node' : 'own-quota' });
        if (this.#fits()) return 'fits';
        continue;
      }
      if (this.#hasLess(node)) return [...refused, ...tournament.rest()];
      while (tournament.has(node)) {
        const holder = tournament.pop(node);
        if (this.#breaksGuarantee(holder)) continue;
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
      if (this.#hasLess(node)) return false;
      const holder = tournament.pop(node);
      if (!this.#breaksGuarantee(holder) && this.#mayTake(holder, 'ltInitial')) {
        this.#take({ holder, by: 'ltInitial' });
        if (this.#fits()) return true;
      }
      tournament.close(node);
    }
    return false;
  }

  /** The picks that are needed, in their order. */
  victims(): Victim[] {
    const needed = this.#putBack();
    // An own victim that stays in part would make the requester's share larger for the others.
    const isByShare = needed.some(({ by }) => by === 'lteFinal' || by === 'ltInitial');
    const divisible = needed.filter(({ by }) => by !== 'own-node' || !isByShare);
    const shrunk = shrinkDearest(this.#trial, divisible, this.#contested, () => this.#fits());
    return needed.map(({ holder: { id }, by }) => {
      const reason = REASONS[by];
      const victim = { id, right: rightOf(reason), reason };
      return shrunk?.id === id ? { ...victim, take: shrunk.take } : victim;
    });
  }

  #putBack(): readonly Pick[] {
    let needed: readonly Pick[] = this.#picks;
    for (let i = needed.length - 2; i >= 0; i -= 1) {
      const fewer = needed.filter((_, at) => at !== i);
      if (this.#isEnough(fewer)) needed = fewer;
    }
    for (const pick of this.#picks) if (!needed.includes(pick)) this.#trial.add(pick.holder);
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
    if (by === 'own-quota') return this.#isInsideQuota();
    // With fewer victims it may be another rule that allows the same one.
    return this.#strategies.some((strategy) => this.#mayTake(holder, strategy));
  }

  #take(pick: Pick): void {
    this.#trial.remove(pick.holder);
    this.#picks.push(pick);
  }

  /** Never to be taken then: what a branch has in use only becomes less while picks are made. */
  #breaksGuarantee(holder: LiveAllocation): boolean {
    if (!this.#keepsGuarantees) return false;
    const { tree } = this.#trial;
    const branch = branchOf(tree, holder.node, this.#request.node);
    return !this.#trial.without(holder, () =>
      keepsGuarantees(tree, branch, holder, this.#contested),
    );
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

  /**
   * Whether the branch of a node has a smaller share than the requester's even before it gives.
   * The tournament goes from the largest share down, so that nobody after it can give either: the
   * requester's own branch had its turn before this one.
   */
  #hasLess(node: string): boolean {
    const { tree } = this.#trial;
    const branches = branchesOf(tree, this.#request.node, node);
    if (branches === undefined) return false;
    const [mine, theirs] = [branches.requester, branches.holder];
    return compareShares(dominantShare(tree, mine), dominantShare(tree, theirs)) > 0;
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
    return new FairTournament(tree, this.#request.node, candidates);
  }
}

/** A victim with what made it legal. */
interface Pick {
  readonly holder: LiveAllocation;
  readonly by: 'own-node' | 'own-quota' | FairStrategy;
}

type Left = LiveAllocation[] | 'fits';

const REASONS: Readonly<Record<Pick['by'], PreemptionReason>> = {
  'own-node': 'within-node-priority',
  'own-quota': 'reclaim-nominal',
  lteFinal: 'fair-share',
  ltInitial: 'fair-share',
};
