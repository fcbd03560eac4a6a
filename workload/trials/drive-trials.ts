import { setMaxListeners } from 'node:events';
import type { BursarClient } from '../../client/client.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { Lanes } from '../drive-lanes.ts';
import { nodeOutcomeOf, openTeam } from '../drive-nodes.ts';
import type { GovernorAccess } from '../drive-options.ts';
import { Pace } from '../drive-pace.ts';
import { DriveTimes } from '../drive-times.ts';
import { WORKLOAD_LIMITS } from '../limits.ts';
import { type NodeOutcome, type TimeSpread, timeSpreadOf } from '../outcome.ts';
import { RowTally } from '../row-tally.ts';
import { type AgentEnd, driveTrial } from './drive-trial.ts';
import type { PlannedSwarm, PlannedTrial, TrialPlan } from './trial-plan.ts';

/** How a log of whole runs is driven. */
export type DriveTrialsOptions = {
  readonly plan: TrialPlan;
  readonly governor: GovernorAccess;
  /** Times faster than recorded. */
  readonly speed: number;
  /** How long a trial waits for its place, ms as recorded; null: as long as a request may wait. */
  readonly maxWaitMs: number | null;
  /** Places of every pool; null: as many as the record had under way. */
  readonly poolSlots: number | null;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrialProgress) => void) | undefined;
};

/** How far a drive of trials is. */
export type TrialProgress = {
  readonly rows: number;
  readonly rowsDone: number;
  readonly timedOut: number;
  readonly elapsedMs: number;
};

/** What a drive of trials comes to, as its agents know it. */
export type DrivenTrials = {
  readonly tally: RowTally;
  readonly ends: TrialEnds;
  /** Teams and swarms by the governor's own books. */
  readonly nodes: readonly NodeOutcome[];
  readonly elapsedMs: number;
  readonly requestTime: TimeSpread;
  readonly settleTime: TimeSpread;
};

/** How the agents ended, by what the record says of them. */
export type TrialEnds = {
  /** Killed by their limit in the record: how many the governor timed out, and how many not. */
  readonly killedTimedOut: number;
  readonly killedOther: number;
  /** Ended by themselves in the record: how many settled in time, and how many did not. */
  readonly finishedInTime: number;
  readonly finishedTimedOut: number;
  /** Nothing in the record says what their limit was. */
  readonly unlimited: number;
  /** Their limit was over before they could begin, or something else barred them. */
  readonly notBegun: number;
};

const PROGRESS_MS = 200;

/**
 * Drives a log of whole runs through a running governor. All pools begin together. Their trials ask
 * in the order in which the record started them, three for each place: one has it, two wait for
 * it, and which of these comes next is the governor's decision. Recorded durations pass `speed` times faster, and leases and deadlines with them; the
 * amounts of `compute_ms` are as recorded.
 *
 * @throws AlreadyDrivenError, and errors of client/errors.ts when the governor is away for long or
 *   refuses to be used like this
 */
export async function driveTrials(options: DriveTrialsOptions): Promise<DrivenTrials> {
  return new TrialDrive(options).run();
}

class TrialDrive {
  readonly #options: DriveTrialsOptions;
  readonly #pace: Pace;
  readonly #times = new DriveTimes();
  readonly #tally = new RowTally();
  readonly #ends = {
    killedTimedOut: 0,
    killedOther: 0,
    finishedInTime: 0,
    finishedTimedOut: 0,
    unlimited: 0,
    notBegun: 0,
  };
  readonly #agents = new Map<string, BursarClient>();
  readonly #spentBefore = new Map<string, Amounts>();
  /** Ends everything: the caller's signal, or the first error that no agent could handle. */
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DriveTrialsOptions) {
    this.#options = options;
    this.#pace = new Pace(options.speed);
    setMaxListeners(0, this.#stop.signal);
  }

  async run(): Promise<DrivenTrials> {
    const { signal, plan } = this.#options;
    const onAbort = () => this.#stop.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    const ticking = setInterval(() => this.#tellProgress(), PROGRESS_MS);
    try {
      for (const team of plan.teams) await this.#openTeam(team);
      this.#pace.start();
      await Promise.all(plan.swarms.map((swarm) => this.#driveSwarm(swarm)));
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#tellProgress();
      return await this.#driven(this.#pace.elapsedMs);
    } finally {
      clearInterval(ticking);
      signal?.removeEventListener('abort', onAbort);
      await Promise.allSettled([...this.#agents.values()].map((agent) => agent.disconnect()));
    }
  }

  async #openTeam(team: string): Promise<void> {
    const { governor, plan, poolSlots } = this.#options;
    const pools = plan.swarms.filter((swarm) => swarm.team === team);
    const nodes = [
      { path: team, caps: {} },
      ...pools.map((pool) => ({
        path: pool.path,
        caps: { concurrency: poolSlots ?? pool.poolSlots },
      })),
    ];
    this.#agents.set(team, await openTeam(governor, team, nodes, this.#spentBefore));
  }

  /** The next trial asks when one before it is over: some wait, but not hundreds for one place. */
  async #driveSwarm(swarm: PlannedSwarm): Promise<void> {
    const slots = this.#options.poolSlots ?? swarm.poolSlots;
    const lanes = new Lanes(slots * WORKLOAD_LIMITS.trialsPerSlot);
    for (const trial of swarm.trials) {
      await lanes.room();
      lanes.begin(() => this.#drive(trial, swarm));
    }
    await lanes.idle();
  }

  async #drive(trial: PlannedTrial, { team }: PlannedSwarm): Promise<void> {
    const client = this.#agents.get(team);
    if (client === undefined) throw new Error(`no agent of ${team}`);
    const { maxWaitMs } = this.#options;
    const waitMs =
      maxWaitMs === null
        ? LIMITS.waitMsMax
        : Math.min(this.#pace.waitMs(maxWaitMs), LIMITS.waitMsMax);
    try {
      const { signal } = this.#stop;
      const context = { client, pace: this.#pace, times: this.#times, waitMs, signal };
      const { row, agent } = await driveTrial(trial, context);
      this.#tally.add(row);
      this.#count(trial, agent);
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort(error);
    }
  }

  #count({ isKilled }: PlannedTrial, agent: AgentEnd | null): void {
    if (agent === null) return;
    const isTimedOut = agent === 'timed_out';
    if (agent === 'unlimited') this.#ends.unlimited += 1;
    else if (agent === 'not_begun') this.#ends.notBegun += 1;
    else if (isKilled) this.#ends[isTimedOut ? 'killedTimedOut' : 'killedOther'] += 1;
    else this.#ends[isTimedOut ? 'finishedTimedOut' : 'finishedInTime'] += 1;
  }

  async #driven(elapsedMs: number): Promise<DrivenTrials> {
    const nodes: NodeOutcome[] = [];
    for (const [path, before] of this.#spentBefore) {
      const agent = this.#agents.get(path.split('/', 1)[0] ?? path);
      if (agent !== undefined) nodes.push(nodeOutcomeOf(await agent.balance(path), before, {}));
    }
    return {
      tally: this.#tally,
      ends: this.#ends,
      nodes,
      elapsedMs,
      requestTime: timeSpreadOf(this.#times.request),
      settleTime: timeSpreadOf(this.#times.settle),
    };
  }

  #tellProgress(): void {
    const { killedTimedOut, finishedTimedOut } = this.#ends;
    this.#options.onProgress?.({
      rows: this.#options.plan.rowCount,
      rowsDone: this.#tally.total(),
      timedOut: killedTimedOut + finishedTimedOut,
      elapsedMs: this.#pace.elapsedMs,
    });
  }
}
