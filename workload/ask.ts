import type { Amounts } from '../events/resources.ts';
import { UnknownModelError } from './errors.ts';
import type { PriceBook } from './pricing.ts';
import type { Row } from './row.ts';

/** Output tokens that a call may make when its row sets no limit. */
const MAX_TOKENS_OUT_DEFAULT = 1_024;

/** What prices a workload: the book, and the model that stands in where a row has none. */
export type Pricing = {
  readonly book: PriceBook;
  /** Null: rows that cannot be priced are skipped and counted. */
  readonly defaultModel: string | null;
};

/** Why a row is no request that the governor could be asked. */
export type SkipReason =
  /** Neither an llm call nor a tool call: a row about a whole run, for one. */
  | 'not_a_step'
  /** An llm call without a number of input tokens. */
  | 'no_tokens'
  /** No model, and no `--default-model`. */
  | 'no_model'
  /** A model that the price book does not know, and no `--default-model`. */
  | 'unknown_model';

/** What an agent would ask before the step: resources of one bundle, or why it cannot. */
export type RowAsk =
  | {
      readonly kind: 'ask';
      /** `credits` in microcredits for an llm call, `tool_calls: 1` for a tool call. */
      readonly items: Amounts;
      /** Id of the price book that gave the amount; null where no price took part. */
      readonly priceBook: string | null;
    }
  | { readonly kind: 'skip'; readonly reason: SkipReason };

/** What the step really used; `unknown` where the row does not say. */
export type RowActual = Amounts | 'unknown';

/** Throws UnknownModelError for a default model without a price; call it once, at the start. */
export function checkPricing({ book, defaultModel }: Pricing): void {
  if (defaultModel === null) return;
  const price = book.priceMicro({ model: defaultModel, tokensIn: 1, tokensOut: 1 });
  if (price.kind === 'unknown_model') throw new UnknownModelError(defaultModel, book.id);
}

/**
 * The ask of a row. It uses only what is known before the call: the estimated input (else the
 * input itself, which the caller holds in hand) and the limit on the output; never the output,
 * the cost or the duration.
 */
export function askOf(row: Row, pricing: Pricing): RowAsk {
  const kind = kindOf(row);
  if (kind === 'tool') return { kind: 'ask', items: { tool_calls: 1 }, priceBook: null };
  if (kind === 'other') return { kind: 'skip', reason: 'not_a_step' };
  const tokensIn = row.estTokensIn ?? row.tokensIn;
  if (tokensIn === null) return { kind: 'skip', reason: 'no_tokens' };
  const tokensOut = row.maxTokensOut ?? MAX_TOKENS_OUT_DEFAULT;
  const price = priceOf(row.model, { tokensIn, tokensOut }, pricing);
  if (price === null) {
    return { kind: 'skip', reason: row.model === null ? 'no_model' : 'unknown_model' };
  }
  return { kind: 'ask', items: { credits: price.micro }, priceBook: price.priceBook };
}

/**
 * What the step of a row used. An llm call: the recorded cost, else its tokens at the same price
 * as the ask, else `unknown` (which a settle books as the held amount, not as nothing). A tool
 * call: one call, and its recorded cost if it has one, which no ask could have foreseen.
 */
export function actualOf(row: Row, pricing: Pricing): RowActual {
  if (kindOf(row) === 'tool') {
    return row.costMicro === null || row.costMicro === 0
      ? { tool_calls: 1 }
      : { tool_calls: 1, credits: row.costMicro };
  }
  if (row.costMicro !== null) return { credits: row.costMicro };
  if (row.tokensIn === null || row.tokensOut === null) return 'unknown';
  const { tokensIn, tokensOut } = row;
  const price = priceOf(row.model, { tokensIn, tokensOut }, pricing);
  return price === null ? 'unknown' : { credits: price.micro };
}

/** A row that names no kind is what its fields say: a tool's name, or tokens and cost. */
function kindOf(row: Row): 'llm' | 'tool' | 'other' {
  if (row.kind === 'llm' || row.kind === 'tool') return row.kind;
  if (row.kind !== null) return 'other';
  if (row.tokensIn !== null || row.estTokensIn !== null) return 'llm';
  return row.tool !== null ? 'tool' : 'other';
}

function priceOf(
  model: string | null,
  tokens: { tokensIn: number; tokensOut: number },
  { book, defaultModel }: Pricing,
): { micro: number; priceBook: string } | null {
  for (const name of [model, defaultModel]) {
    if (name === null) continue;
    const price = book.priceMicro({ model: name, ...tokens });
    if (price.kind === 'priced') return price;
  }
  return null;
}
