import type { Job } from '../plan/job.ts';
import type { Plan } from '../plan/plan.ts';
import type { World } from '../world/world.ts';
import { SimAgent } from './agent.ts';
import type { Call } from './call.ts';
import { CallBook } from './call-book.ts';

/** The agents of a plan while they live. */
export class RunningAgents {
  readonly agents: readonly SimAgent[];
  /** When they began: what `atMs` of their plan counts from. Virtual, ms. */
  readonly beganAtMs: number;
  readonly #book: CallBook;
  readonly #world: World;
  readonly #endsAtMs: number;

  constructor(agents: readonly SimAgent[], book: CallBook, world: World, lastMs: number) {
    this.beganAtMs = world.nowMs;
    this.agents = agents;
    this.#book = book;
    this.#world = world;
    this.#endsAtMs = world.nowMs + lastMs;
  }

  /** Everything that was done, in the order of its beginning. */
  get calls(): readonly Call[] {
    return this.#book.calls;
  }

  /** What no caller may ever see; empty if all is well. */
  get violations(): readonly string[] {
    return this.#book.violations;
  }

  /** Calls that nobody has heard the end of, of agents that live. */
  get openCalls(): readonly Call[] {
    return [...this.#book.open];
  }

  /** All jobs were begun and are over. Journaled settles may still be on their way. */
  get isDone(): boolean {
    return this.#world.nowMs > this.#endsAtMs && this.agents.every((one) => one.busyCount === 0);
  }

  /** Settles and releases, of agents that live, that are kept and have no answer yet. */
  get unsettledCount(): number {
    return this.agents.reduce((sum, agent) => sum + agent.unsettledCount, 0);
  }

  agent(name: string, team: string): SimAgent | undefined {
    return this.agents.find(({ plan }) => plan.name === name && plan.team === team);
  }
}

/**
 * Gives the agents of a plan their processes now, and their jobs at their times. Ask `isDone`
 * between tasks of the world: a run is over at the latest when all waits of the jobs are.
 * A job whose agent is gone when its time comes is left out.
 */
export function startAgents(plan: Plan, world: World): RunningAgents {
  const book = new CallBook(() => world.nowMs);
  const agents = plan.agents.map((one) => new SimAgent(one, world, book));
  const running = new RunningAgents(agents, book, world, plan.jobsEndAtMs);
  for (const agent of agents) agent.start();
  for (const job of plan.jobs) begin(job, running, world);
  return running;
}

function begin(job: Job, running: RunningAgents, world: World): void {
  world.scheduler.at(running.beganAtMs + job.atMs, 'timer', undefined, () => {
    running.agent(job.agent, job.team)?.do(job);
  });
}
