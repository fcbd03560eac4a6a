import type { Emergency } from '../events/answers.ts';
import type { Host } from '../host/host.ts';

/** The durable stream of emergencies, as the writer sees it. */
export interface EmergencyStream {
  /**
   * Stores an emergency under its id; storing it again within the broker's window is noticed.
   * @throws when the broker does not confirm it
   */
  publish(emergency: Emergency): Promise<void>;
  /**
   * Position of the newest emergency of a team that is stored; undefined if there is none.
   * @throws when the broker does not say
   */
  lastOf(team: string): Promise<{ readonly seq: number; readonly index: number } | undefined>;
}

/** Pause after a failed try, ms; doubles up to the second. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;

/** One emergency, or the recorded ones of a team of which the stream may lack the newest. */
type Task =
  | { readonly publish: Emergency }
  | { readonly catchUp: string; readonly recorded: readonly Emergency[] };

/**
 * Publishes emergencies in order, each until the broker has confirmed it. What a dead writer had
 * not published is published by its successor from the log (semantics §8).
 */
export class Outbox {
  readonly #stream: EmergencyStream;
  readonly #host: Host;
  #tasks: Task[] = [];
  #isRunning = false;
  #isStopped = false;

  constructor(stream: EmergencyStream, host: Host) {
    this.#stream = stream;
    this.#host = host;
  }

  add(emergencies: readonly Emergency[]): void {
    this.#addAll(emergencies.map((publish) => ({ publish })));
  }

  /**
   * Publishes what is recorded of each team after the newest that the stream has of it; before all
   * that is added later. The emergencies of a team are in the order of the log.
   */
  catchUp(recorded: ReadonlyMap<string, readonly Emergency[]>): void {
    this.#addAll(
      [...recorded].map(([team, emergencies]) => ({ catchUp: team, recorded: emergencies })),
    );
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when all has been published, at the latest after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    const deadline = this.#host.steadyMs() + timeoutMs;
    while (this.#tasks.length > 0 && this.#host.steadyMs() < deadline) await this.#host.pause(5);
  }

  #addAll(tasks: readonly Task[]): void {
    if (tasks.length === 0) return;
    this.#tasks.push(...tasks);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let pauseMs = RETRY_MS_MIN;
    while (this.#tasks.length > 0 && !this.#isStopped) {
      try {
        await this.#do(this.#tasks[0] as Task);
        pauseMs = RETRY_MS_MIN;
      } catch {
        await this.#host.pause(pauseMs);
        pauseMs = Math.min(RETRY_MS_MAX, pauseMs * 2);
      }
    }
    this.#isRunning = false;
  }

  /** Does the first task, which then is one no more. */
  async #do(task: Task): Promise<void> {
    if ('publish' in task) {
      await this.#stream.publish(task.publish);
      this.#tasks.shift();
      return;
    }
    const last = await this.#stream.lastOf(task.catchUp);
    const missing = task.recorded.filter((one) => last === undefined || isAfter(one, last));
    this.#tasks.splice(0, 1, ...missing.map((publish) => ({ publish })));
  }
}

/** The index in an emergency's id `<shard>-<block>-<index>`. */
function indexOf(emergency: Emergency): number {
  return Number(emergency.id.split('-')[2]);
}

function isAfter(
  emergency: Emergency,
  last: { readonly seq: number; readonly index: number },
): boolean {
  if (emergency.seq !== last.seq) return emergency.seq > last.seq;
  return indexOf(emergency) > last.index;
}
