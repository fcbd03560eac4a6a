import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { Amount } from './resources.ts';

/** How much a swarm keeps for emergencies: a share of its limit, or an amount in its unit. */
const ReserveRule = z.union([
  z.strictObject({ permille: z.int().min(1).max(LIMITS.reservePermilleMax) }),
  z.strictObject({ amount: Amount.min(1) }),
]);

/**
 * What swarms set aside for emergencies, by resource (`credits`) or by swarm and
 * resource (`acme/lab|credits`, which goes before). Never more than half of the limit in force; a
 * swarm without a limit of the resource has no reserve of it, and one that is named must have one.
 */
export const ReserveRules = z
  .record(z.string(), ReserveRule)
  .refine((rules) => Object.keys(rules).every(isReserveKey), {
    message: 'each must be a resource, or TEAM/SWARM|RESOURCE',
  })
  .refine((rules) => Object.keys(rules).length <= LIMITS.accountsPerCommandMax, {
    message: `must be at most ${LIMITS.accountsPerCommandMax} rules`,
  });
export type ReserveRules = z.infer<typeof ReserveRules>;
export type ReserveRule = ReserveRules[string];

/** The swarm that a key names, if it names one, and the resource. */
export function reserveKey(key: string): { readonly swarm?: string; readonly resource: string } {
  const bar = key.indexOf('|');
  return bar < 0 ? { resource: key } : { swarm: key.slice(0, bar), resource: key.slice(bar + 1) };
}

const NAME = /^[a-z0-9_.*-]{1,64}$/i;
const SWARM = /^[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/;

function isReserveKey(key: string): boolean {
  const { swarm, resource } = reserveKey(key);
  return NAME.test(resource) && (swarm === undefined || SWARM.test(swarm));
}
