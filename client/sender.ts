import type { Answer } from '../events/answers.ts';
import type { Outgoing, SendOptions } from './entry.ts';
import { BadAnswerError, OutcomeUnknownError } from './errors.ts';
import type { Outbox } from './outbox.ts';
import { type Accepted, raiseRefusal } from './refusals.ts';

/** Outcomes that say what became of a settle or release. */
const ENDINGS: ReadonlySet<Answer['outcome']> = new Set(['settled', 'released', 'ended']);

/**
 * Sends commands and makes errors of refusals. Where the governor no longer knows whether a repeat
 * was carried out, it is asked for the id's state before anything else is done.
 */
export class Sender {
  readonly #outbox: Outbox;
  readonly newId: () => string;

  constructor(outbox: Outbox, newId: () => string) {
    this.#outbox = outbox;
    this.newId = newId;
  }

  /**
   * @returns the answer, one of `outcomes`
   * @throws UnavailableError, RefusedError, IdConflictError, OutcomeUnknownError, BadAnswerError,
   *   InvalidCommandError, ForbiddenError, ClosedError
   */
  async ask<O extends Accepted['outcome']>(
    command: Outgoing,
    outcomes: readonly O[],
    options?: SendOptions,
  ): Promise<Extract<Accepted, { outcome: O }>> {
    const answer = await this.askAny(command, options);
    if (isOneOf(answer, outcomes)) return answer;
    throw new BadAnswerError(`'${answer.outcome}' does not answer '${command.op}'`);
  }

  /** As {@link ask}, for any outcome. */
  async askAny(command: Outgoing, options?: SendOptions): Promise<Accepted> {
    const answer = await this.#outbox.send(command, options);
    if (answer.outcome !== 'refused') return answer;
    if (answer.code === 'outcome_unknown' && command.id !== undefined) {
      const found = await this.#stateOf(command.id, options);
      throw new OutcomeUnknownError(command.op, command.id, found);
    }
    return raiseRefusal(command, answer);
  }

  /**
   * Sends a settle or release once more or for the first time; the answer may be a refusal. One so
   * late that nobody knows its id any more is sent under a new id: an allocation is settled at most
   * once, whatever the id.
   */
  async settleOnce(
    command: Outgoing & { readonly id: string },
    options: SendOptions,
  ): Promise<Answer> {
    const answer = await this.#outbox.send(command, options);
    if (answer.outcome !== 'refused' || answer.code !== 'outcome_unknown') return answer;
    const found = await this.#stateOf(command.id, options);
    if (found !== undefined && ENDINGS.has(found.outcome)) return found;
    const { timeoutMs } = options;
    return this.#outbox.send({ ...command, id: this.newId() }, { timeoutMs });
  }

  /** What `status` knows of an id; undefined when nothing. */
  async #stateOf(id: string, { timeoutMs }: SendOptions = {}): Promise<Answer | undefined> {
    const answer = await this.#outbox.send({ op: 'status', of: id }, { timeoutMs });
    return answer.outcome === 'refused' ? undefined : answer;
  }
}

function isOneOf<O extends Accepted['outcome']>(
  answer: Accepted,
  outcomes: readonly O[],
): answer is Extract<Accepted, { outcome: O }> {
  return (outcomes as readonly string[]).includes(answer.outcome);
}
