import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ShardStatus } from '../writer/run-shards.ts';
import { until } from './client-rig.ts';
import type { ChildOptions } from './writer-child.ts';
import type { WriterRig } from './writer-rig.ts';

/** The program of such a process. */
export const CHILD = fileURLToPath(new URL('writer-child.ts', import.meta.url));
const START_MS = 15_000;

/** A writer in a process of its own. */
export class WriterProcess {
  readonly name: string;
  readonly #options: ChildOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';
  #isStarted = false;
  #isReady = false;
  #isEnded = false;
  #error: string | undefined;
  #status: readonly ShardStatus[] = [];

  /**
   * @param file another form of the child's program, such as a bundled one
   * @param isWarm loads the program only; it starts by `begin`
   */
  constructor(
    rig: WriterRig,
    more: Partial<ChildOptions> & { readonly ownerName: string },
    { file = CHILD, isWarm = false }: { readonly file?: string; readonly isWarm?: boolean } = {},
  ) {
    const { url, dataDir, shards, maxBytesPerShard } = rig.writerOptions;
    this.#options = { url, dataDir, shards, maxBytesPerShard, ...more };
    this.name = more.ownerName;
    this.#child = fork(file, [isWarm ? 'later' : JSON.stringify(this.#options)], {
      execArgv: file.endsWith('.ts') ? ['--import', 'tsx'] : [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const collect = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-65_536);
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    this.#child.on('message', (told) => this.#take(told as Told));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#isEnded = true;
        resolve();
      });
    });
  }

  /** Lets a warm one start. */
  begin(more: Partial<ChildOptions>): this {
    this.#child.send({ ...this.#options, ...more });
    return this;
  }

  /** What it has logged. */
  get output(): string {
    return this.#output;
  }

  /** Why it did not start. */
  get error(): string | undefined {
    return this.#error;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Resolves when it owns shards or stands by for them. */
  async started(): Promise<this> {
    await until(`${this.name} starts`, () => this.#isStarted || this.#isEnded, START_MS);
    if (this.#error !== undefined) throw new Error(this.#error);
    return this;
  }

  /** Resolves when it serves every shard. */
  async ready(): Promise<this> {
    await until(`${this.name} is ready`, () => this.#isReady || this.#isEnded, START_MS);
    if (this.#error !== undefined) throw new Error(this.#error);
    return this;
  }

  /** What it says of its shards; asked anew. */
  async status(): Promise<readonly ShardStatus[]> {
    this.#status = [];
    this.#child.send('status');
    await until(`${this.name} tells its status`, () => this.#status.length > 0);
    return this.#status;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  ended(): Promise<void> {
    return this.#ended;
  }

  /** Lets it end in order. */
  async stop(): Promise<void> {
    this.#child.kill('SIGCONT');
    if (this.#child.connected) this.#child.disconnect();
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(killer);
  }

  #take(told: Told): void {
    if ('started' in told) this.#isStarted = true;
    if ('ready' in told) this.#isReady = true;
    if ('error' in told) this.#error = told.error;
    if ('status' in told) this.#status = told.status;
  }
}

type Told =
  | { readonly started: true }
  | { readonly ready: true }
  | { readonly error: string }
  | { readonly status: readonly ShardStatus[] };
