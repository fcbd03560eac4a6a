import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What such a process can be asked to do: plain data in, plain data out. */
export type Handlers = Readonly<Record<string, (params: never) => unknown>>;

type Question = { readonly no: number; readonly op: string; readonly params: unknown };
type Reply = { readonly no: number; readonly result?: unknown; readonly error?: string };

/** How long a process may take to end by itself before it is killed, ms. */
const END_WAIT_MS = 10_000;

/** Another process of ours, asked over its IPC channel. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #ended: Promise<void>;
  #count = 0;

  /** @param profileDir when given, the process leaves a CPU profile there */
  constructor(file: URL, profileDir?: string) {
    const profiling = profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir];
    this.#process = fork(fileURLToPath(file), [], {
      execArgv: ['--max-semi-space-size=64', '--import', 'tsx', ...profiling],
    });
    this.#process.on('message', (reply: Reply) => {
      this.#waiting.get(reply.no)?.(reply);
      this.#waiting.delete(reply.no);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        const error = `a child process ended (${signal ?? code})`;
        for (const [no, settle] of this.#waiting) settle({ no, error });
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** @throws Error with what went wrong there */
  ask<Result>(op: string, params: object = {}): Promise<Result> {
    const no = this.#count++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(no, ({ error, result }) => {
        if (error === undefined) resolve(result as Result);
        else reject(new Error(error));
      });
      const question: Question = { no, op, params };
      this.#process.send(question, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  /** Ends at once, whatever it does; what it was asked fails. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Closes the channel; the process then ends in order. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    const killer = setTimeout(() => this.#process.kill('SIGKILL'), END_WAIT_MS);
    await this.#ended;
    clearTimeout(killer);
  }
}

/** Answers the parent, one question at a time, until it closes the channel; then tidies up. */
export function serveParent(handlers: Handlers, tidy: () => Promise<unknown>): void {
  process.on('message', ({ no, op, params }: Question) => {
    const reply = (answer: Omit<Reply, 'no'>) => {
      if (process.connected) process.send?.({ no, ...answer });
    };
    const work = async () => handlers[op]?.(params as never);
    work().then(
      (result) => reply({ result }),
      (error: unknown) => reply({ error: `${op}: ${(error as Error).stack ?? String(error)}` }),
    );
  });
  process.once('disconnect', () => {
    void tidy().finally(() => process.exit());
  });
  // Ctrl-C reaches the whole group: the parent decides when this process ends.
  process.on('SIGINT', () => {});
}
