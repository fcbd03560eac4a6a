import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { calcPrice, findProvider, type ModelPrice, waitForUpdate } from '@pydantic/genai-prices';
import { Big } from 'big.js';
import { WORKLOAD_LIMITS } from './limits.ts';
import { vendorModelName } from './model-names.ts';
import { microUp } from './money.ts';

/** One call to be priced. */
export type Call = {
  readonly model: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
};

/** The price of a call in microcredits, or that the book has none: which is never free. */
export type Price =
  | {
      readonly kind: 'priced';
      readonly micro: number;
      readonly provider: string;
      /** The model as the price book names it. */
      readonly model: string;
      readonly priceBook: string;
    }
  | { readonly kind: 'unknown_model'; readonly model: string };

/** A price list as it stood at one instant. */
export type PriceBook = {
  /** Package, version, digest of its data and the day whose prices are taken. */
  readonly id: string;
  /** Prices one call, rounded up to a microcredit. Never throws for tokens within limits. */
  priceMicro(call: Call): Price;
};

/**
 * The price list of `@pydantic/genai-prices` (MIT) as bundled with the package; nothing is
 * fetched. Prices depend on the date, so the instant is an argument.
 *
 * Amounts are worked out from the list's decimals (USD per million tokens = microcredits per
 * token), not from the package's own sums, which are doubles.
 */
export async function openPriceBook({ asOfMs }: { asOfMs: number }): Promise<PriceBook> {
  const asOf = new Date(asOfMs);
  const id = await priceBookId(asOf);
  const rates = new Map<string, Rates | null>();
  const ratesFor = (model: string): Rates | null => {
    const known = rates.get(model);
    if (known !== undefined) return known;
    const found = findRates(vendorModelName(model), asOf);
    if (rates.size < WORKLOAD_LIMITS.pricesKeptMax) rates.set(model, found);
    return found;
  };
  return {
    id,
    priceMicro(call) {
      const found = ratesFor(call.model);
      if (found === null) return { kind: 'unknown_model', model: call.model };
      const micro = microUp(microOf(found, call));
      return { kind: 'priced', micro, provider: found.provider, model: found.model, priceBook: id };
    },
  };
}

type Rate = {
  readonly base: Big;
  readonly tiers: readonly { startTokens: number; rate: Big }[];
};
type Rates = {
  readonly provider: string;
  readonly model: string;
  readonly perTokenIn: Rate;
  readonly perTokenOut: Rate;
  readonly perCall: Big;
};

function findRates(name: string, asOf: Date): Rates | null {
  const { model, providerId } = splitProvider(name);
  const options = { timestamp: asOf, ...(providerId === null ? {} : { providerId }) };
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, options);
  if (found === null) return null;
  const prices = found.model_price;
  // The list keeps models without a price for tokens (`{}`): unknown, not free. A model with only
  // an input price (embeddings, re-rankers) is billed by input alone.
  if (prices['input_mtok'] === undefined) return null;
  return {
    provider: found.provider.id,
    model: found.model.id,
    perTokenIn: rateOf(prices['input_mtok']),
    perTokenOut: rateOf(prices['output_mtok']),
    // USD per 1,000 requests = 1,000 microcredits per request.
    perCall: rateOf(prices['requests_kcount']).base.times(1_000),
  };
}

/** `provider:model`, where the part before the colon is a provider of the book. */
function splitProvider(name: string): { providerId: string | null; model: string } {
  const colon = name.indexOf(':');
  const providerId = name.slice(0, Math.max(colon, 0)).toLowerCase();
  const isProvider = providerId !== '' && findProvider({ providerId })?.id === providerId;
  return isProvider
    ? { providerId, model: name.slice(colon + 1) }
    : { providerId: null, model: name };
}

function rateOf(price: ModelPrice[string]): Rate {
  if (price === undefined) return { base: new Big(0), tiers: [] };
  if (typeof price === 'number') return { base: new Big(String(price)), tiers: [] };
  const tiers = price.tiers.map((tier) => ({
    startTokens: tier.start,
    rate: new Big(String(tier.price)),
  }));
  return { base: new Big(String(price.base)), tiers };
}

function microOf(rates: Rates, { tokensIn, tokensOut }: Call): Big {
  return rateAt(rates.perTokenIn, tokensIn)
    .times(tokensIn)
    .plus(rateAt(rates.perTokenOut, tokensIn).times(tokensOut))
    .plus(rates.perCall);
}

/** Tiers go by the length of the input and apply to all tokens of the call. */
function rateAt(rate: Rate, tokensIn: number): Big {
  let chosen = rate.base;
  for (const tier of rate.tiers) if (tokensIn > tier.startTokens) chosen = tier.rate;
  return chosen;
}

async function priceBookId(asOf: Date): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@pydantic/genai-prices');
  const manifest = await readFile(new URL('../package.json', pathToFileURL(entry)), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const data = JSON.stringify(await waitForUpdate());
  const digest = createHash('sha256').update(data).digest('hex').slice(0, 12);
  return `genai-prices@${version}+${digest}/${asOf.toISOString().slice(0, 10)}`;
}
