/** A turn for all that an account has, by a run of the usual weight. */
const WHOLE = 1 << 20;
const WEIGHT_MILLI = 1_000;
/** Beyond so many runs those whose turn has come and gone are forgotten. */
const RUNS_KEPT_MAX = 1_024;

/**
 * How the runs that wait for one account take turns (F-06): stride scheduling after Waldspurger and
 * Weihl (1995), with the place fixed when a request joins, as in start-time fair queueing (Goyal,
 * Vin and Cheng, 1996): pass = max(virtual time, the run's next pass); the run's next pass lies a
 * stride later, the part of the account that is asked ÷ the weight of the run. So two requests never
 * change their order, and no run that asks often delays one that asks seldom.
 */
export class Turns {
  #virtual = 0;
  readonly #nextByRun = new Map<string, number>();

  /** The pass of a request that a run would make now. */
  passOf(run: string): number {
    return Math.max(this.#virtual, this.#nextByRun.get(run) ?? 0);
  }

  /** A request has joined with a pass. */
  join(run: string, pass: number, stride: number): void {
    this.#nextByRun.set(run, Math.min(pass + stride, Number.MAX_SAFE_INTEGER));
    if (this.#nextByRun.size > RUNS_KEPT_MAX) this.#forget();
  }

  /** A request has been served: virtual time comes up to its pass. */
  served(pass: number): void {
    this.#virtual = Math.max(this.#virtual, pass);
  }

  /** A request has left without being served: where it was the last of its run, nothing is used. */
  left(run: string, pass: number, stride: number): void {
    if (this.#nextByRun.get(run) === pass + stride) this.#nextByRun.set(run, pass);
  }

  #forget(): void {
    for (const [run, next] of this.#nextByRun) {
      if (next <= this.#virtual) this.#nextByRun.delete(run);
    }
  }
}

/**
 * How far apart two turns of a run are.
 * @param amount asked of an account of `limit`; at least a unit of 2^-20 of it, at most all of it
 */
export function strideOf(amount: number, limit: number | null, weightMilli: number): number {
  const whole = BigInt(Math.max(1, limit ?? amount));
  const part = (BigInt(amount) * BigInt(WHOLE)) / whole;
  const cost = Math.min(WHOLE, Math.max(1, Number(part)));
  return Math.max(1, Math.floor((cost * WEIGHT_MILLI) / weightMilli));
}

/** The run for which a request takes its turn: `team/swarm/run` of its path. */
export function runKeyOf(path: string): string {
  let at = -1;
  for (let tier = 0; tier < 3; tier += 1) {
    at = path.indexOf('/', at + 1);
    if (at === -1) return path;
  }
  return path.slice(0, at);
}
