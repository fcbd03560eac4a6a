import { BUDGET_TIERS, type Budgets, type BudgetTier, type Caps } from './budgets.ts';
import { AmountError, BudgetError } from './errors.ts';
import { microFromUsdText } from './money.ts';

/** The options of a command line that set budgets, as texts; each may be absent. */
export type BudgetOptions = {
  /** USD: `--run-cap 1.00`. */
  readonly [Key in `${BudgetTier}Cap`]?: string | undefined;
} & {
  /** Calls: `--run-tool-calls 50`. */
  readonly [Key in `${BudgetTier}ToolCalls`]?: string | undefined;
} & {
  /** Slots: `--swarm-concurrency 8`. */
  readonly [Key in `${BudgetTier}Concurrency`]?: string | undefined;
};

/** Budgets of every node of a tier, from options. Throws BudgetError that names the option. */
export function budgetsFromOptions(options: BudgetOptions): Budgets {
  const tiers = {} as Record<BudgetTier, Caps>;
  for (const tier of BUDGET_TIERS) {
    tiers[tier] = {
      ...capFrom('credits', options[`${tier}Cap`], `--${tier}-cap`, microFromOption),
      ...capFrom('tool_calls', options[`${tier}ToolCalls`], `--${tier}-tool-calls`, countFrom),
      ...capFrom('concurrency', options[`${tier}Concurrency`], `--${tier}-concurrency`, countFrom),
    };
  }
  return { tiers, paths: {} };
}

type Reader = (text: string, option: string) => number;

function capFrom(resource: string, text: string | undefined, option: string, read: Reader): Caps {
  return text === undefined ? {} : { [resource]: read(text.trim(), option) };
}

function microFromOption(text: string, option: string): number {
  try {
    return microFromUsdText(text);
  } catch (cause) {
    if (!(cause instanceof AmountError)) throw cause;
    throw new BudgetError(option, null, `${cause.message}; write USD such as 1.00`, { cause });
  }
}

function countFrom(text: string, option: string): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new BudgetError(option, null, `"${text}" is not a whole number such as 50`);
}
