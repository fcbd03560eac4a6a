import type { QuotaAccount } from './quota-account.ts';
import { compareIds } from './ratio.ts';
import type { NodePreemption, TreeNode } from './types.ts';

/** A node of a tree with its accounts, which come into being when somebody asks for them. */
export interface TreeEntry {
  readonly id: string;
  readonly parent: TreeEntry | null;
  readonly children: TreeEntry[];
  readonly weightMilli: number;
  readonly preemption: NodePreemption;
  readonly strictFifo: boolean;
  readonly accounts: Map<string, QuotaAccount>;
}

const NEVER: NodePreemption = {
  withinNode: 'never',
  reclaim: 'never',
  whileBorrowing: { policy: 'never' },
};

/** Parents before children, siblings by id, whatever the order they came in. */
export function linkedEntries(nodes: readonly TreeNode[]): ReadonlyMap<string, TreeEntry> {
  const childrenOf = groupedByParent(nodes);
  const entries = new Map<string, TreeEntry>();
  const open = (node: TreeNode, parent: TreeEntry | null): void => {
    const entry: TreeEntry = {
      id: node.id,
      parent,
      children: [],
      weightMilli: node.weightMilli ?? 1000,
      preemption: node.preemption ?? NEVER,
      strictFifo: node.strictFifo ?? false,
      accounts: new Map(),
    };
    parent?.children.push(entry);
    entries.set(node.id, entry);
    for (const child of childrenOf.get(node.id) ?? []) open(child, entry);
  };
  for (const root of childrenOf.get(null) ?? []) open(root, null);
  if (entries.size === nodes.length) return entries;
  throw new QuotaTreeError('circular', 'Some nodes are their own ancestors; give a tree.');
}

function groupedByParent(nodes: readonly TreeNode[]): ReadonlyMap<string | null, TreeNode[]> {
  const ids = new Set(nodes.map((node) => node.id));
  if (ids.size !== nodes.length) {
    throw new QuotaTreeError('duplicate_node', 'Two nodes share an id; give each its own.');
  }
  const groups = new Map<string | null, TreeNode[]>();
  for (const node of [...nodes].sort((a, b) => compareIds(a.id, b.id))) {
    if (node.parent !== null && !ids.has(node.parent)) {
      throw new QuotaTreeError(
        'unknown_parent',
        `The parent ${node.parent} of ${node.id} is not among the nodes; give it too.`,
      );
    }
    const group = groups.get(node.parent);
    if (group) group.push(node);
    else groups.set(node.parent, [node]);
  }
  return groups;
}

/** Nodes that form no tree. Not retryable: the configuration is wrong. */
export class QuotaTreeError extends Error {
  override readonly name = 'QuotaTreeError';
  readonly code: 'unknown_node' | 'unknown_parent' | 'duplicate_node' | 'circular';
  readonly retryable = false;

  constructor(code: QuotaTreeError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
