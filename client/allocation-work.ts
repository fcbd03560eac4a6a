import type { AnswerOf } from '../events/answers.ts';
import { LIMITS } from '../events/limits.ts';
import type { Host } from '../host/host.ts';
import { AbortedError, BursarError, ToolFailedError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Actual, AmountsInput, AskInput, Failures } from './inputs.ts';
import type { Sender } from './sender.ts';
import type { Journaled, Settled } from './settler.ts';
import type { WorkUnderWay } from './work-under-way.ts';

/** An allocation while work is done on it. */
export interface HeldAllocation {
  /** The allocation's id. */
  readonly id: string;
  /** What was granted; a partial grant may be less than the ask, and grow (see `items`). */
  readonly grant: AnswerOf<'granted'> | AnswerOf<'partial'>;
  /** What is held now: as granted, resized, grown by the claim of a `topUpLater`, or shrunk by force. */
  readonly items: AmountsInput;
  /**
   * Aborted when the work has to end: its reason is a PreemptedError (`graceMs` to yield), a
   * StoppedError, a LeaseLostError, or the AbortedError of the caller's own signal.
   */
  readonly signal: AbortSignal;
  /** Cumulative use so far: booked if the work fails without saying what it used. */
  report(used: AmountsInput): Promise<void>;
  /** Changes the amounts held. @throws RefusedError such as `does_not_fit` */
  resize(items: AmountsInput): Promise<void>;
  /** Calls `listener` whenever a claim for the rest is met, with all that is held then. */
  onGrown(listener: (items: AmountsInput) => void): void;
  /** Calls `listener` when load is shed: what is not given by `resize` in `graceMs` is taken. */
  onShrink(listener: (by: AmountsInput, graceMs: number) => void): void;
  /** Calls `listener` when some of it was taken: load was shed, or a limit cut; with all that is left. */
  onShrunk(listener: (items: AmountsInput) => void): void;
}

/** What work on an allocation comes to: its real use, and whatever the caller wants of it. */
export interface WorkResult extends Failures {
  readonly actual: Actual;
}

/** Work that has ended well and is settled. */
export interface Allocated<R extends WorkResult> {
  readonly result: R;
  readonly grant: AnswerOf<'granted'> | AnswerOf<'partial'>;
  /** The answer to the settle; `journaled` when the broker was away and it will be repeated. */
  readonly settled: Settled | Journaled;
}

export interface AllocationParts {
  readonly host: Host;
  readonly sender: Sender;
  readonly underWay: WorkUnderWay;
  /** Settles by way of the journal. */
  readonly settle: (
    allocation: string,
    actual: Actual,
    failed: Failures['failed'],
  ) => Promise<Settled | Journaled>;
  readonly onWarning: (warning: BursarError) => void;
}

/**
 * Does work on an allocation that was granted: keeps its lease, tells the work when to end, and
 * settles however it ends.
 */
export async function workOn<R extends WorkResult>(
  parts: AllocationParts,
  ask: AskInput,
  grant: AnswerOf<'granted'> | AnswerOf<'partial'>,
  work: (held: HeldAllocation) => R | Promise<R>,
  signal: AbortSignal | undefined,
): Promise<Allocated<R>> {
  const { id } = grant;
  const controller = new AbortController();
  const onAbort = () => controller.abort(new AbortedError(signal?.reason));
  signal?.addEventListener('abort', onAbort);
  const leaseMs = ask.ttlMs ?? LIMITS.ttlMsDefault;
  const { host, sender } = parts;
  const heartbeat = new Heartbeat(host, sender, id, leaseMs, grant.expiresInMs, (lost) =>
    controller.abort(lost),
  );
  const hold = new Hold(grant.granted);
  parts.underWay.begin(
    id,
    controller,
    (items, isShrunk) => hold.change(items, isShrunk),
    (by, graceMs) => hold.askToShrink(by, graceMs),
  );
  const reported: Record<string, number> = {};
  try {
    const held = heldAllocation(parts.sender, grant, controller.signal, reported, hold);
    const result = await settleOnFailure(parts, held, reported, work);
    heartbeat.stop();
    return { result, grant, settled: await parts.settle(id, result.actual, result.failed) };
  } finally {
    heartbeat.stop();
    signal?.removeEventListener('abort', onAbort);
    parts.underWay.end(id);
  }
}

/** What an allocation holds as far as its client knows, and who is told when it grows. */
class Hold {
  items: AmountsInput;
  readonly listeners: ((items: AmountsInput) => void)[] = [];
  readonly shrunkListeners: ((items: AmountsInput) => void)[] = [];
  readonly shrinkListeners: ((by: AmountsInput, graceMs: number) => void)[] = [];

  constructor(granted: AmountsInput) {
    this.items = granted;
  }

  askToShrink(by: AmountsInput, graceMs: number): void {
    for (const listener of this.shrinkListeners) listener(by, graceMs);
  }

  change(items: AmountsInput, isShrunk: boolean): void {
    this.items = { ...this.items, ...items };
    for (const listener of isShrunk ? this.shrunkListeners : this.listeners) listener(this.items);
  }
}

/** Does the work; if it fails, what it reported is settled, else what it held. */
async function settleOnFailure<R extends WorkResult>(
  parts: AllocationParts,
  held: HeldAllocation,
  reported: AmountsInput,
  work: (held: HeldAllocation) => R | Promise<R>,
): Promise<R> {
  try {
    return await work(held);
  } catch (error) {
    const actual = Object.keys(reported).length > 0 ? reported : 'unknown';
    try {
      const failed = error instanceof ToolFailedError ? error.failed : undefined;
      await parts.settle(held.id, actual, failed);
    } catch (settleError) {
      if (settleError instanceof BursarError) parts.onWarning(settleError);
      else throw settleError;
    }
    throw causeOfEnd(held.signal, error);
  }
}

/** Why the work was told to end, where that is why it failed. */
function causeOfEnd(signal: AbortSignal, error: unknown): unknown {
  const { reason } = signal;
  if (!signal.aborted || !(reason instanceof BursarError) || reason === error) return error;
  reason.cause ??= error;
  return reason;
}

function heldAllocation(
  sender: Sender,
  grant: AnswerOf<'granted'> | AnswerOf<'partial'>,
  signal: AbortSignal,
  reported: Record<string, number>,
  hold: Hold,
): HeldAllocation {
  const allocation = grant.id;
  return {
    id: allocation,
    grant,
    signal,
    get items() {
      return hold.items;
    },
    onGrown: (listener) => hold.listeners.push(listener),
    onShrink: (listener) => hold.shrinkListeners.push(listener),
    onShrunk: (listener) => hold.shrunkListeners.push(listener),
    report: async (used) => {
      Object.assign(reported, used);
      await sender.ask({ op: 'report', id: sender.newId(), allocation, used }, ['reported']);
    },
    resize: async (items) => {
      await sender.ask({ op: 'resize', id: sender.newId(), allocation, items }, ['resized']);
      hold.items = { ...hold.items, ...items };
    },
  };
}
