import type { BudgetTier } from './budgets.ts';

/** Codes of skips and of rows not asked, in words. Those of denials are the governor's own. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['not_a_step', 'neither an llm call nor a tool call'],
  ['no_tokens', 'no number of input tokens'],
  ['no_model', 'no model; --default-model would price it'],
  ['unknown_model', 'a model without a price; --default-model would price it'],
  ['no_times', 'no times were recorded of it'],
  ['run_ended', 'its run had ended by a denial'],
  ['interrupted', 'driving was stopped before its turn'],
  ['insufficient_credits', 'not enough credits'],
  ['tool_limit_reached', 'no tool calls left'],
  ['concurrency_limit_reached', 'no free slot'],
]);

/** Why a row was not granted, for people; a code without words is shown as it is. */
export function reasonText(code: string, tier: BudgetTier | null): string {
  const words = WORDS.get(code) ?? code.replaceAll('_', ' ');
  return tier === null ? words : `${words} (${tier})`;
}
