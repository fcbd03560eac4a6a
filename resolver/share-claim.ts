import assert from 'node:assert/strict';

/** One who asks for a part of a divisible amount. */
export interface ShareClaim {
  readonly id: string;
  /** Thousandths; default 1000. Whoever has 0 is served last, from what the others leave. */
  readonly weightMilli?: number;
  /** What it asks for; null = as much as there is. */
  readonly demand: number | null;
  /** Most it may have; null or absent = no ceiling. */
  readonly cap?: number | null;
}

/** A claim with a minimum: its guarantee, or the least it can work with. */
export interface FlooredClaim extends ShareClaim {
  /** What it gets before anybody grows by weight; default 0. Never more than it can use. */
  readonly floor?: number;
}

/** What each claim gets, by id. Never more in sum than there is. */
export type Shares = ReadonlyMap<string, number>;

/** Most that a claim can use of `capacity`. */
export function usableOf({ demand, cap }: ShareClaim, capacity: number): number {
  return Math.min(demand ?? capacity, cap ?? capacity, capacity);
}

/** Sum of safe integers that may leave the range of exact numbers. */
export function exactSum(amounts: Iterable<number>): bigint {
  let sum = 0n;
  for (const amount of amounts) sum += BigInt(amount);
  return sum;
}

/** An exact amount as a number to show: what leaves the range of exact integers reads as its end. */
export function shownAmount(amount: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(amount < most ? amount : most);
}

/** Every algorithm of shares stands on this; a caller that breaks it has a fault of its own. */
export function assertClaims(capacity: number, claims: readonly FlooredClaim[]): void {
  assert(isAmount(capacity), 'what is divided is a safe integer, not below 0');
  const ids = new Set<string>();
  for (const { id, demand, cap, floor, weightMilli } of claims) {
    assert(!ids.has(id), `claim ${id} is given once`);
    ids.add(id);
    for (const part of [demand ?? 0, cap ?? 0, floor ?? 0, weightMilli ?? 0]) {
      assert(isAmount(part), `numbers of claim ${id} are safe integers, not below 0`);
    }
  }
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
