/** Time for which messages are handled in one go, ms: about that of a commit. */
const TURN_MS = 1;

/**
 * Hands messages over in the order of their arrival, a turn's worth at a time. Between two turns
 * the loop sees to what came from the broker and what goes there: so a block is on its way while
 * the next is being decided, however many messages arrived together.
 */
export class Inbox<Message> {
  readonly #handle: (message: Message) => void;
  readonly #nowMs: () => number;
  #waiting: Message[] = [];
  #isTurn = false;
  #turnEndsAtMs = 0;
  readonly #onNextTurn = () => this.#nextTurn();

  constructor(handle: (message: Message) => void, nowMs: () => number = () => performance.now()) {
    this.#handle = handle;
    this.#nowMs = nowMs;
  }

  /** Handles the message at once if nothing is before it and this turn has time left. */
  put(message: Message): void {
    if (!this.#isTurn) this.#beginTurn();
    if (this.#waiting.length > 0 || this.#nowMs() >= this.#turnEndsAtMs)
      this.#waiting.push(message);
    else this.#handle(message);
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
      this.#handle(messages[handled] as Message);
      handled += 1;
    }
    this.#waiting = messages.slice(handled);
  }
}
