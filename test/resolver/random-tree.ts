import fc from 'fast-check';

import { QuotaTree } from '../../resolver/quota-tree.ts';
import type { Amounts, ResourceNode, ResourceQuota } from '../../resolver/types.ts';

/** Random trees of quotas with use on them, for the properties of the resolver. */
export interface Used {
  readonly node: string;
  readonly amounts: Amounts;
}

const quota: fc.Arbitrary<ResourceQuota> = fc
  .record({
    nominal: fc.nat(12),
    borrowLimit: fc.option(fc.nat(6), { nil: undefined }),
    lendLimit: fc.option(fc.nat(8), { nil: undefined }),
  })
  .map(({ nominal, borrowLimit, lendLimit }) => ({
    nominal,
    ...(borrowLimit !== undefined && { borrowLimit }),
    ...(lendLimit !== undefined && { lendLimit }),
  }));

/** 2 to 9 nodes `n0`…; the parent of each is one before it, so that they form one tree. */
export const randomNodes: fc.Arbitrary<ResourceNode[]> = fc
  .array(
    fc.record({
      parent: fc.nat(),
      cpu: quota,
      mem: quota,
      weightMilli: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 2, maxLength: 9 },
  )
  .map((rows) =>
    rows.map(({ parent, cpu, mem, weightMilli }, index) => ({
      id: `n${index}`,
      parent: index === 0 ? null : `n${parent % index}`,
      weightMilli: weightMilli * 500,
      quotas: { cpu, mem },
    })),
  );

/** What is in use, of nodes that have no children. */
export function randomUses(nodes: readonly ResourceNode[]): fc.Arbitrary<Used[]> {
  return fc.array(
    fc.record({
      node: fc.constantFrom(...leavesOf(nodes)),
      amounts: fc.record({ cpu: fc.nat(9), mem: fc.nat(9) }),
    }),
    { maxLength: 8 },
  );
}

export function leavesOf(nodes: readonly ResourceNode[]): string[] {
  const parents = new Set(nodes.map((node) => node.parent));
  return nodes.map((node) => node.id).filter((id) => !parents.has(id));
}

export function treeWith(nodes: readonly ResourceNode[], uses: readonly Used[]): QuotaTree {
  const tree = QuotaTree.ofQuotas(nodes);
  for (const { node, amounts } of uses) tree.use(node, amounts, 1);
  return tree;
}
