import assert from 'node:assert/strict';

import {
  accountOfQuota,
  accountOfTerms,
  contributionOf,
  type QuotaAccount,
} from './quota-account.ts';
import { linkedEntries, QuotaTreeError, type TreeEntry } from './tree-entry.ts';
import type {
  AccountNode,
  AccountTerms,
  Amounts,
  NodePreemption,
  ResourceNode,
  ResourceQuota,
  TreeNode,
} from './types.ts';

/**
 * Nodes with their quotas, and what is in use of them. `use` and every question cost O(depth) per
 * resource. A use is taken back by the same call with sign −1: the sums do not depend on order,
 * so planners try a change on the tree itself and undo it.
 *
 * Use above every limit is absorbed: room then reads 0 until it has gone down.
 */
export class QuotaTree {
  readonly #entries: ReadonlyMap<string, TreeEntry>;
  readonly #resources: readonly string[];
  readonly #accountOf: MakeAccount;
  /** Whether what a node keeps for itself is its own even where a tier above is short. */
  readonly #isKeptSafe: boolean;

  private constructor(
    entries: ReadonlyMap<string, TreeEntry>,
    resources: readonly string[],
    accountOf: MakeAccount,
    isKeptSafe: boolean,
  ) {
    this.#entries = entries;
    this.#resources = resources;
    this.#accountOf = accountOf;
    this.#isKeptSafe = isKeptSafe;
  }

