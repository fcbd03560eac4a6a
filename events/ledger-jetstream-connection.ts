import { setTimeout as pause } from 'node:timers/promises';
import { Events, type NatsConnection } from 'nats';

/** The connection broke, or was broken when something was to be sent. */
export class DisconnectedError extends Error {
  override readonly name = 'DisconnectedError';
}

/**
 * Knows at once when a connection breaks. The client itself lets a request that was under way wait
 * for its whole timeout, and drops without a word what is published meanwhile.
 */
export class ConnectionWatch {
  readonly connection: NatsConnection;
  #isConnected = true;
  readonly #onDisconnect = new Set<() => void>();
  readonly #onConnect = new Set<() => void>();

  constructor(connection: NatsConnection) {
    this.connection = connection;
    void this.#follow();
  }

  get isConnected(): boolean {
    return this.#isConnected && !this.connection.isClosed();
  }

  /**
   * The result of `work`, or a DisconnectedError as soon as the connection breaks. What `work` sent
   * may or may not have arrived then.
   */
  async whileConnected<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.isConnected) throw new DisconnectedError('the connection to the broker is broken');
    const result = work();
    // The abandoned request ends by its own timeout later; nobody must trip over that.
    result.catch(() => {});
    let unlisten = () => {};
    const broken = new Promise<never>((_, reject) => {
      unlisten = this.onceDisconnected(() =>
        reject(new DisconnectedError('the connection to the broker broke')),
      );
    });
    try {
      return await Promise.race([result, broken]);
    } finally {
      unlisten();
    }
  }

  /** Calls `listener` when the connection breaks. Returns how to stop listening. */
  onceDisconnected(listener: () => void): () => void {
    this.#onDisconnect.add(listener);
    return () => this.#onDisconnect.delete(listener);
  }

  /** Resolves when the connection stands, after `timeoutMs`, or when the signal is aborted. */
  untilConnected(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.isConnected || this.connection.isClosed() || signal?.aborted === true) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#onConnect.delete(settle);
        signal?.removeEventListener('abort', settle);
        resolve();
      };
      const timer = setTimeout(settle, timeoutMs);
      this.#onConnect.add(settle);
      signal?.addEventListener('abort', settle);
    });
  }

  /** Resolves after `ms` or when the signal is aborted. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, undefined, { signal }).catch(() => {});
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === Events.Disconnect) this.#switch(false, this.#onDisconnect);
      if (status.type === Events.Reconnect) this.#switch(true, this.#onConnect);
    }
    this.#switch(false, this.#onDisconnect);
    for (const tell of [...this.#onConnect]) tell();
  }

  #switch(isConnected: boolean, listeners: ReadonlySet<() => void>): void {
    this.#isConnected = isConnected;
    for (const tell of [...listeners]) tell();
  }
}
