import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { actualOf, askOf, checkPricing, type Pricing } from '../workload/ask.ts';
import { UnknownModelError } from '../workload/errors.ts';
import { openPriceBook, type PriceBook } from '../workload/pricing.ts';
import { newRowIds, parseRow, type Row, type RowForm } from '../workload/row.ts';
import { readRows } from '../workload/row-file.ts';
import { assert, skip, suite } from './harness/suite.ts';

const test = suite('workload pricing');
const traces = fileURLToPath(new URL('../../shared/traces/', import.meta.url));
/** The month in which the two priced traces were recorded for the most part. */
const APRIL_2024_MS = Date.UTC(2024, 3, 15);
let book: PriceBook;
let pricing: Pricing;

test.before(async () => {
  book = await openPriceBook({ asOfMs: APRIL_2024_MS });
  pricing = { book, defaultModel: null };
});

const row = (form: RowForm): Row =>
  parseRow(JSON.stringify(form), { file: 'f.jsonl', line: 1 }, newRowIds());

function micro(model: string, tokensIn: number, tokensOut: number): number | 'unknown_model' {
  const price = book.priceMicro({ model, tokensIn, tokensOut });
  return price.kind === 'priced' ? price.micro : price.kind;
}

test('R-01 a call is priced exactly, rounded up, with the snapshot that gave the price', () => {
  const price = book.priceMicro({ model: 'gpt-4-0125-preview', tokensIn: 850, tokensOut: 282 });
  assert.equal(price, {
    kind: 'priced',
    micro: 16_960,
    provider: 'openai',
    model: 'gpt-4-turbo',
    priceBook: book.id,
  });
  assert.match(book.id, /^genai-prices@\d+\.\d+\.\d+\+[0-9a-f]{12}\/2024-04-15$/);
  // 1 × 0.15 + 1 × 0.6 = 0.75 microcredits.
  assert.is(micro('gpt-4o-mini', 1, 1), 1);
  assert.is(micro('gpt-4o-mini', 1_000_000_000, 1_000_000_000), 750_000_000);
});

test('R-01 the price of a long input follows its tier', () => {
  assert.is(micro('claude-sonnet-4-5', 200_000, 0), 600_000);
  assert.is(micro('claude-sonnet-4-5', 200_001, 0), 1_200_006);
});

test('R-01 names of a provider and names that programs print resolve', () => {
  assert.is(micro('GPT_3_5_TURBO', 1_000, 1_000), 7_000);
  assert.is(micro('GPT_4', 1_000, 1_000), 90_000);
  assert.is(micro('GTP_4O_MINI', 10_000, 0), 1_500);
  assert.is(micro('openai:gpt-4o', 1_000, 0), micro('gpt-4o', 1_000, 0));
  assert.is(micro('nobody:gpt-4o', 1_000, 0), 'unknown_model');
});

test('R-01 a model without a price is unknown, never free', () => {
  for (const model of ['no-such-model', '', ':', 'constructor', '__proto__']) {
    assert.is(micro(model, 1_000, 1_000), 'unknown_model');
  }
  assert.is(micro('LLAMA_31_8B', 1_000, 1_000), 'unknown_model');
  // The list has this one with an empty price, and its own sum for it is 0.
  const listed = calcPrice({ input_tokens: 1 }, 'gpt-4o', { providerId: 'github-copilot' });
  assert.is(listed?.total_price, 0);
  assert.is(micro('github-copilot:gpt-4o', 1_000, 1_000), 'unknown_model');
});

test('R-01 every model of the list costs what the list says, up to its rounding', async () => {
  const timestamp = new Date(APRIL_2024_MS);
  let compared = 0;
  for (const provider of (await waitForUpdate()) ?? []) {
    for (const { id } of provider.models) {
      for (const [tokensIn, tokensOut] of [
        [850, 282],
        [300_000, 4_096],
      ] as const) {
        const usage = { input_tokens: tokensIn, output_tokens: tokensOut };
        const listed = calcPrice(usage, id, { providerId: provider.id, timestamp });
        const ours = micro(`${provider.id}:${id}`, tokensIn, tokensOut);
        if (listed === null || typeof ours !== 'number') continue;
        compared += 1;
        const excess = ours - listed.total_price * 1e6;
        assert.ok(excess > -1e-6 && excess < 1 + 1e-6, `${provider.id}:${id} ${excess}`);
      }
    }
  }
  assert.ok(compared > 2_000, `only ${compared} prices were compared`);
});

test('the ask of a call is its input and the limit on its output, and knows no more', () => {
  const model = 'gpt-4-0125-preview';
  const call: RowForm = { kind: 'llm', model, tokens_in: 850, tokens_out: 282, cost_usd: 0.01696 };
  const ask = askOf(row(call), pricing);
  assert.equal(ask, { kind: 'ask', items: { credits: 39_220 }, priceBook: book.id });
  const other = { ...call, tokens_out: 1, cost_usd: 99, duration_ms: 5, gap_ms: 9 };
  assert.equal(askOf(row(other), pricing), ask);
  const estimated = askOf(row({ ...call, est_tokens_in: 900, max_tokens_out: 100 }), pricing);
  assert.equal(estimated, { kind: 'ask', items: { credits: 12_000 }, priceBook: book.id });
});

