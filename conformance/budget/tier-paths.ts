import type { BudgetRecord, Operation } from './record.ts';

/** The one node above all tiers of a scenario; it limits nothing. */
export const ROOT = 'scenario';

/** A set of tiers of which no order is a path. */
export class NoPath extends Error {
  override readonly name = 'NoPath';
}

/** Names that say which tier lies in which, outermost first. */
const NESTING: readonly string[] = [
  'organization',
  'org',
  'tenant',
  'customer',
  'account',
  'workspace',
  'project',
  'parent',
  'team',
  'swarm',
  'app',
  'user',
  'workflow',
  'agent',
  'key',
  'child',
  'session',
  'run',
  'step',
];

/**
 * Where the tiers of a scenario lie in our tree. A tier lies in another if every operation that
 * names it names the other too; of two that always come together the name decides, else the
 * order of the setup, outermost first.
 */
export class TierPaths {
  readonly #order: readonly string[];
  readonly #sets: readonly ReadonlySet<string>[];

  constructor(record: BudgetRecord) {
    const sets = setsOf(record.operations);
    const named = [
      ...(record.setup.tiers ?? []).map(({ id }) => nodeOf(id)),
      ...sets.flatMap((set) => [...set]),
    ];
    const nodes = [...new Set(named)];
    this.#sets = sets;
    const isNested = nodes.every((node) => NESTING.includes(node));
    this.#order = isNested ? NESTING.filter((node) => nodes.includes(node)) : nodes;
  }

  /** All nodes, each after those in which it lies. */
  get nodes(): readonly string[] {
    const depths = Array.from({ length: this.#order.length }, (_, depth) => depth);
    return depths.flatMap((depth) =>
      this.#order.filter((node) => this.#outside(node).length === depth),
    );
  }

  /** `scenario/team/run`. @throws NoPath */
  pathOf(node: string): string {
    return [ROOT, ...this.#chainOf(node)].join('/');
  }

  /** The path that these nodes make. @throws NoPath */
  pathOfAll(nodes: readonly string[]): string {
    const innermost = nodes.find((node) => this.#isChain(nodes, this.#chainOf(node)));
    if (innermost === undefined) {
      throw new NoPath(`${[...new Set(nodes)].join(', ')} form no path: none lies in all others`);
    }
    return this.pathOf(innermost);
  }

  #isChain(nodes: readonly string[], chain: readonly string[]): boolean {
    return nodes.every((node) => chain.includes(node)) && chain.every((one) => nodes.includes(one));
  }

  /** The node and those in which it lies, outermost first. */
  #chainOf(node: string): readonly string[] {
    const outside = this.#outside(node);
    const chain = outside.flatMap((_, depth) =>
      outside.filter((outer) => this.#outside(outer).length === depth),
    );
    if (chain.length === outside.length && new Set(chain).size === chain.length) {
      return [...chain, node];
    }
    throw new NoPath(
      `${node} lies in ${outside.join(' and ')}, of which neither lies in the other`,
    );
  }

  #outside(node: string): readonly string[] {
    return this.#order.filter((outer) => this.#liesIn(node, outer));
  }

  #liesIn(node: string, outer: string): boolean {
    if (node === outer || !this.#comesWith(node, outer)) return false;
    if (!this.#comesWith(outer, node)) return true;
    return this.#order.indexOf(outer) < this.#order.indexOf(node);
  }

  /** Whether whoever names a node names the other too. */
  #comesWith(node: string, other: string): boolean {
    const naming = this.#sets.filter((set) => set.has(node));
    return naming.length > 0 && naming.every((set) => set.has(other));
  }
}

/** `run` of `run/usd`. */
export function nodeOf(tier: string): string {
  return tier.split('/')[0] ?? tier;
}

/** The tiers that operations name together, as nodes. */
function setsOf(operations: readonly Operation[]): ReadonlySet<string>[] {
  return operations.flatMap((operation) => {
    const { tiers, amounts, ops } = operation;
    if (ops !== undefined) return setsOf(ops);
    const named = tiers ?? Object.keys(amounts ?? {});
    return named.length === 0 ? [] : [new Set(named.map(nodeOf))];
  });
}
