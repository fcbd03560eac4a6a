import type { Files } from '../../host/host.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

const READ_MS_MAX = 0.5;
const WRITE_MS_MIN = 0.5;
const WRITE_MS_MAX = 5;

export interface ProcessFilesParts {
  readonly machine: SimMachine;
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
}

/**
 * The files of a machine as one process uses them. A replacement that was not finished at a crash is
 * whole or has not happened.
 */
export class ProcessFiles implements Files {
  readonly #process: SimProcess;
  readonly #machine: SimMachine;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #faults: Faults;
  readonly #unfinished = new Set<() => void>();

  constructor(process: SimProcess, { machine, scheduler, chance, faults }: ProcessFilesParts) {
    this.#process = process;
    this.#machine = machine;
    this.#scheduler = scheduler;
    this.#chance = chance.fork('files');
    this.#faults = faults;
  }

  read(file: string): Promise<Uint8Array | undefined> {
    const delayMs = this.#chance.between(0, READ_MS_MAX);
    return this.#do(delayMs, () => this.#machine.read(file));
  }

  list(folder: string): Promise<string[]> {
    const delayMs = this.#chance.between(0, READ_MS_MAX);
    return this.#do(delayMs, () => this.#machine.list(folder));
  }

  replace(file: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    return this.#change(() => this.#machine.write(file, copy));
  }

  remove(file: string): Promise<void> {
    return this.#change(() => this.#machine.remove(file));
  }

  /** The process is gone: each change that was under way has happened or has not. */
  settleUnfinished(): void {
    for (const change of this.#unfinished) if (this.#chance.happens(0.5)) change();
    this.#unfinished.clear();
  }

  #change(change: () => void): Promise<void> {
    const delayMs = this.#chance.between(WRITE_MS_MIN, WRITE_MS_MAX);
    if (this.#faults.strikes('fileRefused')) return this.#do(delayMs, refuse);
    return this.#do(
      delayMs,
      () => {
        this.#unfinished.delete(change);
        change();
      },
      () => this.#unfinished.add(change),
    );
  }

  #do<Result>(delayMs: number, work: () => Result, begin = () => {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#process.step('file', () => {
        begin();
        const dueAtMs = this.#scheduler.nowMs + delayMs;
        this.#scheduler.at(dueAtMs, 'arrival', this.#process, () => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        });
      });
    });
  }
}

function refuse(): never {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
}
