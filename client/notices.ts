import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { Notice } from '../events/notice.ts';
import { subjects } from '../events/subjects.ts';
import type { BursarError } from './errors.ts';
import { callSafely } from './handlers.ts';
import { decodePayload } from './replies.ts';

/** Outcomes kept for a request whose `queued` answer is still on its way. */
const RECENT_MAX = 1_024;

/**
 * The notices for one agent in one team. A message whose content names another subject than it
 * came on is not from the governor of this agent (somebody let an answer be sent here): it is
 * dropped and counted.
 */
export class Notices {
  /** Messages that were no notices for this agent. */
  droppedCount = 0;
  readonly #team: string;
  readonly #subscription: Subscription;
  readonly #onWarning: (warning: BursarError) => void;
  readonly #handlers = new Set<(notice: Notice) => unknown>();
  readonly #waiters = new Map<string, (notice: Notice) => void>();
  readonly #recent = new Map<string, Notice>();

  constructor(bus: Bus, agent: string, team: string, onWarning: (warning: BursarError) => void) {
    this.#team = team;
    this.#onWarning = onWarning;
    const subject = subjects.notice(agent, team, '>');
    this.#subscription = bus.subscribe(subject, (message) => this.#onMessage(message));
  }

  /** @returns a function that ends it */
  on(handler: (notice: Notice) => unknown): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** The latest outcome that came for a request before anybody waited for it. */
  takeRecent(id: string): Notice | undefined {
    const notice = this.#recent.get(id);
    this.#recent.delete(id);
    return notice;
  }

  /** Gives the outcomes of one request to one handler. @returns a function that ends it */
  await(id: string, handler: (notice: Notice) => void): () => void {
    this.#waiters.set(id, handler);
    return () => this.#waiters.delete(id);
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  #onMessage(message: Message): void {
    const notice = this.#read(message);
    if (notice === undefined) {
      this.droppedCount += 1;
      return;
    }
    if (notice.answer !== undefined) this.#keepOrHandOver(notice);
    for (const handler of this.#handlers) callSafely(() => handler(notice), this.#onWarning);
  }

  #read(message: Message): Notice | undefined {
    try {
      const { success, data } = Notice.safeParse(decodePayload(message));
      const isForUs =
        success &&
        data.subject === message.subject &&
        data.team === this.#team &&
        message.subject.endsWith(`.${data.kind}`);
      return isForUs ? data : undefined;
    } catch {
      return undefined;
    }
  }

  #keepOrHandOver(notice: Notice): void {
    const waiter = this.#waiters.get(notice.id);
    if (waiter !== undefined) {
      waiter(notice);
      return;
    }
    this.#recent.set(notice.id, notice);
    if (this.#recent.size <= RECENT_MAX) return;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined) this.#recent.delete(oldest);
  }
}