test('the ask of a tool is one call', () => {
  const tool = row({ kind: 'tool', tool: 'search_code', gap_ms: 0 });
  assert.equal(askOf(tool, pricing), { kind: 'ask', items: { tool_calls: 1 }, priceBook: null });
  assert.equal(actualOf(tool, pricing), { tool_calls: 1 });
  const paid = row({ kind: 'tool', tool: 'web_search', cost_usd: 0.01 });
  assert.equal(actualOf(paid, pricing), { tool_calls: 1, credits: 10_000 });
});

test('what a call used is its recorded cost, else its tokens priced, else unknown', () => {
  const model = 'gpt-4-0125-preview';
  const call: RowForm = { kind: 'llm', model, tokens_in: 850, tokens_out: 282 };
  assert.equal(actualOf(row(call), pricing), { credits: 16_960 });
  assert.equal(actualOf(row({ ...call, cost_usd: 0.5 }), pricing), { credits: 500_000 });
  assert.equal(actualOf(row({ ...call, cost_usd: 0 }), pricing), { credits: 0 });
  assert.equal(actualOf(row({ ...call, tokens_out: null }), pricing), 'unknown');
  assert.equal(actualOf(row({ ...call, model: 'no-such-model' }), pricing), 'unknown');
});

test('a row that cannot be asked is skipped with its reason; a default model asks it', () => {
  const reasonOf = (form: RowForm) => {
    const ask = askOf(row(form), pricing);
    return ask.kind === 'skip' ? ask.reason : 'asked';
  };
  const llm = { kind: 'llm', tokens_in: 10 };
  assert.is(reasonOf({}), 'not_a_step');
  assert.is(reasonOf({ kind: 'phase', tokens_in: 10 }), 'not_a_step');
  assert.is(reasonOf({ kind: 'llm', model: 'gpt-4' }), 'no_tokens');
  assert.is(reasonOf(llm), 'no_model');
  assert.is(reasonOf({ ...llm, model: 'LLAMA_3' }), 'unknown_model');
  const withDefault: Pricing = { book, defaultModel: 'gpt-4o-mini' };
  checkPricing(withDefault);
  for (const form of [llm, { ...llm, model: 'LLAMA_3' }]) {
    const ask = askOf(row(form), withDefault);
    // 10 × 0.15 + 1,024 × 0.6 = 615.9
    assert.equal(ask, { kind: 'ask', items: { credits: 616 }, priceBook: book.id });
  }
});

test('a default model without a price is refused at the start', () => {
  assert.throws(
    () => checkPricing({ book, defaultModel: 'LLAMA_3' }),
    (error: unknown) => error instanceof UnknownModelError && /default model/.test(error.message),
  );
  checkPricing({ book, defaultModel: null });
});

test('every cost that the traces logged with a known price is found again from its tokens', async () => {
  if (!existsSync(traces)) skip('../shared/traces is absent');
  const found: Record<string, number> = {};
  for (const file of ['acr_steps.jsonl.gz', 'chatdev_calls.jsonl.gz']) {
    for await (const logged of readRows(traces + file)) {
      if (logged.costMicro === null || logged.model === null) continue;
      const repriced = actualOf({ ...logged, costMicro: null }, pricing);
      const isSame = repriced !== 'unknown' && repriced['credits'] === logged.costMicro;
      const key = `${logged.model} ${isSame ? 'same' : 'other'}`;
      found[key] = (found[key] ?? 0) + 1;
    }
  }
  assert.equal(found, {
    'gpt-4-0125-preview same': 23_840,
    'GPT_3_5_TURBO_NEW same': 300,
    'GPT_3_5_TURBO same': 179,
    'GPT_4 same': 53,
    // That log's own costs are below OpenAI's list price, by no constant factor.
    'GTP_4O_MINI other': 32,
  });
});

test('chatdev_calls: rows without a price are skipped, and a default model takes them all', async () => {
  if (!existsSync(traces)) skip('../shared/traces is absent');
  const counts: Record<string, number> = {};
  const withDefault: Pricing = { book, defaultModel: 'gpt-3.5-turbo-16k' };
  for await (const call of readRows(`${traces}chatdev_calls.jsonl.gz`)) {
    const ask = askOf(call, pricing);
    const key = ask.kind === 'skip' ? ask.reason : ask.kind;
    counts[key] = (counts[key] ?? 0) + 1;
    assert.is(askOf(call, withDefault).kind, 'ask', `row ${call.line}`);
    assert.not.equal(actualOf(call, withDefault), 'unknown');
  }
  assert.equal(counts, { no_model: 179, unknown_model: 27, ask: 1_678 });
});

test.run();
