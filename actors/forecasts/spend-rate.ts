import { LIMITS } from '../../events/limits.ts';
import { wholeSquareRoot } from '../../resolver/power-of-two.ts';

/** What was spent over a stretch of time, and between which bounds it may be by chance. */
export interface Spending {
  readonly spent: bigint;
  readonly low: bigint;
  readonly high: bigint;
  readonly overMs: number;
  /** Bookings in it. */
  readonly samples: number;
}

interface Piece {
  spent: number;
  samples: number;
}

/**
 * How fast an account is spent: a sliding window in pieces of equal length on one common grid, the
 * last of which is still running. Whole numbers only, so that a replay finds the same.
 */
export class SpendRate {
  /** What is left was told to run out. */
  isRaised = false;
  readonly #pieceMs: number;
  readonly #pieces = new Map<number, Piece>();
  #sinceMs = Number.POSITIVE_INFINITY;

  constructor(windowMs: number) {
    this.#pieceMs = Math.floor(windowMs / LIMITS.forecastPieces);
  }

  /**
   * Notes what was booked, or with a negative amount taken back.
   * @param usedAtMs when it was used; what lies before the window is passed over
   */
  note(amount: number, usedAtMs: number, nowMs: number): void {
    const first = this.#firstAt(nowMs);
    for (const at of this.#pieces.keys()) if (at < first) this.#pieces.delete(at);
    const at = Math.floor(usedAtMs / this.#pieceMs);
    if (at < first || amount === 0) return;
    if (usedAtMs < this.#sinceMs) this.#sinceMs = usedAtMs;
    let piece = this.#pieces.get(at);
    if (piece === undefined) {
      piece = { spent: 0, samples: 0 };
      this.#pieces.set(at, piece);
    }
    piece.spent += amount;
    if (amount > 0) piece.samples += 1;
  }

  /**
   * What the window holds now. The bounds are two standard errors of the sum away, from how the
   * pieces differ; of a single piece nothing is known, and they are nothing and twice as much.
   */
  over(nowMs: number): Spending {
    const first = this.#firstAt(nowMs);
    const fromMs = Math.max(Math.min(this.#sinceMs, nowMs), first * this.#pieceMs);
    let [spent, squares, samples] = [0n, 0n, 0];
    for (const [at, piece] of this.#pieces) {
      if (at < first) continue;
      spent += BigInt(piece.spent);
      squares += BigInt(piece.spent) ** 2n;
      samples += piece.samples;
    }
    const last = Math.floor(nowMs / this.#pieceMs);
    const count = BigInt(last - Math.floor(fromMs / this.#pieceMs) + 1);
    const error =
      count < 2n
        ? spent
        : 2n * wholeSquareRoot(max(0n, count * squares - spent ** 2n) / (count - 1n));
    const overMs = Math.max(nowMs - fromMs, this.#pieceMs);
    return { spent, low: max(0n, spent - error), high: spent + error, overMs, samples };
  }

  #firstAt(nowMs: number): number {
    return Math.floor(nowMs / this.#pieceMs) - LIMITS.forecastPieces + 1;
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
