import type { Emergency } from '../events/answers.ts';

/** The durable stream of emergencies, as the writer sees it. */
export interface EmergencyStream {
  /**
   * Stores an emergency under its id; storing it again within the broker's window is noticed.
   * @throws when the broker does not confirm it
   */
  publish(emergency: Emergency): Promise<void>;
  /** Position of the newest emergency of a team that is stored; undefined if there is none. */
  lastOf(team: string): Promise<{ readonly seq: number; readonly index: number } | undefined>;
}

/** Pause after a failed try, ms; doubles up to the second. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;

/**
 * Publishes emergencies in order, each until the broker has confirmed it. What a dead writer had
 * not published is published by its successor from the log (semantics §8).
 */
export class Outbox {
  readonly #stream: EmergencyStream;
  readonly #queue: Emergency[] = [];
  #isRunning = false;
  #isStopped = false;

  constructor(stream: EmergencyStream) {
    this.#stream = stream;
  }

  add(emergencies: readonly Emergency[]): void {
    if (emergencies.length === 0) return;
    this.#queue.push(...emergencies);
    if (!this.#isRunning) void this.#run();
  }

  /** Everything that is recorded after what the stream has of each team. */
  async catchUp(recorded: ReadonlyMap<string, readonly Emergency[]>): Promise<void> {
    const missing: Emergency[] = [];
    for (const [team, emergencies] of recorded) {
      const last = await this.#stream.lastOf(team);
      for (const emergency of emergencies) {
        if (last === undefined || isAfter(emergency, last)) missing.push(emergency);
      }
    }
    this.add(missing.sort((a, b) => a.seq - b.seq || indexOf(a) - indexOf(b)));
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when all has been published, at the latest after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#queue.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let pauseMs = RETRY_MS_MIN;
    while (this.#queue.length > 0 && !this.#isStopped) {
      const next = this.#queue[0] as Emergency;
      try {
        await this.#stream.publish(next);
        this.#queue.shift();
        pauseMs = RETRY_MS_MIN;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs = Math.min(RETRY_MS_MAX, pauseMs * 2);
      }
    }
    this.#isRunning = false;
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
