import type { Draw } from './draw.ts';

const MOST = Number.MAX_SAFE_INTEGER;
/** What is asked for where nothing is limited. */
const ORDINARY = 1_000;

/** An amount to ask for, mostly one of which a limit holds several. */
export function askedAmount(draw: Draw, limit: number | null): number {
  const room = limit ?? ORDINARY;
  return draw.weighted<() => number>([
    [52, () => share(draw, room, 20, 250)],
    [14, () => share(draw, room, 400, 1_000)],
    [9, () => 1],
    [3, () => 0],
    ...edges(room),
  ])();
}

/** What was used of an amount that was granted. */
export function usedAmount(draw: Draw, held: number, limit: number | null): number {
  return draw.weighted<() => number>([
    [60, () => share(draw, held, 100, 1_000)],
    [12, () => held],
    [6, () => 0],
    [4, () => held + 1],
    [5, () => Math.min(MOST, held * 10)],
    [2, () => Math.max(0, held - 1)],
    ...edges(limit ?? ORDINARY),
  ])();
}

/** 0 to 2^53 − 1, the limit and what lies beside it. */
function edges(limit: number): (readonly [number, () => number])[] {
  return [
    [3, () => limit],
    [2, () => Math.max(0, limit - 1)],
    [3, () => Math.min(MOST, limit + 1)],
    [2, () => MOST],
  ];
}

/** Between two thousandths of an amount, at least 1. */
export function share(
  draw: Draw,
  amount: number,
  minPermille: number,
  maxPermille: number,
): number {
  const permille = BigInt(draw.int(minPermille, maxPermille));
  return Math.max(1, Number((BigInt(amount) * permille) / 1_000n));
}
