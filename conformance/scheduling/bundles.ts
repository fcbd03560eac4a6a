import { planBundle } from '../../resolver/plan-bundle.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import type { Answers } from './families.ts';
import type { ScenarioAmount, SchedulingRecord } from './record.ts';
import { amountsOf, liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** A part of a bundle as a record states it. */
interface ScenarioPart {
  readonly id: string;
  readonly count: number;
  readonly minCount?: number;
  readonly each: Readonly<Record<string, ScenarioAmount>>;
}

/** Kind `gang-partial`: all parts of a bundle or none, each as large as fits or can be made to. */
export function answerBundle(record: SchedulingRecord): Answers {
  const parts = partsOf(record).map((part) => ({
    ...part,
    each: amountsOf(part.each),
  }));
  const { decision, counts, victims } = planBundle(
    treeOf(record),
    onlyRequestOf(record),
    parts,
    liveOf(record),
    planClassic,
    record.policy?.['partialGrant'] !== false,
  );
  return { decision, counts: Object.fromEntries(counts), victims };
}

function partsOf({ requests }: SchedulingRecord): readonly ScenarioPart[] {
  const parts = requests[0]?.['parts'];
  return Array.isArray(parts) ? parts : [];
}
