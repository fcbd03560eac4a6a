import { Child } from '../../host/child.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunReport } from './report.ts';

/** A run takes a second at most; one that takes this long in real time goes round in a circle, ms. */
const RUN_MS_MAX = 60_000;
/** Runs after which a process is replaced, so that nothing left over adds up. */
const RUNS_PER_PROCESS = 200;

/** Runs plans in processes of their own, so that one that never ends can be ended. */
export class Pool {
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  #isClosed = false;

  /** @returns what the run of a seed came to; one that hangs or dies is reported as a violation */
  runSeed(seed: number): Promise<RunReport> {
    return this.#run('seed', { seed }, { seed, theme: 'unknown' });
  }

  /** As {@link runSeed}, for a plan. */
  runPlan(plan: Plan): Promise<RunReport> {
    return this.#run('plan', { plan }, plan);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map(({ child }) => child.end()));
  }

  /** Ends all processes at once. */
  kill(): void {
    this.#isClosed = true;
    for (const { child } of this.#all) child.kill();
  }

  async #run(
    op: 'seed' | 'plan',
    params: object,
    about: Pick<RunReport, 'seed' | 'theme'>,
  ): Promise<RunReport> {
    const worker = this.#idle.pop() ?? this.#start();
    let isOver = false;
    const limit = setTimeout(() => {
      isOver = true;
      worker.child.kill();
    }, RUN_MS_MAX);
    try {
      const report = await worker.child.ask<RunReport>(op, params);
      worker.runs += 1;
      if (worker.runs < RUNS_PER_PROCESS && !this.#isClosed) this.#idle.push(worker);
      else await this.#end(worker);
      return report;
    } catch (error) {
      this.#all.delete(worker);
      worker.child.kill();
      const reason = isOver ? `no end after ${RUN_MS_MAX} ms of real time` : String(error);
      return failedReport(about, reason);
    } finally {
      clearTimeout(limit);
    }
  }

  #start(): Worker {
    const worker = { child: new Child(new URL('run-process.ts', import.meta.url)), runs: 0 };
    this.#all.add(worker);
    return worker;
  }

  async #end(worker: Worker): Promise<void> {
    this.#all.delete(worker);
    await worker.child.end();
  }
}

interface Worker {
  readonly child: Child;
  runs: number;
}

function failedReport(about: Pick<RunReport, 'seed' | 'theme'>, message: string): RunReport {
  return {
    seed: about.seed,
    theme: about.theme,
    violations: [{ rule: 'RUN', message }],
    commandCount: 0,
    messageCount: 0,
    blockCount: 0,
    virtualMs: 0,
    faults: {},
    cells: [],
    digest: '',
    tookMs: 0,
  };
}
