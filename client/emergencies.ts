import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { Emergency } from '../events/answers.ts';
import { LIMITS } from '../events/limits.ts';
import { subjects } from '../events/subjects.ts';
import { BursarError, ClosedError } from './errors.ts';
import { callSafely } from './handlers.ts';
import { decodePayload } from './replies.ts';
import type { Sender } from './sender.ts';

const IDS_KEPT_MAX = 2 * LIMITS.emergenciesKeptMax;

/**
 * The emergencies of one team for one handler: live as they come, and by asking for those that it
 * missed, at first and whenever the connection was away. Each is told once.
 */
export class EmergencyFeed {
  /** Messages that were no emergencies of this team, or came on another's subject. */
  droppedCount = 0;
  readonly #sender: Sender;
  readonly #team: string;
  readonly #handler: (emergency: Emergency) => unknown;
  readonly #onWarning: (warning: BursarError) => void;
  readonly #toldIds = new Set<string>();
  readonly #subscription: Subscription;
  readonly #endStatus: () => void;
  #position: number;
  #catchUpUnderWay: Promise<void> | undefined;

  constructor(
    bus: Bus,
    sender: Sender,
    team: string,
    handler: (emergency: Emergency) => unknown,
    options: { readonly since: number; readonly onWarning: (warning: BursarError) => void },
  ) {
    this.#sender = sender;
    this.#team = team;
    this.#handler = handler;
    this.#position = options.since;
    this.#onWarning = options.onWarning;
    this.#subscription = bus.subscribe(subjects.emergencies(team), (message) =>
      this.#onMessage(message),
    );
    this.#endStatus = bus.onStatus((status) => {
      if (status === 'connected') this.catchUp();
    });
    this.catchUp();
  }

  /** Asks for what was missed. Without success it warns, and is done again at the next reconnect. */
  catchUp(): void {
    this.#catchUpUnderWay ??= this.#askForMissed()
      .catch((error: unknown) => {
        if (error instanceof BursarError && !(error instanceof ClosedError)) this.#onWarning(error);
      })
      .finally(() => {
        this.#catchUpUnderWay = undefined;
      });
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#endStatus();
  }

  async #askForMissed(): Promise<void> {
    for (;;) {
      const since = this.#position;
      const answer = await this.#sender.ask({ op: 'emergencies', since }, ['emergencies']);
      for (const emergency of answer.emergencies) this.#tell(emergency);
      this.#position = Math.max(since, answer.position);
      // An answer holds only so many: the rest is behind its position.
      if (answer.emergencies.length === 0 || this.#position === since) return;
    }
  }

  #onMessage(message: Message): void {
    const emergency = this.#read(message);
    if (emergency === undefined) this.droppedCount += 1;
    else this.#tell(emergency);
  }

  #read(message: Message): Emergency | undefined {
    try {
      const { success, data } = Emergency.safeParse(decodePayload(message));
      if (!success || data.subject !== message.subject) return undefined;
      const expected = subjects.emergency(this.#team, data.swarm, data.kind);
      return data.team === this.#team && expected === message.subject ? data : undefined;
    } catch {
      return undefined;
    }
  }

  #tell(emergency: Emergency): void {
    if (this.#toldIds.has(emergency.id)) return;
    this.#toldIds.add(emergency.id);
    if (this.#toldIds.size > IDS_KEPT_MAX) {
      const [oldest] = this.#toldIds;
      if (oldest !== undefined) this.#toldIds.delete(oldest);
    }
    callSafely(() => this.#handler(emergency), this.#onWarning);
  }
}
