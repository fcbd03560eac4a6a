/** Time for which messages are handled in one go, ms: about that of a commit. */
const TURN_MS = 1;
/**
 * Bytes that may wait, about two seconds of work. Who waits longer has asked again meanwhile, and
 * more would only be work that nobody waits for.
 */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export interface InboxOptions<Message> {
  /** Must not throw. */
  readonly handle: (message: Message) => void;
  /** Called instead while too much waits. Must not throw. */
  readonly turnAway: (message: Message) => void;
  readonly bytesOf: (message: Message) => number;
  /** Default: the monotonic clock. */
  readonly nowMs?: () => number;
}

/**
 * Hands messages over in the order of their arrival, a turn's worth at a time. Between two turns
 * the loop sees to what came from the broker and what goes there: so a block is on its way while
 * the next is being decided, however many messages arrived together.
 */
export class Inbox<Message> {
  readonly #options: InboxOptions<Message>;
  readonly #nowMs: () => number;
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #isTurn = false;
  #turnEndsAtMs = 0;
  readonly #onNextTurn = () => this.#nextTurn();

  constructor(options: InboxOptions<Message>) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Handles the message at once if nothing is before it and this turn has time left. */
  put(message: Message): void {
    if (!this.#isTurn) this.#beginTurn();
    if (this.#waiting.length === 0 && this.#nowMs() < this.#turnEndsAtMs) {
      this.#options.handle(message);
      return;
    }
    const bytes = this.#options.bytesOf(message);
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX) {
      this.#options.turnAway(message);
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += bytes;
  }

  #beginTurn(): void {
    this.#isTurn = true;
    this.#turnEndsAtMs = this.#nowMs() + TURN_MS;
    setImmediate(this.#onNextTurn);
  }

  #nextTurn(): void {
    this.#isTurn = false;
    if (this.#waiting.length === 0) return;
    this.#beginTurn();
    const messages = this.#waiting;
    let handled = 0;
    while (handled < messages.length && this.#nowMs() < this.#turnEndsAtMs) {
      const message = messages[handled] as Message;
      this.#waitingBytes -= this.#options.bytesOf(message);
      this.#options.handle(message);
      handled += 1;
    }
    this.#waiting = messages.slice(handled);
  }
}
