import type { Bus, Subscription } from '../bus/bus.ts';
import { LIMITS } from '../events/limits.ts';
import { subjects } from '../events/subjects.ts';
import type { CallOff, Host } from '../host/host.ts';
import { BursarError } from './errors.ts';
import { callSafely } from './handlers.ts';
import type { Sender } from './sender.ts';

/** The governor of the team fell silent, or is heard again. */
export interface Silence {
  readonly isSilent: boolean;
  /** Since it was last heard; when it is heard again, how long it was not. */
  readonly forMs: number;
  /** Whether this client's own connection to the broker stands. */
  readonly isConnected: boolean;
}

/**
 * Tells when nobody governs the team any more. The governor beats once a second while allocations
 * live; when so many beats are missing it is asked, because the last allocation may have ended, and
 * only when it does not answer either it is silent. It is asked on until it is heard again.
 */
export class BeatWatch {
  readonly #host: Host;
  readonly #bus: Bus;
  readonly #sender: Sender;
  readonly #handler: (silence: Silence) => unknown;
  readonly #onWarning: (warning: BursarError) => void;
  readonly #patienceMs: number;
  readonly #subscription: Subscription;
  #heardAtMs: number;
  #isSilent = false;
  #isClosed = false;
  #callOff: CallOff = () => {};

  /** @param options `beats`: how many have to be missing, at least 2 */
  constructor(
    parts: { readonly host: Host; readonly bus: Bus; readonly sender: Sender },
    team: string,
    handler: (silence: Silence) => unknown,
    options: { readonly beats: number; readonly onWarning: (warning: BursarError) => void },
  ) {
    this.#host = parts.host;
    this.#bus = parts.bus;
    this.#sender = parts.sender;
    this.#handler = handler;
    this.#onWarning = options.onWarning;
    this.#patienceMs = Math.max(2, options.beats) * LIMITS.beatMs;
    this.#heardAtMs = parts.host.steadyMs();
    this.#subscription = parts.bus.subscribe(subjects.beat(team), () => {
      this.#heard();
      this.#wait();
    });
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    this.#callOff();
    this.#subscription.unsubscribe();
  }

  /** Asks when nothing has been heard for so long. */
  #wait(): void {
    this.#callOff();
    if (!this.#isClosed) this.#callOff = this.#host.after(this.#patienceMs, () => this.#ask());
  }

  #ask(): void {
    const askedAtMs = this.#host.steadyMs();
    const command = { op: 'emergencies', since: Number.MAX_SAFE_INTEGER };
    // Answered, it lives and has no more allocations to beat for: the next beat begins it anew.
    this.#sender.ask(command, ['emergencies'], { timeoutMs: this.#patienceMs }).then(
      () => this.#heard(),
      (error: unknown) => {
        if (!(error instanceof BursarError)) throw error;
        if (this.#isClosed) return;
        if (this.#heardAtMs < askedAtMs) this.#tellSilent();
        this.#wait();
      },
    );
  }

  #heard(): void {
    const nowMs = this.#host.steadyMs();
    const forMs = nowMs - this.#heardAtMs;
    this.#heardAtMs = nowMs;
    if (this.#isSilent) this.#tell({ isSilent: false, forMs, isConnected: true });
  }

  #tellSilent(): void {
    if (this.#isSilent) return;
    const forMs = this.#host.steadyMs() - this.#heardAtMs;
    this.#tell({ isSilent: true, forMs, isConnected: this.#bus.isConnected() });
  }

  #tell(silence: Silence): void {
    this.#isSilent = silence.isSilent;
    if (!this.#isClosed) callSafely(() => this.#handler(silence), this.#onWarning);
  }
}
