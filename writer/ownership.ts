import type { Ledger, ShardClaim } from '../events/ledger.ts';
import type { Host } from '../host/host.ts';

/**
 * How long an answer from memory may lean on the last proof that the shard is ours, ms. Less than
 * a standby waits before it takes a hung owner for dead.
 */
const PROOF_HOLDS_MS = 1_000;

/**
 * Whether this process still owns a shard. A process that was paused, or cut off, does not notice
 * that another has taken over: so nothing is answered from memory unless the broker has confirmed
 * the ownership at a recent moment. The moment of a proof is when the question left, not when the
 * answer was read: that may have lain in a socket while the process stood still.
 */
export class Ownership {
  readonly #host: Host;
  readonly #ledger: Ledger;
  readonly #claim: ShardClaim;
  readonly #onFenced: () => void;
  #provenAtMs: number;
  #confirming: Promise<boolean> | undefined;

  /** @param claimSentAtMs when the claim left, by the steady clock */
  constructor(
    host: Host,
    ledger: Ledger,
    claim: ShardClaim,
    claimSentAtMs: number,
    onFenced: () => void,
  ) {
    this.#host = host;
    this.#ledger = ledger;
    this.#claim = claim;
    this.#provenAtMs = claimSentAtMs;
    this.#onFenced = onFenced;
  }

  /** Whether the last proof is recent enough to answer from memory. */
  get isFresh(): boolean {
    return this.#host.steadyMs() - this.#provenAtMs < PROOF_HOLDS_MS;
  }

  /** The broker accepted something of this owner's that left then. */
  proven(sentAtMs: number): void {
    if (sentAtMs > this.#provenAtMs) this.#provenAtMs = sentAtMs;
  }

  /** The connection was away: whoever asked for this shard meanwhile found nobody. */
  doubt(): void {
    this.#provenAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Asks the broker whether nobody has claimed the shard since.
   * @throws LedgerUnavailableError
   */
  confirm(): Promise<boolean> {
    this.#confirming ??= this.#ask().finally(() => {
      this.#confirming = undefined;
    });
    return this.#confirming;
  }

  async #ask(): Promise<boolean> {
    const sentAtMs = this.#host.steadyMs();
    const newest = await this.#ledger.lastEpoch(this.#claim.shard);
    if (newest?.seq === this.#claim.epochSeq) {
      this.proven(sentAtMs);
      return true;
    }
    this.#onFenced();
    return false;
  }
}
