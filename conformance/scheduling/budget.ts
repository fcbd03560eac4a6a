import { admitToBudget } from '../../resolver/admit-to-budget.ts';
import { availabilityOf } from './availability.ts';
import type { Answers } from './families.ts';
import type { ScenarioAmount, SchedulingRecord } from './record.ts';
import { amountsOf, requestsOf, resourcesOf, treeOf } from './translate.ts';

/** Kind `budget`: requests to something that is spent; what was spent before is part of `expected`. */
export function answerBudget(record: SchedulingRecord): Answers {
  const { spentBefore = 0 } = record.expected;
  const [resource = ''] = resourcesOf(record);
  const tree = treeOf(record);
  const spender = record.nodes.find(({ consumable }) => consumable === true);
  if (spender !== undefined) {
    tree.use(spender.id, amountsOf({ [resource]: spentBefore as ScenarioAmount }), 1);
  }
  const availability = availabilityOf(record, tree);
  const answers = admitToBudget(tree, requestsOf(record));
  const named = (...decisions: string[]) =>
    answers.filter(({ decision }) => decisions.includes(decision)).map(({ id }) => id);
  return {
    ...availability,
    spentBefore,
    decision: answers[0]?.decision,
    granted: named('grant', 'partial'),
    denied: named('queue', 'deny'),
    stillWaiting: named('queue'),
  };
}
