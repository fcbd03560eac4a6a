import type { BursarClient } from '../client/client.ts';
import type { Emergency } from '../events/answers.ts';
import type { Notice } from '../events/notice.ts';
import type { Pace } from './drive-pace.ts';
import type { EmergencySeen, WorkloadOutcome } from './outcome.ts';

/** What the agents of a drive hear unasked: emergencies of their teams, and who has to yield. */
export class DriveWatch {
  readonly preemptions: WorkloadOutcome['preemptions'] = { requested: 0, taken: 0, requeued: 0 };
  readonly #pace: Pace;
  readonly #seen = new Map<string, EmergencySeen>();
  readonly #since = new Map<BursarClient, number>();
  readonly #ends: (() => void)[] = [];

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Listens to what a team is told from now on. */
  async begin(client: BursarClient): Promise<void> {
    const since = await lastPosition(client);
    this.#since.set(client, since);
    this.#ends.push(client.onEmergency((emergency) => this.#add(emergency), { since }));
    this.#ends.push(client.onNotice((notice) => this.#count(notice)));
  }

  /** Asks for what has not arrived yet, then listens no more. */
  async end(): Promise<void> {
    for (const [client, since] of this.#since) {
      for await (const emergency of emergenciesAfter(client, since)) this.#add(emergency);
    }
    for (const end of this.#ends.splice(0)) end();
  }

  /** By time. */
  get emergencies(): EmergencySeen[] {
    return [...this.#seen.values()].sort((a, b) => a.atMs - b.atMs);
  }

  #add({ id, path, kind, resource, atMs }: Emergency): void {
    const seen = { atMs: this.#pace.atUnixMs(atMs), path, kind, resource: resource ?? null };
    this.#seen.set(`${path} ${id}`, seen);
  }

  #count({ kind }: Notice): void {
    const { preemptions } = this as { preemptions: { requested: number; taken: number } };
    if (kind === 'preempt') preemptions.requested += 1;
    if (kind === 'preempted') preemptions.taken += 1;
  }
}

async function lastPosition(client: BursarClient): Promise<number> {
  let position = 0;
  for await (const { seq } of emergenciesAfter(client, 0)) position = Math.max(position, seq);
  return position;
}

/** The governor answers a few hundred at a time. */
async function* emergenciesAfter(client: BursarClient, since: number): AsyncGenerator<Emergency> {
  for (let from = since; ; ) {
    const { emergencies, position } = await client.emergencies({ since: from });
    yield* emergencies;
    if (emergencies.length === 0 || position <= from) return;
    from = position;
  }
}
