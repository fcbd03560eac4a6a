import type { Bus } from '../../bus/bus.ts';
import type { Ledger } from '../../events/ledger.ts';
import type { CallOff } from '../../host/host.ts';
import type { EmergencyStream } from '../../writer/outbox.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimMachine } from './machine.ts';
import { ProcessFiles } from './process-files.ts';
import { ProcessHost } from './process-host.ts';
import type { Scheduled, Scheduler, TaskKind, TaskOwner } from './scheduler.ts';
import { type CrashSide, type StepKind, Steps } from './steps.ts';

/** What a process reaches over the network, made for it by the world. */
export interface ProcessPorts {
  bus(user: string): Bus;
  readonly ledger: Ledger;
  readonly emergencies: EmergencyStream;
}

export interface SimProcessOptions {
  readonly name: string;
  readonly machine: SimMachine;
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
  /** What each look at a clock takes, ms. */
  readonly lookMs: number;
  readonly ports: (process: SimProcess) => ProcessPorts;
}

/**
 * A process on its machine. All that it does outside of itself goes through the scheduler, so it
 * can end at any such step, or stand still and go on as if nothing had been.
 */
export class SimProcess implements TaskOwner {
  readonly name: string;
  readonly machine: SimMachine;
  readonly host: ProcessHost;
  readonly #scheduler: Scheduler;
  readonly #files: ProcessFiles;
  readonly #steps = new Steps(() => this.crash());
  readonly #ports: ProcessPorts;
  readonly #endings = new Set<() => void>();
  readonly #turns: Chance;
  #kept: Scheduled[] = [];
  #isAlive = true;
  #isPaused = false;

  constructor(options: SimProcessOptions) {
    const { name, machine, scheduler, chance, faults, lookMs, ports } = options;
    this.name = name;
    this.machine = machine;
    this.#scheduler = scheduler;
    this.#turns = chance.fork('turns');
    this.#files = new ProcessFiles(this, { machine, scheduler, chance, faults });
    this.host = new ProcessHost(this, { scheduler, chance, files: this.#files, lookMs });
    this.#ports = ports(this);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Steps taken so far; the last one has this number. */
  get stepCount(): number {
    return this.#steps.count;
  }

  get lastStep(): StepKind | undefined {
    return this.#steps.last;
  }

  get ledger(): Ledger {
    return this.#ports.ledger;
  }

  get emergencies(): EmergencyStream {
    return this.#ports.emergencies;
  }

  /** A new connection of a user of the broker: `owner`, `operator`, `projector` or an agent. */
  bus(user: string): Bus {
    return this.#ports.bus(user);
  }

  /**
   * Runs code as this process's own, when its turn comes. What it throws, or rejects with, ends the
   * run.
   */
  start(work: () => unknown): void {
    this.#scheduler.at(this.#scheduler.nowMs, 'arrival', this, work);
  }

  /** It crashes at its `step`th step, counted from its start. */
  crashAt(step: number, side: CrashSide): void {
    this.#steps.crashAt(step, side);
  }

  /** Nothing of it ever runs again; what it has sent is on its way all the same. */
  crash(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#kept = [];
    this.#files.settleUnfinished();
    for (const end of this.#endings) end();
    this.#endings.clear();
  }

  /** Stands still, as by SIGSTOP: its clocks and the world go on. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on: what has come and fallen due meanwhile is seen to now, one by one. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const kept = this.#kept;
    this.#kept = [];
    // Node sees to timers first or to what has arrived first: it depends on where it stood still.
    const first = this.#turns.pick(['due', 'timers', 'arrivals'] as const);
    if (first === 'timers') kept.sort((a, b) => rankOf(a.kind) - rankOf(b.kind));
    if (first === 'arrivals') kept.sort((a, b) => rankOf(b.kind) - rankOf(a.kind));
    for (const task of kept) this.#scheduler.putBack(task);
  }

  /** Sets the wall clock forwards or backwards by so much, ms. */
  jumpClock(byMs: number): void {
    this.host.setClock(this.host.aheadMs + byMs);
  }

  keep(task: Scheduled): void {
    this.#kept.push(task);
  }

  /** Calls back when it crashes. */
  onEnd(work: () => void): CallOff {
    this.#endings.add(work);
    return () => this.#endings.delete(work);
  }

  /** Does what leaves the process, unless it is gone or crashes before. */
  step(kind: StepKind, effect: () => void): void {
    if (this.#isAlive) this.#steps.take(kind, effect);
  }
}

function rankOf(kind: TaskKind): number {
  return kind === 'arrival' ? 1 : 0;
}
