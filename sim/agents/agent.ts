import { BursarClient } from '../../client/client.ts';
import { memoryJournal } from '../../client/journal.ts';
import type { Emergency } from '../../events/answers.ts';
import type { Notice } from '../../events/notice.ts';
import type {
  BatchJob,
  CallJob,
  Job,
  PlannedCommand,
  RawJob,
  WatchJob,
  WorkJob,
} from '../plan/job.ts';
import { type AgentPlan, agentProcessName } from '../plan/plan.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { CallEnd } from './call.ts';
import type { CallBook } from './call-book.ts';
import { SimJournal } from './journal.ts';
import { askOf, performCommand, performPersistently, type Use } from './perform-call.ts';
import { performHold } from './perform-hold.ts';
import { commandOf, encodeRaw, readReply, subjectOf } from './raw-message.ts';

/** What one life of an agent's process is made of. */
interface Life {
  readonly process: SimProcess;
  /** Resolves when its client stands; never after a crash before that. */
  readonly use: Promise<Use>;
  /** Jobs at work. */
  readonly jobs: Set<Job>;
}

/** An agent of the plan: does its jobs by the real client, may crash and come back. */
export class SimAgent {
  readonly plan: AgentPlan;
  readonly warnings: string[] = [];
  readonly notices: Notice[] = [];
  readonly #world: World;
  readonly #book: CallBook;
  #life: Life | undefined;
  #client: BursarClient | undefined;
  #lives = 0;

  constructor(plan: AgentPlan, world: World, book: CallBook) {
    this.plan = plan;
    this.#world = world;
    this.#book = book;
  }

  /** The process of its present life; undefined while it has none. */
  get process(): SimProcess | undefined {
    return this.#life?.process;
  }

  /** Settles and releases that are kept and have no answer yet. */
  get unsettledCount(): number {
    return this.#client?.counts.unsettled ?? 0;
  }

  /** Begins a life: a process on the agent's machine, with what the machine has kept. */
  start(): void {
    if (this.#life !== undefined) return;
    const name = agentProcessName(this.plan);
    this.#lives += 1;
    const world = this.#world;
    const processName = this.#lives === 1 ? name : `${name}#${this.#lives}`;
    const process = world.process(processName, world.machine(name));
    const use = new Promise<Use>((resolve) => {
      process.start(async () => resolve(await this.#connect(process)));
    });
    this.#life = { process, use, jobs: new Set() };
    process.onEnd(() => this.#onEnd(process));
  }

  crash(): void {
    this.#life?.process.crash();
  }

  /** Jobs that were begun in this life and are not over. */
  get busyCount(): number {
    return this.#life?.jobs.size ?? 0;
  }

  /** Does a job, if it lives now. Never throws. */
  do(job: Job): void {
    const life = this.#life;
    if (life === undefined) return;
    life.jobs.add(job);
    life.process.start(async () => {
      await this.#perform(await life.use, job);
      life.jobs.delete(job);
    });
  }

  #onEnd(process: SimProcess): void {
    if (this.#life?.process !== process) return;
    this.#life = undefined;
    this.#client = undefined;
    this.#book.leave(this.plan.name, this.plan.team);
  }

  async #connect(process: SimProcess): Promise<Use> {
    const { name: agent, team, hasJournal, ...options } = this.plan;
    const { host } = process;
    const journal = hasJournal ? await SimJournal.open(host.files, agent, team) : memoryJournal();
    const client = new BursarClient({
      host,
      bus: process.bus(agent),
      journal,
      agent,
      outbox: { agent, team, ...options },
      onWarning: (warning) => this.warnings.push(`${warning.code}: ${warning.message}`),
    });
    client.onNotice((notice) => this.notices.push(notice));
    this.#client = client;
    return { client, host, isJournaled: hasJournal };
  }

  async #perform(use: Use, job: Job): Promise<void> {
    switch (job.kind) {
      case 'call':
        await this.#call(use, job, job.command, job.isPersistent);
        return;
      case 'work':
        return this.#work(use, job);
      case 'hold':
        await this.#note(job, job.request, () => performHold(use, job));
        return;
      case 'batch':
        return this.#batch(use, job);
      case 'watch':
        return this.#watch(use, job);
      case 'raw':
        return this.#raw(use, job);
      default:
        return job satisfies never;
    }
  }

  #call(use: Use, job: Job, command: PlannedCommand, isPersistent = false): Promise<CallEnd> {
    const call = () => performCommand(use, command);
    return this.#note(
      job,
      command,
      isPersistent ? () => performPersistently(use.host, call) : call,
    );
  }

