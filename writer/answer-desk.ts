import type { Logger } from 'pino';
import type { Message } from '../bus/bus.ts';
import type { Answer, Refusal } from '../events/answers.ts';
import { refuse } from '../events/refusals.ts';
import type { AnsweredSettles } from './audit-settles.ts';
import type { BlockLine } from './block-line.ts';
import type { BlockFate, Gathering } from './gathering.ts';
import type { Ownership } from './ownership.ts';
import { isJsonType, isRefusal, type ReadMessage } from './read-message.ts';
import type { RecordedEvents } from './recorded-events.ts';
import { sendReply } from './reply.ts';

/** When whoever was turned away may come again, ms. */
const BUSY_RETRY_MS = 250;

export interface AnswerDeskParts {
  readonly line: BlockLine;
  readonly recorded: RecordedEvents;
  readonly ownership: Ownership;
  /** Of the answers that have left, those that the audit looks for in the log. */
  readonly settles: AnsweredSettles;
  readonly log: Logger;
}

/**
 * Lets answers leave when all that they looked at is durable, and only while the shard is ours. What
 * cannot be answered any more is withdrawn: sent again with the same id it gets its answer.
 */
export class AnswerDesk {
  readonly #parts: AnswerDeskParts;

  constructor(parts: AnswerDeskParts) {
    this.#parts = parts;
  }

  /** Answers a message that was decided just now, or whose answers have just been found. */
  release(message: Message, read: ReadMessage, answers: readonly Answer[]): void {
    const { line, ownership } = this.#parts;
    const barrier = line.newest;
    if (barrier !== undefined) {
      barrier.releases.answers.push((fate) => {
        if (fate === 'stored') this.#answer(message, read, answers, barrier.seq);
        else this.withdraw(message, read);
      });
    } else if (ownership.isFresh) {
      this.#answer(message, read, answers);
    } else {
      this.#whenConfirmed((isOwner) => {
        if (isOwner) this.#answer(message, read, answers);
        else this.withdraw(message, read);
      });
    }
  }

  /**
   * A block is durable. Its decisions stand whoever owns the shard now, but the reads that waited
   * with them may have missed what a newer owner did while this process stood still.
   */
  releaseAll(block: Gathering): void {
    const { ownership } = this.#parts;
    const release = (fate: BlockFate) => {
      for (const answer of block.releases.answers) answer(fate);
    };
    if (ownership.isFresh) release('stored');
    else this.#whenConfirmed((isOwner) => release(isOwner ? 'stored' : 'lost'));
  }

  /** Says that the command is to be sent again; what was refused unread stays refused. */
  withdraw(message: Message, read: ReadMessage): void {
    const again = refuse('not_owner', 'this process no longer serves the shard, or starts it anew');
    this.#send(
      message,
      read,
      read.commands.map((parsed): Refusal => (isRefusal(parsed) ? parsed : again)),
    );
  }

  /** Says that too much has come at once; the message is not read. */
  turnAway(message: Message): void {
    const busy = refuse('overloaded', 'the shard has more to do than it can', {
      retryAfterMs: BUSY_RETRY_MS,
    });
    this.#send(message, { isBatch: false, isJson: isJsonType(message.contentType) }, [busy]);
  }

  /** Calls back once the broker has said who owns the shard; never, when it cannot be reached. */
  #whenConfirmed(use: (isOwner: boolean) => void): void {
    const { ownership, log } = this.#parts;
    ownership.confirm().then(use, (err) => log.warn({ err }, 'the owner cannot be confirmed'));
  }

  /** Answers, and notes what the audit is to find in the log. */
  #answer(message: Message, read: ReadMessage, answers: readonly Answer[], seq?: number): void {
    this.#send(message, read, answers, seq);
    this.#parts.settles.note(read.team, answers);
  }

  #send(
    message: Message,
    read: Pick<ReadMessage, 'isBatch' | 'isJson'>,
    answers: readonly Answer[],
    newestSeq?: number,
  ): void {
    const { recorded, log } = this.#parts;
    try {
      sendReply(message, read, answers, (seq) => recorded.hashOf(seq), newestSeq);
    } catch (err) {
      // Only this one is lost; its sender asks again.
      log.error({ err, subject: message.subject }, 'an answer could not be sent');
    }
  }
}
