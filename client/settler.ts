import type { Bus } from '../bus/bus.ts';
import type { Answer, AnswerOf } from '../events/answers.ts';
import type { CallOff, Host } from '../host/host.ts';
import type { Outgoing } from './entry.ts';
import {
  BadAnswerError,
  BursarError,
  ClosedError,
  InvalidCommandError,
  UnavailableError,
} from './errors.ts';
import type { JournalEntry, SettleJournal } from './journal.ts';
import { type Accepted, raiseRefusal } from './refusals.ts';
import type { Sender } from './sender.ts';

/** How a settle or release was taken. `ended`: it had ended before, and says as what. */
export type Settled = AnswerOf<'settled'> | AnswerOf<'released'> | AnswerOf<'ended'>;

/** A settle or release that is kept and will be repeated until it has an answer. */
export interface Journaled {
  readonly outcome: 'journaled';
  /** The command's id, to be asked for by `status`. */
  readonly id: string;
}

export interface SettleOptions {
  /** Resolve with {@link Journaled} when the broker is away, instead of waiting for it. */
  readonly journal?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  readonly isCallerId?: boolean | undefined;
}

/** What could not be delivered for a while is tried again after this, ms, at the latest. */
const REPEAT_MS = 15_000;

/**
 * Sends settles and releases by way of a journal: each is kept before its first try, and dropped
 * when its answer is there. What remains is sent again, with the same ids, when the connection
 * comes back, after a restart and from time to time.
 */
export class Settler {
  readonly #host: Host;
  readonly #sender: Sender;
  readonly #journal: SettleJournal;
  readonly #onWarning: (warning: BursarError) => void;
  /** Ids of entries with a try under way. */
  readonly #underWay = new Set<string>();
  readonly #endRepeats: CallOff;
  #isClosed = false;

  constructor(
    host: Host,
    bus: Bus,
    sender: Sender,
    journal: SettleJournal,
    onWarning: (warning: BursarError) => void,
  ) {
    this.#host = host;
    this.#sender = sender;
    this.#journal = journal;
    this.#onWarning = onWarning;
    bus.onStatus((status) => {
      if (status === 'connected') this.repeatAll();
    });
    this.#endRepeats = host.every(REPEAT_MS, () => this.repeatAll());
    this.repeatAll();
  }

  /**
   * @returns the answer, or that it is kept when the caller asked for no more
   * @throws UnavailableError (it stays in the journal), RefusedError, OutcomeUnknownError
   */
  async settle(
    command: Outgoing & { readonly id: string },
    options: SettleOptions,
  ): Promise<Settled | Journaled> {
    const entry: JournalEntry = { command, firstSentAtUnixMs: this.#host.wallMs() };
    this.#underWay.add(command.id);
    try {
      const isKept = this.#journal.append(entry);
      if (isKept !== undefined) await isKept;
    } catch (error) {
      // What was spent must be booked, journal or not.
      if (error instanceof BursarError) this.#onWarning(error);
      else throw error;
    }
    return options.journal === true
      ? this.#deliverInTime(entry, options)
      : this.#deliver(entry, options);
  }

  /** Entries that have no answer yet. */
  get entries(): readonly JournalEntry[] {
    return this.#journal.entries();
  }

  get isDurable(): boolean {
    return this.#journal.isDurable;
  }

  /** Sends everything that remains and has no try under way. */
  repeatAll(): void {
    if (this.#isClosed) return;
    for (const entry of this.#journal.entries()) {
      if (!this.#underWay.has(entry.command.id)) this.#repeatOne(entry);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endRepeats();
    await this.#journal.close();
  }

  #repeatOne(entry: JournalEntry): void {
    const agoMs = Math.max(0, this.#host.wallMs() - entry.firstSentAtUnixMs);
    const firstSentAtMs = this.#host.steadyMs() - agoMs;
    this.#deliver(entry, { firstSentAtMs, isCallerId: true }).catch((error) => this.#warnOf(error));
  }

  /** As deliver; when it takes long, it goes on alone. */
  #deliverInTime(entry: JournalEntry, options: SettleOptions): Promise<Settled | Journaled> {
    return new Promise((resolve, reject) => {
      let isAlone = false;
      const onDelay = () => {
        isAlone = true;
        resolve({ outcome: 'journaled', id: entry.command.id });
      };
      this.#deliver(entry, { ...options, onDelay }).then(resolve, (error) => {
        if (isAlone) this.#warnOf(error);
        else if (error instanceof UnavailableError) onDelay();
        else reject(error);
      });
    });
  }

  /** What went wrong where no caller waits, and will not be put right by a repeat. */
  #warnOf(error: unknown): void {
    const isRepeated = error instanceof UnavailableError || error instanceof ClosedError;
    if (!isRepeated && error instanceof BursarError) this.#onWarning(error);
  }

  async #deliver(
    entry: JournalEntry,
    options: SettleOptions & { onDelay?: () => void; firstSentAtMs?: number },
  ): Promise<Settled> {
    const { command } = entry;
    this.#underWay.add(command.id);
    try {
      const answer = await this.#sender.settleOnce(command, options);
      const mayBeTakenLater = answer.outcome === 'refused' && answer.retryable;
      if (!mayBeTakenLater) this.#journal.remove(command.id);
      return settledOf(command, answer);
    } catch (error) {
      if (error instanceof InvalidCommandError) this.#journal.remove(command.id);
      throw error;
    } finally {
      this.#underWay.delete(command.id);
    }
  }
}

function settledOf(command: Outgoing, answer: Answer): Settled {
  const accepted = raiseRefusal(command, answer);
  if (isEnding(accepted)) return accepted;
  throw new BadAnswerError(`'${accepted.outcome}' does not answer '${command.op}'`);
}

/** Whether it says what became of an allocation. */
function isEnding(answer: Accepted): answer is Settled {
  const { outcome } = answer;
  return outcome === 'settled' || outcome === 'released' || outcome === 'ended';
}
