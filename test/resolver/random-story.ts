import fc from 'fast-check';

import type { PendingRequest } from '../../resolver/types.ts';
import { type RandomContest, randomContest } from './random-contest.ts';
import { treeWith } from './random-tree.ts';

/** A contest with several requests that ask at once or one after the other. */
export interface RandomStory extends RandomContest {
  readonly requests: readonly PendingRequest[];
}

/** Holders that do not fit beside those before them are left out: a story begins within all limits. */
export const randomStory: fc.Arbitrary<RandomStory> = randomContest.chain((contest) => {
  const asks = fc.array(
    fc.record({
      node: fc.constantFrom(...contest.nodes.map(({ id }) => id)),
      priority: fc.integer({ min: 0, max: 4 }),
      amounts: fc.record({ cpu: fc.nat(6), mem: fc.nat(6) }),
      createdAtMs: fc.nat(4),
    }),
    { maxLength: 5 },
  );
  const strict = fc.array(fc.boolean(), {
    minLength: contest.nodes.length,
    maxLength: contest.nodes.length,
  });
  return fc.tuple(asks, strict).map(([rows, isStrict]) => ({
    nodes: contest.nodes.map((node, at) => ({ ...node, strictFifo: isStrict[at] === true })),
    live: fittingOf(contest),
    request: contest.request,
    requests: [contest.request, ...rows.map((row, at) => ({ id: `q${at}`, ...row }))],
  }));
});

function fittingOf({ nodes, live }: RandomContest) {
  const tree = treeWith(nodes, []);
  return live.filter(({ node, amounts }) => {
    const isFitting = tree.fits(node, amounts);
    if (isFitting) tree.use(node, amounts, 1);
    return isFitting;
  });
}
