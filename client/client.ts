import type { Bus } from '../bus/bus.ts';
import type { Answer, AnswerOf, Emergency } from '../events/answers.ts';
import type { Notice } from '../events/notice.ts';
import type { Host } from '../host/host.ts';
import { type Allocated, type HeldAllocation, type WorkResult, workOn } from './allocation-work.ts';
import { BeatWatch, type Silence } from './beat-watch.ts';
import { commandIds } from './command-ids.ts';
import { Commands } from './commands.ts';
import { type ClientParts, type ConnectOptions, prepare } from './connect.ts';
import { EmergencyFeed } from './emergencies.ts';
import { type BursarError, ClosedError, DeniedError, SettlesUndeliveredError } from './errors.ts';
import type { Actual, AskInput, CallOptions, Failures, Timing } from './inputs.ts';
import { Notices } from './notices.ts';
import { Outbox, type OutboxCounts } from './outbox.ts';
import { Requests } from './requests.ts';
import { Sender } from './sender.ts';
import { type Journaled, type Settled, Settler } from './settler.ts';
import { type RequestOutcome, Waiting } from './waiting.ts';
import { WorkUnderWay } from './work-under-way.ts';

/** Options of a request. */
export interface RequestOptions extends CallOptions {
  /** Aborting cancels the request while it waits, and releases what was granted meanwhile. */
  readonly signal?: AbortSignal | undefined;
}

/** What a client has done so far. */
export interface ClientCounts extends OutboxCounts {
  /** Messages to this agent that were not the governor's own, or not readable. */
  readonly dropped: number;
  /** Settles and releases without an answer yet. */
  readonly unsettled: number;
}

const DRAIN_MS = 5_000;

/**
 * Connects an agent to the governor of its team.
 *
 * ```ts
 * import { connect } from 'bursar/client';
 *
 * const bursar = await connect({
 *   url: 'nats://127.0.0.1:4333',
 *   agent: 'wile',
 *   team: 'acme',
 *   keyFile: '.bursar/keys/agents/wile.nk',
 *   journal: 'wile-settles.jsonl',
 * });
 * const answer = await bursar.request('acme/research/run-42/step-1', {
 *   items: { credits: { amount: 20_000 } }, // microcredits: 2 cents
 *   maxWaitMs: 10_000,
 * });
 * if (answer.outcome === 'granted') await bursar.settle(answer.id, { credits: 13_400 });
 * await bursar.disconnect();
 * ```
 *
 * Once it stands, the connection comes back by itself; commands wait for it until their deadline.
 *
 * @throws ConnectError, JournalError
 */
export async function connect(options: ConnectOptions): Promise<BursarClient> {
  const parts = await prepare(options);
  const client = new BursarClient(parts);
  // From here on no notice is missed. Without success the subscription comes with the reconnect.
  await parts.bus.flush().catch(() => {});
  return client;
}

/**
 * An agent's way to the governor; made by {@link connect}. Commands that are given at the same time
 * travel together. They are decided in the order in which they were given as long as none has to
 * be sent again; await the first where the order matters.
 */
export class BursarClient extends Commands {
  readonly agent: string;
  readonly team: string;
  readonly #host: Host;
  readonly #bus: Bus;
  readonly #outbox: Outbox;
  readonly #settler: Settler;
  readonly #notices: Notices;
  readonly #requests: Requests;
  readonly #underWay: WorkUnderWay;
  readonly #feeds = new Set<EmergencyFeed>();
  readonly #watches = new Set<BeatWatch>();
  readonly #onWarning: (warning: BursarError) => void;
  /** Dropped by feeds that have ended. */
  #droppedBefore = 0;
  #disconnected: Promise<void> | undefined;

