import { dominantUse } from '../../resolver/dominant-use.ts';
import { fillByDominantShare } from '../../resolver/drf-fill.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { scaledWeight } from './scale.ts';
import { amountsOf, nominalsOf, treeOf } from './translate.ts';

/** Kind `drf`: equal tasks handed out until nothing more fits. */
export function answerFilling(record: SchedulingRecord): Answers {
  const demands = record.requests.map(({ node = '', amounts, repeat = 1 }) => ({
    node,
    amounts: amountsOf(amounts),
    count: repeat === 'unbounded' ? null : Number(repeat),
  }));
  const filling = fillByDominantShare(treeOf(record), demands);
  const root = record.nodes.find(({ parent }) => parent === null);
  const total = root === undefined ? {} : nominalsOf(root);
  const shareOf = (id: string, weightMilli: number) =>
    dominantUse({ id, weightMilli, use: filling.use.get(id) ?? {} }, total);
  const served = record.nodes.filter(({ id }) => filling.use.has(id));
  return {
    tasks: Object.fromEntries(filling.tasks),
    serviceOrder: filling.order,
    dominantShares: Object.fromEntries(served.map(({ id }) => [id, shareOf(id, 1000)])),
    weightedDominantShares: Object.fromEntries(
      served.map(({ id, weight }) => [id, shareOf(id, scaledWeight(weight ?? 1))]),
    ),
  };
}
