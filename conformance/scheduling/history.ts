import { historyShares, orderByHistory } from '../../resolver/history-share.ts';
import type { Answers } from './families.ts';
import type { ScenarioAmount, SchedulingRecord } from './record.ts';
import { scaledAmount } from './scale.ts';
import { nodesOf } from './translate.ts';

/** Kind `history-fair`: effective past use, and the factor by which leaves are ordered. */
export function answerHistory(record: SchedulingRecord): Answers {
  const past = record.nodes.flatMap(({ id, recentUsageFraction: part }) =>
    part === undefined ? [] : [{ node: id, amount: scaledAmount(part as ScenarioAmount) ?? 0 }],
  );
  const shares = historyShares(nodesOf(record), past, scaledAmount(1) ?? 0);
  const leaves = record.nodes.filter(({ kind }) => kind === 'leaf').map(({ id }) => id);
  const all = [...shares];
  return {
    effectiveUsage: Object.fromEntries(all.map(([id, { effectiveUse }]) => [id, effectiveUse])),
    factor: Object.fromEntries(all.map(([id, { factor }]) => [id, factor])),
    servedOrder: orderByHistory(shares, leaves),
  };
}
