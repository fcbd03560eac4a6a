import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { Emergency } from '../events/answers.ts';
import { LIMITS } from '../events/limits.ts';
import { subjects } from '../events/subjects.ts';
import type { CallOff, Host } from '../host/host.ts';
import { BursarError, ClosedError, EmergenciesForgottenError } from './errors.ts';
import { callSafely } from './handlers.ts';
import { decodePayload } from './replies.ts';
import type { Sender } from './sender.ts';

const IDS_KEPT_MAX = 2 * LIMITS.emergenciesKeptMax;
/** How long live emergencies may wait for those that were missed before them, ms. */
const HOLD_MS = 2_000;
/** Pause after an ask without success, ms; doubles up to the second. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

/**
 * The emergencies of one team for one handler, each once and in the order of the log: live as they
 * come, and by asking for those that it missed, at first and whenever the connection was away. What
 * comes live meanwhile waits for those before it, but not for long: when the governor does not
 * answer it is told at once, and those before it later.
 */
export class EmergencyFeed {
  /** Messages that were no emergencies of this team, or came on another's subject. */
  droppedCount = 0;
  readonly #host: Host;
  readonly #sender: Sender;
  readonly #team: string;
  readonly #handler: (emergency: Emergency) => unknown;
  readonly #onWarning: (warning: BursarError) => void;
  readonly #toldIds = new Set<string>();
  readonly #subscription: Subscription;
  readonly #endStatus: () => void;
  /** All up to this position of the log has been told. */
  #position: number;
  /** Came live while what was missed before them is asked for; undefined when nothing is. */
  #held: Emergency[] | undefined;
  #isAsking = false;
  /** The connection was away again while it was asked. */
  #isStale = false;
  #retryMs = RETRY_MS_MIN;
  #callOff: CallOff = () => {};
  #isClosed = false;

  constructor(
    parts: { readonly host: Host; readonly bus: Bus; readonly sender: Sender },
    team: string,
    handler: (emergency: Emergency) => unknown,
    options: { readonly since: number; readonly onWarning: (warning: BursarError) => void },
  ) {
    this.#host = parts.host;
    this.#sender = parts.sender;
    this.#team = team;
    this.#handler = handler;
    this.#position = options.since;
    this.#onWarning = options.onWarning;
    this.#subscription = parts.bus.subscribe(subjects.emergencies(team), (message) =>
      this.#onMessage(message),
    );
    this.#endStatus = parts.bus.onStatus((status) => {
      if (status === 'connected') this.#catchUp();
    });
    this.#catchUp();
  }

  close(): void {
    this.#isClosed = true;
    this.#callOff();
    this.#subscription.unsubscribe();
    this.#endStatus();
  }

  /** Asks for what was missed until that succeeds. */
  #catchUp(): void {
    if (this.#isClosed) return;
    this.#isStale = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#callOff();
    this.#held ??= [];
    const release = this.#host.after(HOLD_MS, () => this.#release());
    this.#askForMissed()
      .then(
        () => {
          this.#retryMs = RETRY_MS_MIN;
          this.#release();
        },
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        release();
        this.#isAsking = false;
        if (this.#isStale) this.#catchUp();
      });
  }

  #failed(error: unknown): void {
    this.#release();
    if (!(error instanceof BursarError)) throw error;
    if (error instanceof ClosedError) return;
    this.#onWarning(error);
    this.#callOff = this.#host.after(this.#retryMs, () => this.#catchUp());
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
  }

  async #askForMissed(): Promise<void> {
    for (;;) {
      const since = this.#position;
      const answer = await this.#sender.ask({ op: 'emergencies', since }, ['emergencies']);
      if (this.#isClosed) return;
      if (answer.incomplete) this.#onWarning(new EmergenciesForgottenError(since));
      for (const emergency of answer.emergencies) this.#tell(emergency);
      this.#position = Math.max(since, answer.position);
      // An answer holds only so many: the rest is behind its position.
      if (answer.emergencies.length === 0 || this.#position === since) return;
    }
  }

  /** Tells what has come live meanwhile; from now on that is told as it comes. */
  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const emergency of held) this.#tell(emergency);
  }

  #onMessage(message: Message): void {
    const emergency = this.#read(message);
    if (emergency === undefined) this.droppedCount += 1;
    else if (this.#held !== undefined) this.#held.push(emergency);
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
    // Others of the same block may follow: an ask has to include that block again.
    const isCaughtUp = !this.#isAsking && this.#retryMs === RETRY_MS_MIN;
    if (isCaughtUp) this.#position = Math.max(this.#position, emergency.seq - 1);
    if (this.#toldIds.has(emergency.id)) return;
    this.#toldIds.add(emergency.id);
    if (this.#toldIds.size > IDS_KEPT_MAX) {
      const [oldest] = this.#toldIds;
      if (oldest !== undefined) this.#toldIds.delete(oldest);
    }
    callSafely(() => this.#handler(emergency), this.#onWarning);
  }
}