  async #work(use: Use, job: WorkJob): Promise<void> {
    const { request, until, giveUpAfterMs, steps, isPersistent = false } = job;
    const end =
      until === 'answer'
        ? await this.#call(use, job, request, isPersistent)
        : await this.#note(job, request, () => this.#outcome(use, job, giveUpAfterMs));
    const isHeld =
      end.kind === 'answer' &&
      (end.answer.outcome === 'granted' || end.answer.outcome === 'partial');
    const due = steps.filter((step) => isHeld || step.isUnconditional === true);
    await Promise.all(
      due.map(async (step) => {
        await use.host.pause(step.afterMs);
        await this.#call(use, job, step.command, step.isPersistent);
      }),
    );
  }

  #outcome(use: Use, job: WorkJob, giveUpAfterMs: number | undefined): Promise<CallEnd> {
    const { client, host } = use;
    const { request, isPersistent } = job;
    const controller = new AbortController();
    if (giveUpAfterMs !== undefined) host.after(giveUpAfterMs, () => controller.abort());
    const signal = giveUpAfterMs === undefined ? undefined : controller.signal;
    const call = async (): Promise<CallEnd> => {
      const options = { id: request.id, signal };
      return {
        kind: 'answer',
        answer: await client.request(request.path, askOf(request), options),
      };
    };
    return isPersistent === true ? performPersistently(host, call) : call();
  }

  async #batch(use: Use, job: BatchJob): Promise<void> {
    await Promise.all(job.commands.map((command) => this.#call(use, job, command)));
  }

  async #watch(use: Use, job: WatchJob): Promise<void> {
    const { client, host } = use;
    const { since } = job;
    const command = { op: 'emergencies', since };
    await this.#note(job, command, async () => {
      const ids: string[] = [];
      const end = client.onEmergency(({ id }: Emergency) => ids.push(id), { since });
      await host.pause(job.forMs);
      end();
      const isTwice = new Set(ids).size < ids.length;
      if (isTwice) this.#book.violate(`${this.plan.name} was told of an emergency twice`);
      return { kind: 'watched', ids };
    });
  }

  async #raw(use: Use, job: RawJob): Promise<void> {
    const { message, againAfterMs, timeoutMs } = job;
    const bus = this.#life?.process.bus(this.plan.name);
    if (bus === undefined) return;
    const send = async (afterMs: number) => {
      if (afterMs > 0) await use.host.pause(afterMs);
      const { data, ...type } = encodeRaw(message);
      const given = { ...this.#given(job, commandOf(message)), way: 'raw' as const };
      await this.#book.note({ ...given, op: message.subjectOp }, async () =>
        readReply(await bus.request(subjectOf(job), data, { timeoutMs, ...type })),
      );
    };
    await Promise.all([0, ...againAfterMs].map(send));
    await bus.close();
  }

  #note(
    job: CallJob | Job,
    command: { readonly op: string },
    call: () => Promise<CallEnd>,
  ): Promise<CallEnd> {
    return this.#book.note({ ...this.#given(job, command), op: command.op }, call);
  }

  #given(job: Job, command: unknown) {
    const { name: agent, team } = this.plan;
    return { job: job.no, agent, team, way: 'client' as const, command };
  }
}
