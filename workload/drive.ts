import { setMaxListeners } from 'node:events';
import type { BursarClient } from '../client/client.ts';
import type { Amounts } from '../events/resources.ts';
import { actualOf, askOf, checkPricing } from './ask.ts';
import { capsOf } from './budgets.ts';
import { checkThenCharge } from './check-then-charge.ts';
import { DriveBooks } from './drive-books.ts';
import { Lanes, lanesOf } from './drive-lanes.ts';
import { nodeOutcomeOf, openTeam } from './drive-nodes.ts';
import type { DriveOptions, DriveProgress } from './drive-options.ts';
import { Pace } from './drive-pace.ts';
import { drivePanels } from './drive-panels.ts';
import { driveRun } from './drive-run.ts';
import { DriveTimes } from './drive-times.ts';
import { DriveWatch } from './drive-watch.ts';
import { type NodeOutcome, timeSpreadOf, type WorkloadOutcome } from './outcome.ts';
import type { PlannedRun } from './plan.ts';
import { RowTally } from './row-tally.ts';
import type { SpendPanel } from './spend-recorder.ts';

/** What a drive comes to: all that `workloadReport` and `spendPicture` need. */
export type Driven = {
  readonly outcome: WorkloadOutcome;
  readonly tally: RowTally;
  readonly panels: readonly SpendPanel[];
};

const PROGRESS_MS = 200;

/**
 * Drives a workload through a running governor as its agents would: one agent a team, enrolled for
 * it, opens the runs, asks before each step, holds the grant for as long as the step took, and
 * settles what it cost. Team and swarms are opened by the operator and stay open, so that their
 * books can be looked at afterwards; runs are closed when they end and leave the governor's memory.
 * Runs start when the record says, or without pauses as many at once as the record had.
 *
 * When it is aborted, what is held is settled and the rows that had not been asked are counted so.
 *
 * @throws UnknownModelError, AlreadyDrivenError, and errors of client/errors.ts when the governor
 *   is away for long or refuses to be used like this
 */
export async function driveWorkload(options: DriveOptions): Promise<Driven> {
  checkPricing(options.pricing);
  return new Drive(options).run();
}

class Drive {
  readonly #options: DriveOptions;
  readonly #pace: Pace;
  readonly #books = new DriveBooks();
  readonly #times = new DriveTimes();
  readonly #tally = new RowTally();
  readonly #watch: DriveWatch;
  readonly #lanes: Lanes;
  readonly #agents = new Map<string, BursarClient>();
  /** What had been spent on a team or swarm before, by path. */
  readonly #spentBefore = new Map<string, Amounts>();
  readonly #runOutcomes: NodeOutcome[] = [];
  /** Ends everything: the caller's signal, or the first error that no agent could handle. */
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DriveOptions) {
    this.#options = options;
    this.#pace = new Pace(options.speed);
    this.#watch = new DriveWatch(this.#pace);
    // Every pause and every ask under way listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#lanes = new Lanes(lanesOf(options.plan, options.speed, options.atOnceMax));
  }

  async run(): Promise<Driven> {
    const { signal } = this.#options;
    const onAbort = () => this.#stop.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    try {
      for (const team of this.#options.plan.teams) await this.#openTeam(team);
      return await this.#driveAll();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      const agents = [...this.#agents.values()];
      await Promise.allSettled(agents.map((agent) => agent.disconnect()));
    }
  }

  async #openTeam(team: string): Promise<void> {
    const { governor, plan, budgets } = this.#options;
    const swarms = plan.swarms.filter((swarm) => swarm.startsWith(`${team}/`));
    const nodes = [team, ...swarms].map((path) => ({ path, caps: capsOf(budgets, path) }));
    const agent = await openTeam(governor, team, nodes, this.#spentBefore);
    this.#agents.set(team, agent);
    await this.#watch.begin(agent);
  }

  async #driveAll(): Promise<Driven> {
    this.#pace.start();
    const ticking = setInterval(() => this.#tellProgress(), PROGRESS_MS);
    try {
      for (const run of this.#options.plan.runs) {
        await this.#pace.until(run.startMs, this.#stop.signal);
        await this.#lanes.room();
        this.#lanes.begin(() => this.#driveRun(run));
      }
      await this.#lanes.idle();
    } finally {
      clearInterval(ticking);
    }
    const elapsedMs = this.#pace.elapsedMs;
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#watch.end();
    this.#tellProgress();
    const nodes = [...(await this.#upperNodes()), ...this.#runOutcomes];
    const outcome = this.#outcome(nodes, elapsedMs);
    return { outcome, tally: this.#tally, panels: drivePanels(outcome, this.#books.recorder) };
  }

  async #driveRun(run: PlannedRun): Promise<void> {
    const agent = this.#agents.get(run.team);
    if (agent === undefined) throw new Error(`no agent of ${run.team}`);
    try {
      const outcome = await driveRun(agent, run, {
        ...this.#options,
        pace: this.#pace,
        books: this.#books,
        times: this.#times,
        tally: this.#tally,
        signal: this.#stop.signal,
      });
      if (outcome !== null) this.#runOutcomes.push(outcome);
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort(error);
    }
  }

  async #upperNodes(): Promise<NodeOutcome[]> {
    const nodes: NodeOutcome[] = [];
    for (const [path, before] of this.#spentBefore) {
      const agent = this.#agents.get(path.split('/', 1)[0] ?? path);
      if (agent === undefined) continue;
      nodes.push(nodeOutcomeOf(await agent.balance(path), before, this.#books.peakOf(path)));
    }
    return nodes;
  }

  #outcome(nodes: readonly NodeOutcome[], elapsedMs: number): WorkloadOutcome {
    const { plan, source, speed, pricing, budgets, onDeny } = this.#options;
    const { request, settle } = this.#times;
    return {
      workload: {
        source,
        rows: plan.rowCount,
        runs: plan.runs.length,
        swarms: plan.swarms.length,
        teams: plan.teams.length,
        peakOverlap: plan.peakOverlap,
        spanMs: plan.spanMs,
      },
      speed,
      priceBook: pricing.book.id,
      elapsedMs,
      nodes,
      admissionsAboveLimit: null,
      emergencies: this.#watch.emergencies,
      preemptions: this.#watch.preemptions,
      decisions: request.length + settle.length,
      requestTime: timeSpreadOf(request),
      settleTime: timeSpreadOf(settle),
      checkThenCharge: checkThenCharge(plan, {
        budgets,
        isRunEndedByRefusal: onDeny !== 'skip',
        usedBy: ({ row }) => {
          const ask = askOf(row, pricing);
          if (ask.kind === 'skip') return null;
          const actual = actualOf(row, pricing);
          return actual === 'unknown' ? ask.items : actual;
        },
      }),
    };
  }

  #tellProgress(): void {
    const { onProgress, plan } = this.#options;
    if (onProgress === undefined) return;
    const count = (kind: Parameters<RowTally['count']>[0]) => this.#tally.count(kind);
    const progress: DriveProgress = {
      rows: plan.rowCount,
      rowsDone: this.#tally.total(),
      granted: count('granted') + count('partial') + count('queued_granted'),
      denied: count('denied'),
      notAsked: count('not_asked'),
      skipped: count('skipped'),
      runsUnderWay: this.#lanes.underWayCount,
      spentMicro: this.#tally.sumsOf('credits').used,
      elapsedMs: this.#pace.elapsedMs,
    };
    onProgress(progress);
  }
}