  /** Use {@link connect}. */
  constructor({ host, bus, journal, agent, outbox: outboxOptions, onWarning }: ClientParts) {
    const outbox = new Outbox(host, bus, outboxOptions);
    super(new Sender(outbox, commandIds(host)));
    this.#host = host;
    this.agent = agent;
    this.team = outboxOptions.team;
    this.#bus = bus;
    this.#outbox = outbox;
    this.#onWarning = onWarning;
    this.#settler = new Settler(host, bus, this.sender, journal, onWarning);
    this.#notices = new Notices(bus, agent, this.team, onWarning);
    this.#requests = new Requests(host, new Waiting(host, bus, this.sender, this.#notices), {
      cancel: (request) => this.cancel(request),
      release: (allocation) => this.release(allocation, { journal: true }),
      onWarning,
    });
    this.#underWay = new WorkUnderWay(this.#notices, (...stop) => this.#acknowledge(...stop));
  }

  /**
   * Asks for a bundle of resources and waits until it is decided: a queued or preempting request
   * as long as its `maxWaitMs` allows. A denial is an answer, not an error.
   *
   * @param path of the node that pays, `team/swarm/run/step`; a missing step opens by itself
   * @throws AbortedError when `signal` was aborted
   * @throws CancelledError when it was cancelled by another call while it waited
   * @throws LeaseLostError when it was granted out of the queue while this client was cut off, and
   *   the grant was over again
   * @throws RefusedError, UnavailableError and the others of {@link Commands}
   */
  request(
    path: string,
    ask: AskInput,
    { id, timeoutMs, signal }: RequestOptions = {},
  ): Promise<RequestOutcome> {
    const isCallerId = id !== undefined;
    const command = { op: 'request', id: id ?? this.sender.newId(), path, ...ask };
    return this.#requests.outcomeOf(command, { timeoutMs, isCallerId }, signal);
  }

  /** As {@link request}; a denial is thrown. @throws DeniedError */
  async requestOrThrow(
    path: string,
    ask: AskInput,
    options?: RequestOptions,
  ): Promise<AnswerOf<'granted'> | AnswerOf<'partial'>> {
    const answer = await this.request(path, ask, options);
    if (answer.outcome === 'denied') throw new DeniedError(answer);
    return answer;
  }

  /** Says what a request would come to now. Records nothing. */
  dryRun(
    path: string,
    ask: AskInput,
    { timeoutMs }: Timing = {},
  ): Promise<
    | AnswerOf<'would_grant'>
    | AnswerOf<'would_queue'>
    | AnswerOf<'would_preempt'>
    | AnswerOf<'would_need_approval'>
    | AnswerOf<'denied'>
  > {
    const outcomes = [
      'would_grant',
      'would_queue',
      'would_preempt',
      'would_need_approval',
      'denied',
    ] as const;
    const command = { op: 'request', path, ...ask, dryRun: true };
    return this.sender.ask(command, outcomes, { timeoutMs });
  }

  /**
   * Ends an allocation with what was really used, and is sure to be booked: it is kept in the
   * journal from before its first try until its answer, and repeated when the broker was away.
   *
   * @param actual use by resource, or 'unknown': what was reported, else what was held
   * @param options `journal: true` resolves with `journaled` when the broker is away; `failed` names
   *   what did not work
   * @throws UnavailableError: it stays in the journal and is repeated by itself
   * @throws RefusedError such as `implausible_amount`, and the others of {@link Commands}
   */
  settle(
    allocation: string,
    actual: Actual,
    options: CallOptions & Failures & { readonly journal: true },
  ): Promise<Settled | Journaled>;
  settle(allocation: string, actual: Actual, options?: CallOptions & Failures): Promise<Settled>;
  settle(
    allocation: string,
    actual: Actual,
    { failed, ...options }: CallOptions & Failures & { readonly journal?: boolean } = {},
  ): Promise<Settled | Journaled> {
    const command = { op: 'settle', allocation, actual };
    return this.#end(failed === undefined ? command : { ...command, failed }, options);
  }

  /** Gives an allocation back; what was reported stays booked. Kept like {@link settle}. */
  release(
    allocation: string,
    options: CallOptions & Failures & { readonly journal: true },
  ): Promise<Settled | Journaled>;
  release(allocation: string, options?: CallOptions & Failures): Promise<Settled>;
  release(
    allocation: string,
    { failed, ...options }: CallOptions & Failures & { readonly journal?: boolean } = {},
  ): Promise<Settled | Journaled> {
    const command = { op: 'release', allocation };
    return this.#end(failed === undefined ? command : { ...command, failed }, options);
  }

  /**
   * Asks, works, settles: with the lease renewed while the work goes on, and the use booked
   * however it ends.
   *
   * ```ts
   * const { result } = await bursar.withAllocation(
   *   'acme/research/run-42/step-2',
   *   { items: { credits: { amount: 20_000 } }, ttlMs: 60_000 },
   *   async ({ signal, report }) => {
   *     const reply = await callModel(prompt, { signal });
   *     return { actual: { credits: reply.costMicro }, text: reply.text };
   *   },
   * );
   * console.log(result.text);
   * ```
   *
   * `signal` is aborted when the work has to end: preempted, stopped, lease lost, or the caller's
   * own signal. If the work fails, what it last reported is settled, else 'unknown', which books
   * what was held; a ToolFailedError tells the governor what did not work. The work's error is thrown on, or the reason of `signal` if that was aborted.
   * When the broker is away at the end, `settled` is `journaled`.
   *
   * @throws DeniedError, AbortedError, PreemptedError, StoppedError, LeaseLostError, RefusedError,
   *   UnavailableError, and what the work throws
   */
  async withAllocation<R extends WorkResult>(
    path: string,
    ask: AskInput,
    work: (held: HeldAllocation) => R | Promise<R>,
    options: RequestOptions = {},
  ): Promise<Allocated<R>> {
    const grant = await this.requestOrThrow(path, ask, options);
    const parts = {
      host: this.#host,
      sender: this.sender,
      underWay: this.#underWay,
      settle: (id: string, actual: Actual, failed: Failures['failed']) =>
        this.settle(id, actual, { journal: true, failed }),
      onWarning: this.#onWarning,
    };
    return workOn(parts, ask, grant, work, options.signal);
  }

  /**
   * Tells of each notice to this agent: outcomes of waiting requests, preemptions, stops. They come
   * at most once; `status` can always be asked.
   * @returns a function that ends it
   */
  onNotice(handler: (notice: Notice) => unknown): () => void {
    return this.#notices.on(handler);
  }

  /**
   * Tells of each emergency of the team once: those after the log position `since` (default: all
   * that are kept), then live, and after a loss of connection those that were missed.
   * @returns a function that ends it
   */
  onEmergency(
    handler: (emergency: Emergency) => unknown,
    { since = 0 }: { readonly since?: number } = {},
  ): () => void {
    const options = { since, onWarning: this.#onWarning };
    const feed = new EmergencyFeed(this.#feedParts, this.team, handler, options);
    this.#feeds.add(feed);
    return () => {
      if (!this.#feeds.delete(feed)) return;
      feed.close();
      this.#droppedBefore += feed.droppedCount;
    };
  }

  /**
   * Tells when nobody governs the team any more, and when somebody does again: no beat for `beats`
   * seconds while allocations lived (default 3), and no answer either. Without a live allocation
   * there are no beats, and nothing to be told.
   * @returns a function that ends it
   */
  onSilence(
    handler: (silence: Silence) => unknown,
    { beats = 3 }: { readonly beats?: number } = {},
  ): () => void {
    const options = { beats, onWarning: this.#onWarning };
    const watch = new BeatWatch(this.#feedParts, this.team, handler, options);
    this.#watches.add(watch);
    return () => {
      if (this.#watches.delete(watch)) watch.close();
    };
  }

  /** Whether the connection stands now. */
  isConnected(): boolean {
    return this.#bus.isConnected();
  }

  get counts(): ClientCounts {
    let dropped = this.#droppedBefore + this.#notices.droppedCount;
    for (const feed of this.#feeds) dropped += feed.droppedCount;
    return { ...this.#outbox.counts, dropped, unsettled: this.#settler.entries.length };
  }

  /**
   * Waits for the answers that are due (at most `drainMs`, default 5 s), then closes the
   * connection. Commands without an answer by then fail with ClosedError; settles without one stay
   * in the journal file.
   * @throws SettlesUndeliveredError when they were kept in memory alone
   */
  disconnect({ drainMs = DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#disconnected ??= this.#drainAndClose(drainMs);
    return this.#disconnected;
  }

  async #drainAndClose(drainMs: number): Promise<void> {
    const untilMs = this.#host.steadyMs() + drainMs;
    while (!this.#outbox.isIdle && this.#host.steadyMs() < untilMs) {
      await this.#outbox.drain(untilMs - this.#host.steadyMs());
      // Lets callers go on whose next command belongs to what they have begun.
      await new Promise<void>((resolve) => this.#host.nextTurn(resolve));
    }
    this.#outbox.close(new ClosedError());
    for (const feed of [...this.#feeds, ...this.#watches]) feed.close();
    this.#notices.close();
    const unsettled = this.#settler.entries.map((entry) => entry.command);
    await this.#settler.close();
    await this.#bus.close();
    if (unsettled.length > 0 && !this.#settler.isDurable) {
      throw new SettlesUndeliveredError(unsettled);
    }
  }

  get #feedParts() {
    return { host: this.#host, bus: this.#bus, sender: this.sender };
  }

  #end(
    command: { readonly op: string; readonly allocation: string } & Record<string, unknown>,
    { id, timeoutMs, journal }: CallOptions & { readonly journal?: boolean },
  ): Promise<Settled | Journaled> {
    const isCallerId = id !== undefined;
    const withId = { ...command, id: id ?? this.sender.newId() };
    return this.#settler.settle(withId, { timeoutMs, isCallerId, journal });
  }

  /** Says that this agent has heard of a stop: its work is told in the same moment. */
  #acknowledge(path: string, stop: string): void {
    this.acknowledgeStop(path, stop).catch((error: BursarError) => this.#onWarning(error));
  }
}

// biome-ignore lint/performance/noBarrelFile: whoever uses the client shall need one import
export * from './errors.ts';
export type {
  Actual,
  Allocated,
  Answer,
  AnswerOf,
  AskInput,
  CallOptions,
  ConnectOptions,
  Emergency,
  Failures,
  HeldAllocation,
  Journaled,
  Notice,
  RequestOutcome,
  Settled,
  Silence,
  Timing,
  WorkResult,
};
