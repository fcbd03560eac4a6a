import { rankByFairTree } from '../../resolver/fair-tree.ts';
import { historyShares, orderByHistory } from '../../resolver/history-share.ts';
import type { Answers } from './families.ts';
import type { ScenarioAmount, SchedulingRecord } from './record.ts';
import { scaledAmount } from './scale.ts';
import { nodesOf } from './translate.ts';

/** Kind `history-fair`: effective past use, the factor by which leaves are ordered, and their rank. */
export function answerHistory(record: SchedulingRecord): Answers {
  const past = record.nodes.flatMap(({ id, recentUsageFraction: part }) =>
    part === undefined ? [] : [{ node: id, amount: scaledAmount(part as ScenarioAmount) ?? 0 }],
  );
  const shares = historyShares(nodesOf(record), past, scaledAmount(1) ?? 0);
  const tree = rankByFairTree(nodesOf(record), past);
  const goesByTree = /tree/i.test(Object.values(record.policy ?? {}).join());
  const leaves = record.nodes.filter(({ kind }) => kind === 'leaf').map(({ id }) => id);
  const all = [...shares];
  return {
    effectiveUsage: Object.fromEntries(all.map(([id, { effectiveUse }]) => [id, effectiveUse])),
    factor: Object.fromEntries(all.map(([id, { factor }]) => [id, factor])),
    servedOrder: goesByTree ? tree.order : orderByHistory(shares, leaves),
    rank: Object.fromEntries(tree.ranks),
  };
}
