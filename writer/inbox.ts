import type { Host } from '../host/host.ts';

/** Time for which messages are handled in one go, ms: about that of a commit. */
const TURN_MS = 1;

export interface InboxOptions<Message> {
  /** Must not throw. */
  readonly handle: (message: Message) => void;
  /** Called instead while too much waits. Must not throw. */
  readonly turnAway: (message: Message) => void;
  readonly bytesOf: (message: Message) => number;
  /** That may wait. */
  readonly bytesMax: number;
  readonly host: Pick<Host, 'steadyMs' | 'nextTurn'>;
}

/**
 * Hands messages over in the order of their arrival, a turn's worth at a time. Between two turns
 * the loop sees to what came from the broker and what goes there: so a block is on its way while
 * the next is being decided, however many messages arrived together.
 */
export class Inbox<Message> {
  readonly #options: InboxOptions<Message>;
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #isTurn = false;
  #turnEndsAtMs = 0;
  readonly #onNextTurn = () => this.#nextTurn();

  constructor(options: InboxOptions<Message>) {
    this.#options = options;
  }

  /** Handles the message at once if nothing is before it and this turn has time left. */
  put(message: Message): void {
    if (!this.#isTurn) this.#beginTurn();
    if (this.#waiting.length === 0 && this.#options.host.steadyMs() < this.#turnEndsAtMs) {
      this.#options.handle(message);
      return;
    }
    const bytes = this.#options.bytesOf(message);
    if (this.#waitingBytes + bytes > this.#options.bytesMax) {
      this.#options.turnAway(message);
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += bytes;
  }

  #beginTurn(): void {
    this.#isTurn = true;
    this.#turnEndsAtMs = this.#options.host.steadyMs() + TURN_MS;
    this.#options.host.nextTurn(this.#onNextTurn);
  }

  #nextTurn(): void {
    this.#isTurn = false;
    if (this.#waiting.length === 0) return;
    this.#beginTurn();
    const messages = this.#waiting;
    let handled = 0;
    while (handled < messages.length && this.#options.host.steadyMs() < this.#turnEndsAtMs) {
      const message = messages[handled] as Message;
      this.#waitingBytes -= this.#options.bytesOf(message);
      this.#options.handle(message);
      handled += 1;
    }
    this.#waiting = messages.slice(handled);
  }
}
