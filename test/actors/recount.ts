import type { Team } from '../../actors/team.ts';
import { parentPathOf } from '../../events/names.ts';
import type { Amounts } from '../../events/resources.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';

/**
 * What a team has in use, counted from its live allocations and collecting requests; hypothetical
 * ends are taken out of it. Shares no arithmetic with the books that are kept.
 */
export class Recount {
  readonly #team: Team;
  readonly #own = new Map<string, Record<string, number>>();

  constructor(team: Team) {
    this.#team = team;
    for (const { node, items } of team.allocations.values()) this.use(node.path, items, 1);
    for (const { earmarkPath, earmarked } of team.waiting.values()) {
      this.use(earmarkPath, earmarked, 1);
    }
    for (const [path, { accounts }] of team.nodes) {
      for (const [resource, { spent }] of accounts) this.use(path, { [resource]: spent }, 1);
    }
  }

  use(path: string, items: Amounts, sign: 1 | -1): void {
    const own = this.#own.get(path) ?? {};
    this.#own.set(path, own);
    for (const resource in items) {
      own[resource] = (own[resource] ?? 0) + sign * (items[resource] ?? 0);
    }
  }

  committed(path: string, resource: string): number {
    let sum = this.#own.get(path)?.[resource] ?? 0;
    for (const [child, { parent }] of this.#team.nodes) {
      if (parent?.path !== path) continue;
      sum += Math.max(this.#kept(child, resource), this.committed(child, resource));
    }
    return sum;
  }

  /** What each tier of a path is asked for when an amount more is used there, innermost first. */
  asked(path: string, resource: string, amount: number): Tier[] {
    const tiers: Tier[] = [];
    let needed = amount;
    for (let at = this.open(path); at !== undefined && needed > 0; at = parentPathOf(at)) {
      const account = this.#team.nodes.get(at)?.accounts.get(resource);
      const used = this.committed(at, resource);
      const room = account?.limit == null ? Number.POSITIVE_INFINITY : account.limit - used;
      const guarantee = account?.guarantee ?? 0;
      tiers.push({ path: at, resource, needed, room, isOwn: used + needed <= guarantee });
      const kept = this.#kept(at, resource);
      needed = Math.max(kept, used + needed) - Math.max(kept, used);
    }
    return tiers;
  }

  fits(path: string, items: Amounts): boolean {
    return this.shortages(path, items).length === 0;
  }

  shortages(path: string, items: Amounts): Tier[] {
    return Object.entries(items).flatMap(([resource, amount]) =>
      this.asked(path, resource, amount).filter(({ needed, room }) => needed > room),
    );
  }

  /** Answers a question as if some allocations had ended. */
  without<Answer>(ids: readonly string[], question: () => Answer): Answer {
    const gone = ids.flatMap((id) => this.#team.allocations.get(id) ?? []);
    for (const { node, items } of gone) this.use(node.path, items, -1);
    const answer = question();
    for (const { node, items } of gone) this.use(node.path, items, 1);
    return answer;
  }

  /** The open node in which an ask on a path lands. */
  open(path: string): string | undefined {
    let at: string | undefined = path;
    while (at !== undefined && !this.#team.nodes.has(at)) at = parentPathOf(at);
    return at;
  }

  /** The whole team as a tree of quotas. */
  tree(): QuotaTree {
    const nodes = [...this.#team.nodes].map(([id, { parent, weightMilli, accounts }]) => ({
      id,
      parent: parent?.path ?? null,
      weightMilli,
      accounts: Object.fromEntries(accounts),
    }));
    const tree = QuotaTree.ofAccounts(nodes);
    for (const [path, amounts] of this.#own) tree.use(this.open(path) ?? path, amounts, 1);
    return tree;
  }

  #kept(path: string, resource: string): number {
    const account = this.#team.nodes.get(path)?.accounts.get(resource);
    if (account === undefined || account.lend === null) return 0;
    return Math.max(0, account.guarantee - account.lend);
  }
}

/** One tier that is asked for an amount. */
export interface Tier {
  readonly path: string;
  readonly resource: string;
  readonly needed: number;
  readonly room: number;
  /** Whether all of it lies within the tier's guarantee. */
  readonly isOwn: boolean;
}
