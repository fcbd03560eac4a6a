import fc from 'fast-check';

import type { QuotaTree } from '../../resolver/quota-tree.ts';
import type {
  LiveAllocation,
  NodePreemption,
  PendingRequest,
  ResourceNode,
} from '../../resolver/types.ts';
import { leavesOf, randomNodes, treeWith } from './random-tree.ts';

/** A tree with policies, who holds what in it, and one request. */
export interface RandomContest {
  readonly nodes: ResourceNode[];
  readonly live: LiveAllocation[];
  readonly request: PendingRequest;
}

const policy: fc.Arbitrary<NodePreemption> = fc.record({
  withinNode: fc.constantFrom('never', 'lower', 'lowerOrNewerEqual', 'any'),
  reclaim: fc.constantFrom('never', 'lower', 'any', 'any'),
  whileBorrowing: fc.record(
    { policy: fc.constantFrom('never', 'lower'), maxPriority: fc.integer({ min: 0, max: 3 }) },
    { requiredKeys: ['policy'] },
  ),
});

const amounts = fc.record({ cpu: fc.nat(5), mem: fc.nat(5) });

/** Holders may stand in any node, most in those without children; priorities collide often. */
export const randomContest: fc.Arbitrary<RandomContest> = randomNodes.chain((bare) => {
  const anywhere = fc.constantFrom(...leavesOf(bare), ...bare.map(({ id }) => id));
  const holder = fc.record({
    node: anywhere,
    priority: fc.integer({ min: 0, max: 4 }),
    amounts,
    grantedAtMs: fc.nat(5),
    state: fc.constantFrom<'active' | 'evicting'>('active', 'active', 'active', 'evicting'),
    preemptible: fc.constantFrom(true, true, true, false),
  });
  return fc.record({
    nodes: fc
      .array(policy, { minLength: bare.length, maxLength: bare.length })
      .map((policies) =>
        bare.map((node, at) => ({ ...node, preemption: policies[at] as NodePreemption })),
      ),
    live: fc
      .array(holder, { maxLength: 9 })
      .map((rows) => rows.map((row, at) => ({ id: `a${at}`, ...row }))),
    request: fc.record({
      id: fc.constant('r'),
      node: anywhere,
      priority: fc.integer({ min: 0, max: 5 }),
      amounts,
      createdAtMs: fc.nat(5),
    }),
  });
});

export function treeOf({ nodes, live }: RandomContest): QuotaTree {
  return treeWith(nodes, live);
}
