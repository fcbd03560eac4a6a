import { BUILT_IN_RESOURCES } from '../../events/resources.ts';

/** Units of scenarios that the registry has under another name. */
const OURS: Readonly<Record<string, string>> = {
  usd: 'credits',
  eur: 'credits',
  money: 'credits',
  cents: 'credits',
  usd_microcents: 'credits',
  slots: 'concurrency',
  parallel: 'concurrency',
  calls: 'tool_calls',
  mem: 'memory',
};

/** The resource of a tier `node/resource`, or of its unit; money where nothing is said. */
export function resourceOf(tier: string, unit?: string): string {
  const named = (tier.split('/')[1] ?? unit ?? 'usd').toLowerCase();
  const ours = OURS[named] ?? named;
  return Object.hasOwn(BUILT_IN_RESOURCES, ours) ? ours : `tool.${ours}`;
}
