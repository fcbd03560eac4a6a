import type { Notice } from '../events/notice.ts';
import { LeaseLostError, PreemptedError, StoppedError } from './errors.ts';
import type { AmountsInput } from './inputs.ts';
import type { Notices } from './notices.ts';

/** Notices after which an allocation holds nothing any more. */
const LEASE_LOST: ReadonlySet<Notice['kind']> = new Set([
  'unclaimed',
  'fenced',
  'timed_out',
  'reclaimed',
]);

/** Ends kept of allocations that this client does not know of yet. */
const EARLY_MAX = 1_024;
/** Stops of which is remembered that they were heard: a large one comes in several notices. */
const STOPS_MAX = 256;

/** Why work is to end, and the stop by which it is, if it is by one. */
interface End {
  readonly error: LeaseLostError | PreemptedError | StoppedError;
  readonly stoppedAt?: string;
}

/**
 * The allocations with work under way in this client, each with the controller that tells its work
 * to end. A stop that names one of them has been heard, and is said to be.
 */
export class WorkUnderWay {
  readonly #controllers = new Map<string, AbortController>();
  /** Told what their allocation holds after it has grown, or was shrunk by force. */
  readonly #onChange = new Map<string, (items: AmountsInput, isShrunk: boolean) => void>();
  /** Told what their allocation is asked to give. */
  readonly #onShrink = new Map<string, (by: AmountsInput, graceMs: number) => void>();
  /** Told to end before the answer that granted them was read: notices travel on their own. */
  readonly #early = new Map<string, End>();
  readonly #heardStops = new Set<string>();
  readonly #onStop: (path: string, stop: string) => void;

  /** @param onStop told once of each stop that names work under way here */
  constructor(notices: Notices, onStop: (path: string, stop: string) => void) {
    this.#onStop = onStop;
    notices.on((notice) => this.#onNotice(notice));
  }

  begin(
    allocation: string,
    controller: AbortController,
    onChange: (items: AmountsInput, isShrunk: boolean) => void,
    onShrink: (by: AmountsInput, graceMs: number) => void,
  ): void {
    this.#controllers.set(allocation, controller);
    this.#onChange.set(allocation, onChange);
    this.#onShrink.set(allocation, onShrink);
    const early = this.#early.get(allocation);
    if (early === undefined) return;
    this.#early.delete(allocation);
    this.#end(allocation, early);
  }

  end(allocation: string): void {
    this.#controllers.delete(allocation);
    this.#onChange.delete(allocation);
    this.#onShrink.delete(allocation);
  }

  #onNotice(notice: Notice): void {
    const { kind, id, answer, allocations = [id], graceMs = 0 } = notice;
    if ((kind === 'grown' || kind === 'shrunk') && answer?.outcome === 'resized') {
      this.#onChange.get(id)?.(answer.items, kind === 'shrunk');
    }
    if (kind === 'shrink') this.#onShrink.get(id)?.(notice.shrink ?? {}, graceMs);
    for (const allocation of allocations) {
      if (kind === 'preempt' || kind === 'preempted') {
        this.#end(allocation, { error: new PreemptedError(allocation, graceMs) });
      } else if (LEASE_LOST.has(kind)) {
        // What nobody has claimed is granted again under the same name.
        if (kind === 'unclaimed' && !this.#controllers.has(allocation)) continue;
        this.#end(allocation, { error: new LeaseLostError(allocation) });
      } else if (kind === 'stop') {
        const stoppedAt = notice.path === undefined ? {} : { stoppedAt: notice.path };
        this.#end(allocation, { error: new StoppedError(allocation, id), ...stoppedAt });
      }
    }
  }

  #hear(path: string, stop: string): void {
    if (this.#heardStops.has(stop)) return;
    this.#heardStops.add(stop);
    const [oldest] = this.#heardStops;
    if (this.#heardStops.size > STOPS_MAX && oldest !== undefined) this.#heardStops.delete(oldest);
    this.#onStop(path, stop);
  }

  /** Tells work to end. What goes on elsewhere under this agent's name is told there. */
  #end(allocation: string, end: End): void {
    const controller = this.#controllers.get(allocation);
    if (controller === undefined) return this.#keep(allocation, end);
    const { error, stoppedAt } = end;
    if (error instanceof StoppedError && stoppedAt !== undefined) this.#hear(stoppedAt, error.stop);
    if (!controller.signal.aborted) controller.abort(error);
  }

  #keep(allocation: string, end: End): void {
    this.#early.set(allocation, end);
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= EARLY_MAX) return;
      this.#early.delete(oldest);
    }
  }
}
