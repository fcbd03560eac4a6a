import { saysTheSame } from '../compare.ts';
import { type Difference, notUnderstood } from '../verdict.ts';
import { MONEY, POT, Pot } from './pot.ts';
import { type BudgetRecord, expectationsOf, type Operation } from './record.ts';
import { SOME_DAY_MS } from './scenario-time.ts';

interface ScenarioThreshold {
  readonly kind: string;
  readonly value: number;
}

/** A kind of a scenario as the field of a threshold of ours. */
const FIELD_OF = {
  usage_value: 'usage',
  usage_percentage: 'usagePercent',
  balance_value: 'balance',
} as const;

type Told = { readonly [field in (typeof FIELD_OF)[keyof typeof FIELD_OF]]?: number };

const KNOWN_KEYS: readonly string[] = ['step', 'note', 'usage', 'balance', 'kind'];

/** Uses an account as each operation says, sets the thresholds, and reads which are told. */
export async function differencesOfThresholds(record: BudgetRecord): Promise<Difference[]> {
  const thresholds = (record.setup['thresholds'] ?? []) as readonly ScenarioThreshold[];
  const unknown = thresholds.filter(({ kind }) => !Object.hasOwn(FIELD_OF, kind));
  if (unknown.length > 0) return unknown.map(({ kind }) => notUnderstood('threshold', kind));
  const found: Difference[] = [];
  for (const { step = 0, ...expected } of expectationsOf(record)) {
    const operation = record.operations[step];
    if (operation?.op !== 'evaluate') {
      found.push(notUnderstood(`step ${step} op`, operation?.op));
      continue;
    }
    const told = await toldOf(operation, thresholds);
    for (const [key, value] of Object.entries(expected)) {
      const at = `step ${step} ${key}`;
      if (!KNOWN_KEYS.includes(key)) found.push(notUnderstood(at, value));
      else if (key !== 'note' && !saysTheSame(value, told[key])) {
        found.push({ at, expected: value, observed: told[key] });
      }
    }
  }
  return found;
}

/** The threshold of use and that of balance that are told, as the scenario writes them. */
async function toldOf(
  { usage, total }: Operation,
  thresholds: readonly ScenarioThreshold[],
): Promise<Readonly<Record<string, unknown>>> {
  const pot = await Pot.open(SOME_DAY_MS, { limit: total as number });
  try {
    if (usage !== 0) await pot.charge(usage as number);
    const ours = thresholds.map(({ kind, value }) => ({
      [FIELD_OF[kind as keyof typeof FIELD_OF]]: value,
    }));
    const limits = { [MONEY]: { thresholds: ours } };
    await pot.expect('limits_set', { op: 'setLimits', path: POT, limits });
    const { emergencies } = await pot.expect('emergencies', { op: 'emergencies' });
    const told: Record<string, unknown> = { usage: null, balance: null, kind: null };
    for (const { threshold = {} as Told } of emergencies) {
      for (const [kind, field] of Object.entries(FIELD_OF)) {
        const value = threshold[field];
        if (value === undefined) continue;
        told[field === 'balance' ? 'balance' : 'usage'] = value;
        if (field !== 'balance' || told['kind'] === null) told['kind'] = kind;
      }
    }
    return told;
  } finally {
    await pot.close();
  }
}
