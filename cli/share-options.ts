import type { CommandInput } from '../events/commands.ts';
import { type AmountOptions, amountsFrom, priorityFrom } from './ask-options.ts';
import { UsageError } from './errors.ts';
import { amountOf } from './values.ts';

type Distribute = Extract<CommandInput, { op: 'distribute' }>;
type Terms = NonNullable<Distribute['children']>[string];

const FORM = 'Write NAME or NAME=KEY:VALUE,…, such as a=weight:2,need:5,min:1,goal:3,done:40%.';
const AMOUNTS: ReadonlySet<string> = new Set(['need', 'estimate', 'min', 'max']);

/** How what is to be divided is given on a command line. */
export type DivideOptions = AmountOptions & { readonly all?: readonly string[] };

/** What to divide by resource. @throws UsageError when nothing is named, or one thing twice */
export function dividedFrom(options: DivideOptions): Distribute['amounts'] {
  const { all = [] } = options;
  const isGiven = options.credits !== undefined || (options.item ?? []).length > 0;
  const amounts: Record<string, number | 'all'> =
    isGiven || all.length === 0 ? amountsFrom(options) : {};
  for (const resource of all) {
    if (amounts[resource] !== undefined) {
      throw new UsageError(`${resource} is given twice.`, 'Name each resource once.');
    }
    amounts[resource] = 'all';
  }
  return amounts;
}

/**
 * What is said of each child: `a`, `a=weight:2,need:5`; with several resources `need.memory:1GiB`.
 * Undefined where none is named: then all take part. @throws UsageError
 */
export function childrenFrom(
  texts: readonly string[],
  resources: readonly string[],
): Distribute['children'] {
  if (texts.length === 0) return undefined;
  const children: Record<string, Terms> = {};
  for (const text of texts) {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    if (Object.hasOwn(children, name)) {
      throw new UsageError(`--child: ${name} is given twice.`, 'Say all of a child at once.');
    }
    const terms: Terms = {};
    const pairs = equals === -1 ? [] : text.slice(equals + 1).split(',');
    for (const pair of pairs) Object.assign(terms, termOf(pair, terms, resources));
    children[name] = terms;
  }
  return children;
}

function termOf(pair: string, terms: Terms, resources: readonly string[]): Terms {
  const [, key = '', value = ''] = /^([a-z]+(?:\.[a-z0-9_.-]+)?):(.+)$/.exec(pair) ?? [];
  const [field = '', ...rest] = key.split('.');
  if (AMOUNTS.has(field)) {
    const named = rest.join('.');
    const resource = named === '' && resources.length === 1 ? resources[0] : named;
    if (resource === undefined || !resources.includes(resource)) {
      const message = `--child: '${pair}' does not say of which of ${resources.join(', ')}.`;
      throw new UsageError(message, `Write ${field}.${resources[0]}:AMOUNT.`);
    }
    const before = terms[field as 'need'];
    return { [field]: { ...before, [resource]: amountOf(resource, value, '--child') } };
  }
  if (key === 'weight') return { weightMilli: thousandths(value, 1) };
  if (key === 'priority') return { priority: priorityFrom(value, '--child') };
  if (key === 'goal') return { goal: { ...terms.goal, weightMilli: thousandths(value, 1) } };
  if (key === 'done' && value.endsWith('%')) {
    return { goal: { ...terms.goal, progressPermille: permilleFrom(value, '--child') } };
  }
  throw new UsageError(`--child: '${pair}' says nothing of a child.`, FORM);
}

/** `40%`, `2.5%` in thousandths. @throws UsageError */
export function permilleFrom(text: string, option: string): number {
  const permille = Math.round(Number(/^(\d+(?:\.\d)?)%$/.exec(text)?.[1]) * 10);
  if (permille >= 0 && permille <= 1_000) return permille;
  throw new UsageError(`${option}: '${text}' is no share of the whole.`, 'Write 0% to 100%.');
}

function thousandths(text: string, min: number): number {
  const milli = /^\d+(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1_000) : Number.NaN;
  if (Number.isSafeInteger(milli) && milli >= min) return milli;
  throw new UsageError(`--child: '${text}' is no weight.`, 'Write a number such as 2 or 0.5.');
}
