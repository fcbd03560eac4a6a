import { saysTheSame } from '../compare.ts';
import type { Difference } from '../verdict.ts';
import type { Observed } from './observed.ts';
import type { Expectation } from './record.ts';
import type { Scene } from './scene.ts';

/** Words of an answer of which any may be expected. */
const WORDS = { result: 'results', reason: 'reasons', tier: 'tiers' } as const;

/** Where the answer to a step differs from what is expected of it. */
export function differencesOf(expectation: Expectation, observed: Observed): Difference[] {
  return Object.entries(expectation)
    .filter(([key]) => key !== 'step' && key !== 'note')
    .filter(([key, expected]) => !isMet(key, expected, observed))
    .map(([key, expected]) => ({
      at: `step ${expectation.step} ${key}`,
      expected,
      observed: shownOf(key, observed),
    }));
}

function isMet(key: string, expected: unknown, observed: Observed): boolean {
  switch (key) {
    case 'result':
    case 'reason':
    case 'tier':
      return observed[WORDS[key]]?.includes(expected as string) ?? false;
    case 'released':
    case 'overrun':
      return saysTheSame(expected ?? 0, observed[key]);
    case 'preempted':
      return saysTheSame([expected].flat(), observed.preempted);
    case 'outcomes':
      return countsAre(expected, observed, (count, wanted) => count === wanted, true);
    case 'outcomes_any':
      return (expected as unknown[]).some((one) =>
        countsAre(one, observed, (count, wanted) => count === wanted, true),
      );
    case 'at_most':
      if (typeof expected === 'number') return isMet(key, { reserved: expected }, observed);
      return countsAre(expected, observed, (count, wanted) => count <= wanted, false);
    default:
      return saysTheSame(expected, observed[key as keyof Observed]);
  }
}

/** Whether so many of parallel operations ended so; with `all`, each of them is to be counted. */
function countsAre(
  expected: unknown,
  { each = [] }: Observed,
  fits: (count: number, wanted: number) => boolean,
  all: boolean,
): boolean {
  const wanted = Object.entries(expected as Readonly<Record<string, number>>);
  const ended = (result: string) => each.filter(({ results }) => results.includes(result));
  const isCounted = ({ results }: Observed) => wanted.some(([result]) => results.includes(result));
  return (
    wanted.every(([result, count]) => fits(ended(result).length, count)) &&
    (!all || each.every(isCounted))
  );
}

function shownOf(key: string, observed: Observed): unknown {
  if (observed.each !== undefined) return observed.each.map(({ results }) => results.join('|'));
  if (key === 'result' || key === 'reason' || key === 'tier') {
    return { [WORDS[key]]: observed[WORDS[key]], answer: observed.answer };
  }
  return observed[key as keyof Observed];
}

/** Where tiers differ from what is expected of them after a step. */
export async function differencesOfTiers(
  { after_step: step, tiers = {} }: Expectation,
  scene: Scene,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [tier, expected] of Object.entries(tiers)) {
    const observed = await tierOf(tier, scene);
    for (const [key, value] of Object.entries(expected)) {
      if (saysTheSame(value, observed[key])) continue;
      found.push({
        at: `after step ${step} ${tier}.${key}`,
        expected: value,
        observed: observed[key],
      });
    }
  }
  return found;
}

/** A tier as the scenarios see it; nothing was ever held or spent where no line is. */
async function tierOf(tier: string, scene: Scene): Promise<Readonly<Record<string, unknown>>> {
  const line = await scene.lineOf(tier);
  const { frozen } = await scene.balanceOf(tier);
  if (line === undefined) return { held: 0, spent: 0, limit: null, remaining: null, frozen };
  const { heldTree: held, spentTree: spent, limit, short: blocked, available, shortBy } = line;
  const { spentPast, carried } = line;
  return {
    held,
    spent,
    limit,
    blocked,
    frozen,
    // What is missing now shows in what remains; debt is what earlier windows left.
    debt: carried,
    past_spent: spentPast,
    remaining: blocked ? -(shortBy ?? Number.NaN) : available,
  };
}
