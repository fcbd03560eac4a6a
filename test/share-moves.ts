import fc from 'fast-check';
import { DistributionMethod } from '../events/distribution.ts';

const RESOURCES = ['credits', 'memory'] as const;
const amounts = (max: number) =>
  fc.dictionary(fc.constantFrom(...RESOURCES), fc.nat({ max }), {
    minKeys: 1,
    noNullPrototype: true,
  });

const terms = fc.record(
  {
    weightMilli: fc.constantFrom(1, 1_000, 3_000),
    priority: fc.constantFrom('low', 'high', 250),
    goal: fc.constantFrom(
      ...[undefined, undefined, undefined, undefined],
      { weightMilli: 4_000 },
      { weightMilli: 500, progressPermille: 300 },
      { progressPermille: 1_000 },
    ),
    need: amounts(300),
    estimate: amounts(300),
    min: amounts(30),
    max: amounts(500),
  },
  { requiredKeys: [] },
);

/** Divisions of what a node has over children of these names, most of them legal. */
export const divisionsOf = (path: string, names: readonly string[]) =>
  fc.record(
    {
      op: fc.constant('distribute' as const),
      path: fc.constant(path),
      amounts: fc.dictionary(
        fc.constantFrom(...RESOURCES),
        fc.oneof(fc.constant('all' as const), fc.constant('all' as const), fc.nat({ max: 400 })),
        { minKeys: 1, noNullPrototype: true },
      ),
      method: fc.constantFrom(...DistributionMethod.options),
      children: fc.dictionary(fc.constantFrom(...names), terms, {
        minKeys: 1,
        noNullPrototype: true,
      }),
      sets: fc.constantFrom('limit', 'limit', 'guarantee'),
      keepPermille: fc.constantFrom(0, 0, 100, 1_000),
      dryRun: fc.constantFrom(undefined, undefined, undefined, true),
    },
    { requiredKeys: ['op', 'path', 'amounts'] },
  );