  /**
   * From quotas: the subtree's quota is its own nominal and what its children may lend; a root
   * holds no more than that. A resource that no node names has no quota anywhere. Where a tier is
   * over-committed, what it is short by is missing beneath it too, as in Kueue.
   * @throws QuotaTreeError on an unknown parent, a duplicate id or a circle
   */
  static ofQuotas(nodes: readonly ResourceNode[]): QuotaTree {
    const named = nodes.flatMap(({ quotas }) => Object.keys(quotas));
    return QuotaTree.#build(nodes, named, false, (node, resource, children) =>
      accountOfQuota(node.quotas[resource] ?? NO_QUOTA, children, node.parent === null),
    );
  }

  /**
   * From the governor's accounts: a limit of its own at each node, a guarantee set aside from the
   * parent: what is not lent of it is there whatever is short above. A resource that no node names
   * is unlimited.
   * @throws QuotaTreeError as `ofQuotas`
   */
  static ofAccounts(nodes: readonly AccountNode[]): QuotaTree {
    const named = nodes.flatMap(({ accounts }) => Object.keys(accounts));
    return QuotaTree.#build(nodes, named, true, (node, resource, children) =>
      accountOfTerms(node.accounts[resource] ?? NO_TERMS, children, node.parent === null),
    );
  }

  static #build<N extends TreeNode>(
    nodes: readonly N[],
    named: readonly string[],
    isKeptSafe: boolean,
    make: (node: N, resource: string, children: readonly QuotaAccount[]) => QuotaAccount,
  ): QuotaTree {
    const given = new Map(nodes.map((node) => [node.id, node]));
    const entries = linkedEntries(nodes);
    const accountOf: MakeAccount = (id, resource, children) => {
      const node = given.get(id);
      assert(node, `node ${id} was given`);
      return make(node, resource, children);
    };
    return new QuotaTree(entries, [...new Set(named)].sort(), accountOf, isKeptSafe);
  }

  /** Ids of all nodes, parents before their children, siblings by id. */
  nodeIds(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Names of all resources that some node has a quota or account of, sorted. */
  resources(): readonly string[] {
    return this.#resources;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  parentOf(id: string): string | null {
    return this.#entry(id).parent?.id ?? null;
  }

  /** By id. */
  childrenOf(id: string): readonly string[] {
    return this.#entry(id).children.map((child) => child.id);
  }

  /** From the node itself to its root. */
  pathOf(id: string): readonly string[] {
    const path: string[] = [];
    for (let entry: TreeEntry | null = this.#entry(id); entry; entry = entry.parent) {
      path.push(entry.id);
    }
    return path;
  }

  weightMilliOf(id: string): number {
    return this.#entry(id).weightMilli;
  }

  preemptionOf(id: string): NodePreemption {
    return this.#entry(id).preemption;
  }

  isStrictFifo(id: string): boolean {
    return this.#entry(id).strictFifo;
  }

  /** Adds (1) or takes back (−1) what the node itself uses. */
  use(id: string, amounts: Amounts, sign: 1 | -1): void {
    const entry = this.#entry(id);
    for (const [resource, amount] of Object.entries(amounts)) {
      this.#climb(entry, resource, sign * amount);
    }
  }

  #climb(from: TreeEntry, resource: string, change: number): void {
    let growth = change;
    for (let entry: TreeEntry | null = from; entry && growth !== 0; entry = entry.parent) {
      const account = this.#account(entry, resource);
      const before = contributionOf(account);
      account.committed += growth;
      assert(Number.isSafeInteger(account.committed), 'committed stays an exact integer');
      growth = contributionOf(account) - before;
    }
  }

  /** Whether all the amounts fit at once. A resource of which nothing is asked always does. */
  fits(id: string, amounts: Amounts): boolean {
    return Object.entries(amounts).every(
      ([resource, amount]) => amount <= 0 || amount <= this.available(id, resource),
    );
  }

  /** What a request at the node could get now; never below 0, Infinity without any limit. */
  available(id: string, resource: string): number {
    return Math.max(0, this.#room(this.#entry(id), resource));
  }

  #room(entry: TreeEntry, resource: string): number {
    const { limit, committed, kept } = this.#account(entry, resource);
    const own = limit - committed;
    if (!entry.parent) return own;
    const above = this.#room(entry.parent, resource);
    return Math.min(
      own,
      Math.max(0, kept - committed) + (this.#isKeptSafe ? Math.max(0, above) : above),
    );
  }

  /** What a request at the node could get in an empty tree: more never fits. */
  capacity(id: string, resource: string): number {
    return Math.max(0, this.#capacity(this.#entry(id), resource));
  }

  #capacity(entry: TreeEntry, resource: string): number {
    const { limit, idle, kept } = this.#account(entry, resource);
    const own = limit - idle;
    if (!entry.parent) return own;
    return Math.min(own, Math.max(0, kept - idle) + this.#capacity(entry.parent, resource));
  }

  /** The account as it stands; to read, not to change. */
  account(id: string, resource: string): Readonly<QuotaAccount> {
    return this.#account(this.#entry(id), resource);
  }

  /** Whether the subtree would hold more than its quota with `more` on top. */
  isBorrowing(id: string, resource: string, more = 0): boolean {
    const { committed, guarantee } = this.account(id, resource);
    return committed + more > guarantee;
  }

  /** By how much the subtree holds more than its quota, with `more` on top. */
  borrowedOf(id: string, resource: string, more = 0): number {
    const { committed, guarantee } = this.account(id, resource);
    return Math.max(0, committed + more - guarantee);
  }

  /** How much of an amount the node asks of its parent: not what fits in what it never lends. */
  askedOfParent(id: string, resource: string, amount: number): number {
    const { committed, kept } = this.account(id, resource);
    return Math.max(kept, committed + amount) - Math.max(kept, committed);
  }

  /** An independent tree with the same use. */
  clone(): QuotaTree {
    const copies = new Map<string, TreeEntry>();
    for (const entry of this.#entries.values()) {
      const parent = entry.parent ? (copies.get(entry.parent.id) ?? null) : null;
      const accounts = new Map<string, QuotaAccount>();
      for (const [resource, account] of entry.accounts) accounts.set(resource, { ...account });
      const copy: TreeEntry = { ...entry, parent, children: [], accounts };
      parent?.children.push(copy);
      copies.set(entry.id, copy);
    }
    return new QuotaTree(copies, this.#resources, this.#accountOf, this.#isKeptSafe);
  }

  #entry(id: string): TreeEntry {
    const entry = this.#entries.get(id);
    if (!entry) {
      throw new QuotaTreeError(
        'unknown_node',
        `There is no node ${id} in the tree; give it with the nodes.`,
      );
    }
    return entry;
  }

  /** Accounts come into being for a whole subtree at once, the first time a resource is named. */
  #account(entry: TreeEntry, resource: string): QuotaAccount {
    const known = entry.accounts.get(resource);
    if (known) return known;
    const children = entry.children.map((child) => this.#account(child, resource));
    const account = this.#accountOf(entry.id, resource, children);
    entry.accounts.set(resource, account);
    return account;
  }
}

type MakeAccount = (
  id: string,
  resource: string,
  children: readonly QuotaAccount[],
) => QuotaAccount;

const NO_QUOTA: ResourceQuota = {};
const NO_TERMS: AccountTerms = { limit: null, guarantee: 0, lend: null };
