import type { QuotaTree } from './quota-tree.ts';
import type { Amounts } from './types.ts';

/** Whoever uses amounts at a node. */
export interface Use {
  readonly node: string;
  readonly amounts: Amounts;
}

/**
 * Runs an attempt on a tree and takes back all that it changed, also when it throws: planning
 * changes no state.
 */
export function tried<Result>(tree: QuotaTree, attempt: (trial: Trial) => Result): Result {
  const trial = new Trial(tree);
  try {
    return attempt(trial);
  } finally {
    trial.undo();
  }
}

/** Changes to a tree that are remembered, so that they can be taken back in one go. */
export class Trial {
  readonly tree: QuotaTree;
  readonly #changes: { readonly use: Use; readonly sign: 1 | -1 }[] = [];

  constructor(tree: QuotaTree) {
    this.tree = tree;
  }

  add(use: Use): void {
    this.#change(use, 1);
  }

  remove(use: Use): void {
    this.#change(use, -1);
  }

  /** What an inquiry finds with a use taken out for its duration. */
  without<Found>(use: Use, inquire: () => Found): Found {
    return this.withoutAll([use], inquire);
  }

  /** As `without`, of several uses. */
  withoutAll<Found>(uses: readonly Use[], inquire: () => Found): Found {
    for (const { node, amounts } of uses) this.tree.use(node, amounts, -1);
    try {
      return inquire();
    } finally {
      for (const { node, amounts } of uses) this.tree.use(node, amounts, 1);
    }
  }

  undo(): void {
    for (let last = this.#changes.pop(); last; last = this.#changes.pop()) {
      this.tree.use(last.use.node, last.use.amounts, last.sign === 1 ? -1 : 1);
    }
  }

  #change(use: Use, sign: 1 | -1): void {
    this.tree.use(use.node, use.amounts, sign);
    this.#changes.push({ use, sign });
  }
}
