import { ONE, powerOfHalf } from './power-of-two.ts';

/**
 * Past use that fades: the mean over time of what is in use, weighted so that what lies one half
 * life back counts half. A pure function of timestamps: one long step and many short ones come to
 * the same, give or take the rounding of each.
 */
export interface DecayingUse {
  /** In the unit of the resource, times {@link USE_SCALE}: fades are fractions of a unit. */
  readonly scaled: bigint;
  readonly atMs: number;
}

export const USE_SCALE = 1n << 32n;

export function noPastUse(atMs: number): DecayingUse {
  return { scaled: 0n, atMs };
}

/**
 * The past use at a later time, when `inUse` has been in use since:
 * u · (1 − 2^(−Δt/h)) + v · 2^(−Δt/h). A half life of 0 remembers nothing.
 */
export function decayedUse(
  past: DecayingUse,
  inUse: number,
  atMs: number,
  halfLifeMs: number,
): DecayingUse {
  const passedMs = Math.max(0, atMs - past.atMs);
  const kept =
    halfLifeMs === 0
      ? passedMs > 0
        ? 0n
        : ONE
      : powerOfHalf(BigInt(passedMs), BigInt(halfLifeMs));
  const scaled = BigInt(inUse) * USE_SCALE * (ONE - kept) + past.scaled * kept;
  return { scaled: (scaled + (ONE >> 1n)) / ONE, atMs: past.atMs + passedMs };
}

/** Adds use that counts at once and then fades: the entry penalty of an admission. */
export function withPenalty(past: DecayingUse, amount: number): DecayingUse {
  return { ...past, scaled: past.scaled + BigInt(amount) * USE_SCALE };
}

/** The past use in whole units, to the nearest. */
export function wholeUse({ scaled }: DecayingUse): number {
  return Number((scaled + USE_SCALE / 2n) / USE_SCALE);
}
