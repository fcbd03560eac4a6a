import type { SimViolation } from './report.ts';

/** Level of pino from which on something is a matter for people at once. */
const FATAL = 60;

/** A line of what happened in a run. */
export interface DiaryLine {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

/** What happened in a run, in the order of its time, and what must not have happened. */
export class Diary {
  readonly violations: SimViolation[] = [];
  readonly #nowMs: () => number;
  readonly #onLine: ((line: DiaryLine) => void) | undefined;
  readonly #isFatalAllowed: (shard: number) => boolean;

  /**
   * @param onLine told of every line; without it only violations are kept
   * @param isFatalAllowed whether what a writer calls fatal is what the plan has done to a shard
   */
  constructor(
    nowMs: () => number,
    isFatalAllowed: (shard: number) => boolean,
    onLine?: (line: DiaryLine) => void,
  ) {
    this.#nowMs = nowMs;
    this.#isFatalAllowed = isFatalAllowed;
    this.#onLine = onLine;
  }

  say(who: string, text: string): void {
    this.#onLine?.({ atMs: this.#nowMs(), who, text });
  }

  /** A line that a writer logged, as pino writes it. */
  logged(who: string, line: string): void {
    this.say(who, line.trimEnd());
    const entry = JSON.parse(line) as LogLine;
    if (entry.level < FATAL || this.#isFatalAllowed(entry.shard ?? -1)) return;
    const { type, message = '', stack = '' } = entry.err ?? {};
    this.violations.push({
      rule: entry.err?.invariant ?? 'INV',
      message: `${who}: ${entry.msg}: ${type ?? ''} ${message}\n${stack}`,
      ...(entry.team === undefined ? {} : { team: entry.team }),
      ...(entry.shard === undefined ? {} : { shard: entry.shard }),
    });
  }

  violate(violation: SimViolation): void {
    this.say('check', `${violation.rule}: ${violation.message}`);
    this.violations.push(violation);
  }
}

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly team?: string;
  readonly shard?: number;
  readonly err?: {
    readonly type?: string;
    readonly message?: string;
    readonly stack?: string;
    readonly invariant?: string;
  };
}
