import type { Division, Share } from '../../events/division.ts';
import { type Exact, type Grower, isRounded, levelled } from './level.ts';

/**
 * Whether shares are what their method says, by its definition alone: needs first (one fraction for
 * all, class by class of priority, or one level by weight), then as limits what nobody needs, by
 * weight. Says what is wrong, or nothing.
 */
export function wrongShares(division: Division, isLimit: boolean): string | undefined {
  const { total, kept, shares } = division;
  const amount = BigInt(total - kept);
  const sum = sumOf(shares.map(({ is }) => BigInt(is)));
  if (sum > amount) return `${sum} is given of ${amount}`;
  const tops = shares.map((share) => topOf(share, amount));
  const isPlenty = sumOf(tops) <= amount;
  const exact = isPlenty
    ? new Map(shares.map(({ child }, place) => [child, whole(tops[place] ?? 0n)]))
    : met(division, amount);
  const wanted = isPlenty && isLimit ? withRest(division, amount, exact) : exact;
  for (const { child, is } of shares) {
    const share = wanted.get(child);
    if (share !== undefined && !isRounded(BigInt(is), share)) {
      return `${child} has ${is}, not ${share.num}/${share.den}`;
    }
  }
  const isUsedUp = !isPlenty || (isLimit && shares.some((share) => share.max === undefined));
  return isUsedUp && sum !== amount
    ? `${amount - sum} is left though somebody wants it`
    : undefined;
}

/** Needs that cannot all be met. */
function met({ method, shares }: Division, amount: bigint): Map<string, Exact> {
  if (method === 'priority') return byClass(shares, amount);
  const isByWeight = method === 'fair' || method === 'goal';
  return withWeightless(shares, amount, (share) =>
    isByWeight ? BigInt(share.weight) : needOf(share, amount),
  );
}

/** From the highest priority on; what others cannot lose is set aside, what was given counts. */
function byClass(shares: readonly Share[], amount: bigint): Map<string, Exact> {
  const wanted = new Map<string, Exact>();
  let left = amount - sumOf(shares.map(({ floor }) => BigInt(floor)));
  for (const level of new Set(shares.map(({ priority }) => priority).sort((a, b) => b - a))) {
    const equals = shares.filter(({ priority }) => priority === level);
    const floors = sumOf(equals.map(({ floor }) => BigInt(floor)));
    const given = withWeightless(equals, left + floors, (share) => needOf(share, left + floors));
    for (const [child, share] of given) wanted.set(child, share);
    left -= sumOf(equals.map(({ is }) => BigInt(is))) - floors;
  }
  return wanted;
}

/** Those without weight come after all others, as equals. */
function withWeightless(
  shares: readonly Share[],
  amount: bigint,
  weightOf: (share: Share) => bigint,
): Map<string, Exact> {
  const growers = shares.map((share): Grower => {
    const top = topOf(share, amount);
    const floor = BigInt(share.floor);
    return { id: share.child, weight: weightOf(share), floor, top };
  });
  return inTwoTurns(growers, amount, (id) =>
    BigInt(shares.find(({ child }) => child === id)?.is ?? 0),
  );
}

function inTwoTurns(
  growers: readonly Grower[],
  amount: bigint,
  given: (id: string) => bigint,
): Map<string, Exact> {
  const heavy = growers.filter(({ weight }) => weight > 0n);
  const light = growers.filter(({ weight }) => weight === 0n);
  const aside = sumOf(light.map(({ floor }) => floor));
  const first = filled(heavy, amount - aside);
  const left = amount - sumOf(heavy.map(({ id }) => given(id)));
  const second = filled(
    light.map((grower) => ({ ...grower, weight: 1n })),
    left,
  );
  return new Map([...first, ...second]);
}

/** As much as there is to take, if all can have it. */
function filled(growers: readonly Grower[], amount: bigint): Map<string, Exact> {
  if (sumOf(growers.map(({ top }) => top)) > amount) return levelled(amount, growers);
  return new Map(growers.map(({ id, top }) => [id, whole(top)]));
}

/** What nobody needs, by weight, up to the ceilings. */
function withRest(
  { shares }: Division,
  amount: bigint,
  needs: ReadonlyMap<string, Exact>,
): Map<string, Exact> {
  const left = amount - sumOf([...needs.values()].map(({ num }) => num));
  const metOf = (id: string) => needs.get(id)?.num ?? 0n;
  const growers = shares.map(({ child, weight, max, floor }): Grower => {
    const ceiling = max === undefined ? null : BigInt(Math.max(max, floor)) - metOf(child);
    const top = ceiling === null || ceiling > left ? left : ceiling;
    return { id: child, weight: BigInt(weight), floor: 0n, top };
  });
  const isOf = (id: string) => BigInt(shares.find(({ child }) => child === id)?.is ?? 0);
  const rests = inTwoTurns(growers, left, (id) => isOf(id) - metOf(id));
  return new Map([...rests].map(([id, { num, den }]) => [id, { num: num + metOf(id) * den, den }]));
}

function needOf({ need, floor, max }: Share, amount: bigint): bigint {
  const wanted = need === null ? amount : BigInt(Math.max(need, floor));
  const most = max === undefined ? wanted : BigInt(Math.max(max, floor));
  return wanted < most ? wanted : most;
}

/** Most that is given while needs are met. */
function topOf(share: Share, amount: bigint): bigint {
  const need = needOf(share, amount);
  return need < amount ? need : amount;
}

const whole = (num: bigint): Exact => ({ num, den: 1n });
const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, one) => sum + one, 0n);
