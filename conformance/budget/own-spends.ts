import type { Tier } from './record.ts';
import { NoPath } from './tier-paths.ts';

/** Where tiers lie. */
interface Places {
  pathOf(tier: string): string;
  resourceOf(tier: string): string;
}

/**
 * What each tier has spent itself. Scenarios say what a tier has spent with all beneath it, and a
 * charge of ours counts on every tier above: so the spend of the tiers right beneath is taken off.
 * The one place where this adapter calculates; it states a setup, and decides nothing.
 * @throws NoPath where a tier has spent more than the one in which it lies
 */
export function ownSpends(
  tiers: readonly Tier[],
  places: Places,
): { readonly tier: string; readonly amount: number }[] {
  return tiers
    .filter(({ spent = 0 }) => spent > 0)
    .map(({ id: tier, spent = 0 }) => {
      let amount = spent;
      for (const beneath of tiers) {
        if (liesRightIn(beneath.id, tier, tiers, places)) amount -= beneath.spent ?? 0;
      }
      if (amount < 0) throw new NoPath(`${tier} has spent less than the tiers that lie in it`);
      return { tier, amount };
    })
    .filter(({ amount }) => amount > 0);
}

/** Whether no third tier of the same resource lies between the two. */
function liesRightIn(
  beneath: string,
  tier: string,
  tiers: readonly Tier[],
  places: Places,
): boolean {
  const liesIn = (one: string, other: string) =>
    places.resourceOf(one) === places.resourceOf(other) &&
    places.pathOf(one).startsWith(`${places.pathOf(other)}/`);
  return (
    liesIn(beneath, tier) &&
    !tiers.some(({ id, spent = 0 }) => spent > 0 && liesIn(beneath, id) && liesIn(id, tier))
  );
}
