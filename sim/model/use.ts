import type { CommandOf } from '../../events/commands.ts';
import { type Amounts, resourceTypeOf } from '../../events/resources.ts';
import type { State } from './state.ts';

/** What a settle says was used. */
export interface Use {
  /** Of consumables alone. */
  readonly booked: Record<string, number>;
  /** The part of it that its agent stated as a number. */
  readonly stated: Record<string, number>;
  readonly isEstimated: boolean;
}

/** S §6.5: what is stated counts; what is unknown or left out: the reported, else the held. */
export function useOf(
  actual: CommandOf<'settle'>['actual'],
  held: Amounts,
  reported: Amounts,
): Use {
  const use = { booked: {} as Record<string, number>, stated: {} as Record<string, number> };
  let isEstimated = false;
  const named = actual === 'unknown' ? {} : actual;
  const resources = new Set([held, reported, named].flatMap((amounts) => Object.keys(amounts)));
  for (const resource of resources) {
    if (resourceTypeOf(resource)?.class !== 'consumable') continue;
    const stated = named[resource];
    if (typeof stated === 'number') {
      use.booked[resource] = stated;
      use.stated[resource] = stated;
      continue;
    }
    use.booked[resource] = reported[resource] ?? held[resource] ?? 0;
    isEstimated = true;
  }
  return { ...use, isEstimated };
}

/** S §6.1: above policy `settleMax`, or the root's limit, a single use is implausible. */
export function isImplausible(state: State, resource: string, amount: number): boolean {
  const bound = plausibleMax(state, resource);
  return bound !== null && amount > bound;
}

export function plausibleMax(state: State, resource: string): number | null {
  if (resourceTypeOf(resource)?.class !== 'consumable') return null;
  const bound = state.policy.settleMax?.[resource];
  return bound ?? state.nodes.get(state.team)?.accounts.get(resource)?.limit ?? null;
}
