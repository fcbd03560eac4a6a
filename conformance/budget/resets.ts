import { type Difference, notUnderstood } from '../verdict.ts';
import { Pot } from './pot.ts';
import { type BudgetRecord, expectationsOf, type Operation } from './record.ts';

/** Settings of a window; an operation may have its own. */
const SETTINGS: readonly string[] = ['tz', 'at', 'week_start'];
const FIELDS: readonly string[] = ['op', 'note', 'now', 'every', ...SETTINGS];

/** Opens a window at each instant that is named, and reads when the governor says that it ends. */
export async function differencesOfResets(record: BudgetRecord): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const { step = 0, next, ...more } of expectationsOf(record)) {
    const operation = record.operations[step];
    const unknown = [
      ...Object.keys(more).filter((key) => key !== 'note'),
      ...Object.keys(record.setup).filter((key) => !SETTINGS.includes(key)),
      ...Object.keys(operation ?? {}).filter((key) => !FIELDS.includes(key)),
    ];
    found.push(...unknown.map((key) => notUnderstood(`step ${step}`, key)));
    if (operation?.op !== 'next_reset') {
      found.push(notUnderstood(`step ${step} op`, operation?.op));
      continue;
    }
    const observed = await endOfWindow({ ...record.setup, ...operation } as Operation);
    if (observed !== next) found.push({ at: `step ${step} next`, expected: next, observed });
  }
  return found;
}

/** As the scenarios write it: an instant of UTC in seconds. */
async function endOfWindow(operation: Operation): Promise<string> {
  const { now, every, tz, at, week_start: weekStart } = operation;
  const window = {
    every: WORDS[String(every)] ?? String(every),
    ...(tz === undefined ? {} : { tz: String(tz) }),
    ...(at === undefined ? {} : { at: String(at) }),
    ...(weekStart === undefined ? {} : { weekStart: dayOf(String(weekStart)) }),
  };
  const pot = await Pot.open(Date.parse(String(now)), { limit: null, window });
  try {
    const endsAtMs = (await pot.line()).window?.endsAtMs ?? undefined;
    return endsAtMs === undefined
      ? 'never'
      : new Date(endsAtMs).toISOString().replace('.000Z', 'Z');
  } finally {
    await pot.close();
  }
}

const WORDS: Readonly<Record<string, string>> = {
  hourly: '1h',
  daily: '1d',
  weekly: '1w',
  monthly: '1mo',
  yearly: '1y',
};

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** `Monday`, `mon`. @throws Error for no day of the week */
function dayOf(name: string): (typeof DAYS)[number] {
  const day = DAYS.find((one) => name.toLowerCase().startsWith(one));
  if (day === undefined) throw new Error(`${name} is no day of the week`);
  return day;
}
