import { admitBundle } from '../../resolver/partial-bundle.ts';
import type { Answers } from './families.ts';
import type { ScenarioAmount, SchedulingRecord } from './record.ts';
import { amountsOf, onlyRequestOf, treeOf } from './translate.ts';

/** A part of a bundle as a record states it. */
interface ScenarioPart {
  readonly id: string;
  readonly count: number;
  readonly minCount?: number;
  readonly each: Readonly<Record<string, ScenarioAmount>>;
}

/** Kind `gang-partial`: all parts of a bundle or none, each as large as fits. */
export function answerBundle(record: SchedulingRecord): Answers {
  const { node } = onlyRequestOf(record);
  const parts = partsOf(record).map((part) => ({
    ...part,
    each: amountsOf(part.each),
  }));
  const allowsPartial = record.policy?.['partialGrant'] === true;
  const { decision, counts } = admitBundle(treeOf(record), node, parts, allowsPartial);
  return { decision, counts: Object.fromEntries(counts) };
}

function partsOf({ requests }: SchedulingRecord): readonly ScenarioPart[] {
  const parts = requests[0]?.['parts'];
  return Array.isArray(parts) ? parts : [];
}
