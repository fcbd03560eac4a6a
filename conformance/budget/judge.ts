import { saysTheSame } from '../compare.ts';
import { type Difference, notUnderstood, type Verdict, verdictOf } from '../verdict.ts';
import { differencesOf, differencesOfTiers } from './expect.ts';
import { differencesOfGrants } from './grants.ts';
import { Operations } from './operations.ts';
import { type Order, ordersOf } from './orders.ts';
import { type BudgetRecord, type Expectation, expectationsOf } from './record.ts';
import { differencesOfResets } from './resets.ts';
import { Scene } from './scene.ts';
import { differencesOfThresholds } from './thresholds.ts';
import { NoPath } from './tier-paths.ts';
import { unknownWords } from './vocabulary.ts';

/** Runs one record through the real writer on a ledger in memory, and compares what it says. */
export async function judgeBudget(record: BudgetRecord): Promise<Verdict> {
  const family = FAMILIES[record.family];
  if (family === undefined) return verdictOf([notUnderstood('family', record.family)]);
  try {
    return verdictOf(await family(record));
  } catch (error) {
    if (error instanceof NoPath) return { status: 'skipped', reason: error.message };
    return verdictOf([{ at: 'the run', expected: 'to go through', observed: String(error) }]);
  }
}

/** What each family finds. @throws NoPath, and Error where a scenario cannot be played */
const FAMILIES: Readonly<Record<string, (record: BudgetRecord) => Promise<Difference[]>>> = {
  tiers: differencesOfTierScenario,
  grants: differencesOfGrants,
  grant_order: differencesOfGrants,
  thresholds: differencesOfThresholds,
  resets: differencesOfResets,
};

/** In each order of what is parallel; those of the first order in which there are any. */
async function differencesOfTierScenario(record: BudgetRecord): Promise<Difference[]> {
  const expectations = expectationsOf(record);
  const unknown = unknownWords(record, expectations);
  if (unknown.length > 0) return unknown;
  for (const order of ordersOf(record)) {
    const differences = await runIn(order, record, expectations);
    if (differences.length > 0) return differences;
  }
  return [];
}

/** What holds for every record: a writer that begins from the log has the same books. */
async function differencesOfReplay(scene: Scene): Promise<Difference[]> {
  const expected = await scene.books();
  await scene.restart();
  const observed = await scene.books();
  return saysTheSame(expected, observed) ? [] : [{ at: 'after a replay', expected, observed }];
}

async function runIn(
  order: Order,
  record: BudgetRecord,
  expectations: readonly Expectation[],
): Promise<Difference[]> {
  const scene = await Scene.open(record);
  const operations = new Operations(scene);
  const found: Difference[] = [];
  try {
    for (const [step, operation] of order.operations.entries()) {
      const observed = await operations.perform(operation);
      for (const expectation of expectations) {
        if (expectation.step === step) found.push(...differencesOf(expectation, observed));
        if (expectation.after_step !== step) continue;
        found.push(...(await differencesOfTiers(expectation, scene)));
      }
    }
    found.push(...(await differencesOfReplay(scene)));
  } finally {
    await scene.close();
  }
  if (order.name === 'given') return found;
  return found.map(({ at, ...rest }) => ({ at: `${at} (order: ${order.name})`, ...rest }));
}
