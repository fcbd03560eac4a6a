import type { Amounts } from '../../events/resources.ts';
import { fits, roomFor } from '../accounts/admission.ts';
import type { Node } from '../nodes/node.ts';

/**
 * The largest part of a bundle that fits, by one common fraction, each item no less than its
 * `least`; undefined where not even the least fits. The fraction is that of the scarcest item.
 */
export function partOf(from: Node, wanted: Amounts, least: Amounts): Amounts | undefined {
  let numerator = 1n;
  let denominator = 1n;
  for (const [resource, amount] of Object.entries(wanted)) {
    if (amount === 0) continue;
    const room = BigInt(roomFor(from, resource, amount));
    if (room * denominator < numerator * BigInt(amount)) {
      numerator = room;
      denominator = BigInt(amount);
    }
  }
  const part: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(wanted)) {
    const share = Number((BigInt(amount) * numerator) / denominator);
    part[resource] = Math.max(share, least[resource] ?? 0);
  }
  const isSomething = Object.values(part).some((amount) => amount > 0);
  return isSomething && fits(from, part) ? part : undefined;
}
