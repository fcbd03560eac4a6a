import fc from 'fast-check';
import { DistributionMethod } from '../events/distribution.ts';

const RESOURCES = ['credits', 'memory'] as const;
const amounts = (max: number) =>
  fc.dictionary(fc.constantFrom(...RESOURCES), fc.nat({ max }), {
    minKeys: 1,
    noNullPrototype: true,
  });

/** Everything that can be said of a child. */
const allTerms = fc.record(
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

/** Where one thing alone is known of all, it decides how to divide. */
const needAlone = fc.record({ need: amounts(300) });

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
      children: fc.oneof(
        ...[allTerms, needAlone, fc.constant({})].map((terms) =>
          fc.dictionary(fc.constantFrom(...names), terms as typeof allTerms, {
            minKeys: 1,
            noNullPrototype: true,
          }),
        ),
      ),
      sets: fc.constantFrom('limit', 'limit', 'guarantee'),
      keepPermille: fc.constantFrom(0, 0, 100, 1_000),
      dryRun: fc.constantFrom(undefined, undefined, undefined, true),
    },
    { requiredKeys: ['op', 'path', 'amounts'] },
  );
