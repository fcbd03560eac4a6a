import { createColors } from 'picocolors';

export type Colours = ReturnType<typeof createColors>;

/** One of the process's streams, or what a test puts in its place. */
export type ScreenStream = {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};

export type ScreenSettings = {
  /** One JSON document, or JSON lines, on stdout and nothing else anywhere but errors. */
  readonly isJson: boolean;
  readonly stdout: ScreenStream;
  readonly stderr: ScreenStream;
  readonly env: NodeJS.ProcessEnv;
};

/** Between two drawings of a progress line, ms. */
const PROGRESS_MS = 100;

/**
 * Where a command says things. Results go to stdout, in words or as JSON; what is under way goes to
 * stderr, redrawn in place, and only if a person watches it there.
 */
export class Screen {
  readonly isJson: boolean;
  /** For stdout; they do nothing where it is no terminal, NO_COLOR is set or JSON is asked for. */
  readonly paint: Colours;
  readonly #stdout: ScreenStream;
  readonly #stderr: ScreenStream;
  readonly #isTalking: boolean;
  #hasProgress = false;
  #drawnAtMs = Number.NEGATIVE_INFINITY;

  constructor({ isJson, stdout, stderr, env }: ScreenSettings) {
    this.isJson = isJson;
    this.#stdout = stdout;
    this.#stderr = stderr;
    const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb' || isJson;
    this.paint = createColors(!isPlain && stdout.isTTY === true);
    this.#isTalking = !isJson && stderr.isTTY === true && env['TERM'] !== 'dumb';
  }

  /** Whether stdout is a terminal that can be drawn on. */
  get isLive(): boolean {
    return !this.isJson && this.#stdout.isTTY === true;
  }

  get columns(): number {
    return this.#stdout.columns ?? 80;
  }

  get rows(): number {
    return this.#stdout.rows ?? 24;
  }

  /** The result of a command: as one JSON document, or in words. */
  result(json: unknown, words: () => string): void {
    this.clearProgress();
    if (!this.isJson) return this.say(words());
    this.#write(JSON.stringify(json, undefined, this.#stdout.isTTY === true ? 2 : undefined));
  }

  /** One of many results: a JSON line, or a line in words. */
  line(json: unknown, words: () => string): void {
    this.clearProgress();
    this.#write(this.isJson ? JSON.stringify(json) : words());
  }

  /** For people only. */
  say(words: string): void {
    this.clearProgress();
    if (!this.isJson) this.#write(words);
  }

  /** Draws on stdout without ending the line; only where `isLive`. */
  draw(text: string): void {
    if (this.isLive) this.#stdout.write(text);
  }

  /** Beside the result, for people only, on stderr. */
  aside(words: string): void {
    this.clearProgress();
    if (!this.isJson) this.#stderr.write(`${words}\n`);
  }

  /** What is under way: one line on stderr, redrawn in place. Nothing where nobody watches. */
  progress(words: () => string): void {
    if (!this.#isTalking || performance.now() - this.#drawnAtMs < PROGRESS_MS) return;
    this.#drawnAtMs = performance.now();
    this.#hasProgress = true;
    const columns = this.#stderr.columns ?? 80;
    this.#stderr.write(`\r\x1b[K${words().slice(0, columns - 1)}`);
  }

  clearProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    this.#drawnAtMs = Number.NEGATIVE_INFINITY;
    this.#stderr.write('\r\x1b[K');
  }

  #write(text: string): void {
    this.#stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}
