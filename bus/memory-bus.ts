import { shardOf } from '../events/shard-of.ts';
import { subjects } from '../events/subjects.ts';
import type { Bus, BusStatus, Message, RequestOptions, Subscription } from './bus.ts';
import { BusClosed, BusTimeout, NoResponders } from './errors.ts';
import { SubjectPattern } from './subject-match.ts';

interface Heard {
  readonly pattern: SubjectPattern;
  readonly handler: (message: Message) => void;
}

/**
 * A bus within one process: messages arrive in the turn in which they are sent, and none is lost.
 * Requests are mapped to their shard as nats.conf does it; permissions stand at the broker alone.
 */
export class MemoryBus implements Bus {
  readonly #shards: number;
  readonly #after: (ms: number, work: () => void) => () => void;
  readonly #heard = new Set<Heard>();
  #isClosed = false;

  /**
   * @param shards how many the teams are spread over
   * @param after of the host: when an answer is no longer waited for
   */
  constructor(shards: number, after: (ms: number, work: () => void) => () => void) {
    this.#shards = shards;
    this.#after = after;
  }

  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      const { timeoutMs, contentType } = options;
      const callOff = this.#after(timeoutMs, () => reject(new BusTimeout(subject, timeoutMs)));
      const reply = `_INBOX.${subject}`;
      const message = this.#messageOf(this.#mapped(subject), data, contentType, reply, (answer) => {
        callOff();
        resolve(answer);
      });
      if (this.#deliver(message)) return;
      callOff();
      reject(new NoResponders(subject));
    });
  }

  publish(subject: string, data: Uint8Array, contentType?: string): void {
    this.#assertOpen();
    this.#deliver(this.#messageOf(subject, data, contentType, undefined, () => {}));
  }

  subscribe(subject: string, handler: (message: Message) => void): Subscription {
    this.#assertOpen();
    const heard = { pattern: new SubjectPattern(subject), handler };
    this.#heard.add(heard);
    const unsubscribe = () => {
      this.#heard.delete(heard);
    };
    return { unsubscribe, drain: async () => unsubscribe() };
  }

  onStatus(_handler: (status: BusStatus) => void): () => void {
    return () => {};
  }

  isConnected(): boolean {
    return !this.#isClosed;
  }

  async flush(): Promise<void> {
    this.#assertOpen();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#heard.clear();
  }

  /** `bursar.req.<agent>.<team>.<op>` is heard as a request of the team's shard. */
  #mapped(subject: string): string {
    const [bursar, req, agent, team, op] = subject.split('.');
    if (bursar !== 'bursar' || req !== 'req' || team === undefined) return subject;
    const all = subjects.shardRequests(shardOf(team, this.#shards));
    return `${all.slice(0, -1)}${agent}.${team}.${op}`;
  }

  /** @returns whether anybody listens */
  #deliver(message: Message): boolean {
    const tokens = message.subject.split('.');
    const hearers = [...this.#heard].filter(({ pattern }) => pattern.matches(tokens));
    for (const { handler } of hearers) handler(message);
    return hearers.length > 0;
  }

  #messageOf(
    subject: string,
    data: Uint8Array,
    contentType: string | undefined,
    reply: string | undefined,
    onAnswer: (answer: Message) => void,
  ): Message {
    return {
      subject,
      data,
      contentType,
      reply,
      respond: (answer, answerType) => {
        if (reply === undefined) return false;
        onAnswer(this.#messageOf(reply, answer, answerType, undefined, () => {}));
        return true;
      },
    };
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new BusClosed();
  }
}
