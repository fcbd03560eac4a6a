/** Calls off what was to be called later; a second call does nothing. */
export type CallOff = () => void;

/**
 * What a process has from the machine that it runs on: clocks, timers, randomness, files. Whatever
 * acts takes it as an argument, so that the simulator (sim/) can run the same code under a clock,
 * a chance and a disk of its own.
 */
export interface Host {
  /** Wall clock, ms since 1970. May be set, forwards and backwards. */
  wallMs(): number;
  /** Monotonic clock, ms since some moment. */
  steadyMs(): number;
  /** Calls back once, `ms` from now. */
  after(ms: number, work: () => void): CallOff;
  /** Calls back every `ms` from now on. Does not keep the process alive. */
  every(ms: number, work: () => void): CallOff;
  /** Calls back when what has arrived meanwhile has been seen to. */
  nextTurn(work: () => void): void;
  /** Resolves after `ms`, or as soon as `signal` is aborted. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 (included) to 1 (excluded), for jitter. */
  random(): number;
  /** Bytes that nobody can guess, for names that must be unique. */
  randomBytes(count: number): Uint8Array;
  readonly files: Files;
}

/** Small files that are kept whole. */
export interface Files {
  /** Undefined if there is no such file. */
  read(file: string): Promise<Uint8Array | undefined>;
  /** Durable when it resolves, all or nothing: a crash leaves the old file or the new one. */
  replace(file: string, bytes: Uint8Array): Promise<void>;
  /** No error if there is no such file. */
  remove(file: string): Promise<void>;
  /** Names of what is in a folder, sorted; none if there is no folder. */
  list(folder: string): Promise<string[]>;
}
