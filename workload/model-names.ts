/**
 * Names that programs print for models that vendors call otherwise. The price book knows a
 * vendor's dated names (gpt-4-0125-preview); these are enum names of ChatDev's `ModelType`
 * (OpenBMB/ChatDev, camel/typing.py). Its logs print a cost for 564 calls; with these names the
 * price book gives the same cost for every one of the 532 made with GPT-3.5 and GPT-4.
 *
 * Not here: LLAMA_3 and LLAMA_31_8B of the same logs. They ran on somebody's own machine, so
 * nobody's price is theirs; `--default-model` decides.
 */
const MODEL_BY_PRINTED_NAME: ReadonlyMap<string, string> = new Map([
  ['gpt_3_5_turbo', 'gpt-3.5-turbo-16k-0613'],
  ['gpt_3_5_turbo_new', 'gpt-3.5-turbo-16k'],
  ['gpt_4', 'gpt-4'],
  ['gpt_4_32k', 'gpt-4-32k'],
  ['gpt_4_turbo', 'gpt-4-turbo'],
  ['gpt_4_turbo_v', 'gpt-4-turbo'],
  ['gpt_4o', 'gpt-4o'],
  ['gpt_4o_mini', 'gpt-4o-mini'],
  // Spelled so in one of the logs.
  ['gtp_4o_mini', 'gpt-4o-mini'],
]);

/** The vendor's name of a model: the alias of a printed one, else the name as it is, trimmed. */
export function vendorModelName(printed: string): string {
  const name = printed.trim();
  return MODEL_BY_PRINTED_NAME.get(name.toLowerCase()) ?? name;
}
