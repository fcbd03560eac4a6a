import type { Bus } from '../bus/bus.ts';
import { NoResponders } from '../bus/errors.ts';
import type { Ledger } from '../events/ledger.ts';
import { subjects } from '../events/subjects.ts';
import type { Host } from '../host/host.ts';

/** How often a standby asks whether the owner lives, and how long it waits for the answer, ms. */
const PING_EVERY_MS = 100;
const PING_TIMEOUT_MS = 500;
/** The last question before a claim need not be as patient: who has just claimed answers at once, ms. */
const LAST_PING_TIMEOUT_MS = 100;
/** An owner that does not answer this often is taken to hang. */
const PINGS_LOST_MAX = 3;
/** Time for an owner to come back after the broker was away, for it and for us, ms. */
const RETURN_MS = 500;

/** Finds out whether a shard has an owner, by asking whoever answers for it. */
export class Vacancy {
  readonly #host: Host;
  readonly #bus: Bus;
  readonly #ledger: Ledger;
  readonly #shard: number;
  readonly #onPresence: (data: Uint8Array) => void;
  readonly #endStatus: () => void;
  #connectedAtMs = Number.NEGATIVE_INFINITY;

  /** @param onPresence told what the owner answers, as it came */
  constructor(
    host: Host,
    bus: Bus,
    ledger: Ledger,
    shard: number,
    onPresence: (data: Uint8Array) => void,
  ) {
    this.#onPresence = onPresence;
    this.#host = host;
    this.#bus = bus;
    this.#ledger = ledger;
    this.#shard = shard;
    this.#endStatus = bus.onStatus((status) => {
      if (status === 'connected') this.#connectedAtMs = this.#host.steadyMs();
    });
  }

  close(): void {
    this.#endStatus();
  }

  /**
   * Resolves when nobody answers for the shard any more.
   * @returns the newest claim of that moment, on which one's own may follow; undefined when `signal`
   *   was aborted
   * @throws LedgerUnavailableError
   */
  async wait(signal: AbortSignal): Promise<number | undefined> {
    let lost = 0;
    while (!signal.aborted) {
      const heard = this.#bus.isConnected() ? await this.#ping() : 'away';
      if (heard === 'answer') lost = 0;
      if (heard === 'silence') lost += 1;
      const isAbandoned = heard === 'nobody' && this.#isSettled;
      if (isAbandoned || lost >= PINGS_LOST_MAX) {
        const newest = await this.#ledger.lastEpoch(this.#shard);
        // Whoever claimed before that look answers pings by now.
        if ((await this.#ping(LAST_PING_TIMEOUT_MS)) !== 'answer') return newest?.seq ?? 0;
        lost = 0;
      }
      await this.#host.pause(PING_EVERY_MS, signal);
    }
    return undefined;
  }

  /** Whether somebody answers for the shard now. */
  async isServed(): Promise<boolean> {
    return this.#bus.isConnected() && (await this.#ping()) === 'answer';
  }

  /** After a break of the connection the owner may just not be back yet. */
  get #isSettled(): boolean {
    return this.#host.steadyMs() - this.#connectedAtMs > RETURN_MS;
  }

  async #ping(timeoutMs = PING_TIMEOUT_MS): Promise<'answer' | 'nobody' | 'silence'> {
    let presence: Uint8Array;
    try {
      const subject = subjects.ownerPing(this.#shard);
      presence = (await this.#bus.request(subject, new Uint8Array(), { timeoutMs })).data;
    } catch (error) {
      return error instanceof NoResponders ? 'nobody' : 'silence';
    }
    this.#onPresence(presence);
    return 'answer';
  }
}
