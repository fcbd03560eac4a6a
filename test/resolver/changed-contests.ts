import type { Amounts } from '../../resolver/types.ts';
import type { RandomContest } from './random-contest.ts';

/** The same contest with everything given in the opposite order. */
export function turned({ nodes, live, request }: RandomContest): RandomContest {
  return { nodes: [...nodes].reverse(), live: [...live].reverse(), request };
}

/** The same contest in a unit that is so many times smaller. */
export function scaled({ nodes, live, request }: RandomContest, factor: number): RandomContest {
  return {
    nodes: nodes.map((node) => ({
      ...node,
      quotas: Object.fromEntries(
        Object.entries(node.quotas).map(([resource, quota]) => [resource, times(quota, factor)]),
      ),
    })),
    live: live.map((one) => ({ ...one, amounts: times(one.amounts, factor) })),
    request: { ...request, amounts: times(request.amounts, factor) },
  };
}

/** The same contest with one more node that has no quota and holds nothing. */
export function withIdleNode({ nodes, live, request }: RandomContest): RandomContest {
  return { nodes: [{ id: 'idle', parent: 'n0', quotas: {} }, ...nodes], live, request };
}

/** The same contest with other ids of allocations: `a0` is the last now; ages are all distinct. */
export function renamed({ nodes, live, request }: RandomContest): {
  readonly before: RandomContest;
  readonly after: RandomContest;
  readonly nameOf: (id: string) => string;
} {
  const nameOf = (id: string) => `z${live.length - Number(id.slice(1))}`;
  const distinct = live.map((one, at) => ({ ...one, grantedAtMs: at }));
  return {
    before: { nodes, live: distinct, request },
    after: { nodes, live: distinct.map((one) => ({ ...one, id: nameOf(one.id) })), request },
    nameOf,
  };
}

function times<T extends object>(values: T, factor: number): T {
  return Object.fromEntries(
    Object.entries(values as Amounts).map(([key, value]) => [key, value * factor]),
  ) as T;
}
