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

/** Preemptions kept of allocations that this client does not know of yet. */
const EARLY_MAX = 256;
/** Stops of which is remembered that they were heard: a large one comes in several notices. */
const STOPS_MAX = 256;

/**
 * The allocations with work under way in this client, each with the controller that tells its work
 * to end. A stop that names one of them has been heard, and is said to be.
 */
export class WorkUnderWay {
  readonly #controllers = new Map<string, AbortController>();
  /** Told what their allocation holds after it has grown. */
  readonly #onGrown = new Map<string, (items: AmountsInput) => void>();
  /** Told what their allocation is asked to give. */
  readonly #onShrink = new Map<string, (by: AmountsInput, graceMs: number) => void>();
  /** Preempted before the answer that granted them was read: notices travel on their own. */
  readonly #early = new Map<string, PreemptedError>();
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
    onGrown: (items: AmountsInput) => void,
    onShrink: (by: AmountsInput, graceMs: number) => void,
  ): void {
    this.#controllers.set(allocation, controller);
    this.#onGrown.set(allocation, onGrown);
    this.#onShrink.set(allocation, onShrink);
    const early = this.#early.get(allocation);
    if (early === undefined) return;
    this.#early.delete(allocation);
    controller.abort(early);
  }

  end(allocation: string): void {
    this.#controllers.delete(allocation);
    this.#onGrown.delete(allocation);
    this.#onShrink.delete(allocation);
  }

  #onNotice(notice: Notice): void {
    const { kind, id, answer, allocations = [id], graceMs = 0 } = notice;
    if (kind === 'grown' && answer?.outcome === 'resized') this.#onGrown.get(id)?.(answer.items);
    if (kind === 'shrink') this.#onShrink.get(id)?.(notice.shrink ?? {}, graceMs);
    if (kind === 'stop') this.#stop(notice, allocations);
    for (const allocation of allocations) {
      if (kind === 'preempt' || kind === 'preempted') {
        this.#preempt(allocation, new PreemptedError(allocation, graceMs));
      } else if (LEASE_LOST.has(kind)) {
        this.#abort(allocation, () => new LeaseLostError(allocation));
      }
    }
  }

  #stop({ id: stop, path }: Notice, allocations: readonly string[]): void {
    const here = allocations.filter((allocation) => this.#controllers.has(allocation));
    // What goes on elsewhere under this agent's name is told there.
    if (here.length > 0 && path !== undefined) this.#hear(path, stop);
    for (const allocation of here) {
      this.#abort(allocation, () => new StoppedError(allocation, stop));
    }
  }

  #hear(path: string, stop: string): void {
    if (this.#heardStops.has(stop)) return;
    this.#heardStops.add(stop);
    const [oldest] = this.#heardStops;
    if (this.#heardStops.size > STOPS_MAX && oldest !== undefined) this.#heardStops.delete(oldest);
    this.#onStop(path, stop);
  }

  #preempt(allocation: string, error: PreemptedError): void {
    if (this.#controllers.has(allocation)) return this.#abort(allocation, () => error);
    this.#early.set(allocation, error);
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= EARLY_MAX) return;
      this.#early.delete(oldest);
    }
  }

  #abort(allocation: string, reason: () => Error): void {
    const controller = this.#controllers.get(allocation);
    if (controller?.signal.aborted === false) controller.abort(reason());
  }
}
