import type { NatsConnection, Subscription } from 'nats';
import { logNames } from './log-names.ts';

/**
 * Wakes a tail when the broker repeats a new message on `live.ledger.<n>.>`. Only the wake-up is
 * taken from there, never the message. Users who may not listen are woken by time alone.
 */
export class LiveSignal {
  readonly #subscription: Subscription;
  #isHeard = true;
  #isWoken = false;
  #wake = () => {};

  constructor(connection: NatsConnection, shard: number) {
    this.#subscription = connection.subscribe(logNames.live(shard), {
      callback: (error) => {
        if (error !== null) this.#isHeard = false;
        this.#isWoken = true;
        this.#wake();
      },
    });
  }

  /** Resolves at the next message, at once if one came since the last wait, or after a while. */
  wait(heardPollMs: number, deafPollMs: number, signal: AbortSignal): Promise<void> {
    const isOver = this.#isWoken || signal.aborted;
    this.#isWoken = false;
    if (isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', settle);
        this.#wake = () => {};
        this.#isWoken = false;
        resolve();
      };
      const timer = setTimeout(settle, this.#isHeard ? heardPollMs : deafPollMs);
      signal.addEventListener('abort', settle);
      this.#wake = settle;
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
  }
}
