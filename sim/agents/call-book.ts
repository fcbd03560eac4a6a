import { BusError } from '../../bus/errors.ts';
import { BursarError, DeniedError, RefusedError, UnavailableError } from '../../client/errors.ts';
import type { Call, CallEnd } from './call.ts';

type Given = Omit<Call, 'sentAtMs' | 'endedAtMs' | 'end'>;

/** The calls of all agents, and what no call may ever come to. */
export class CallBook {
  readonly calls: Call[] = [];
  /** What was thrown that is no error of the client: never right. */
  readonly violations: string[] = [];
  readonly #nowMs: () => number;
  readonly #open = new Set<Call>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Calls without an end yet. */
  get open(): ReadonlySet<Call> {
    return this.#open;
  }

  /** Makes a call and notes how it ends. Never throws. */
  async note(given: Given, call: () => Promise<CallEnd>): Promise<CallEnd> {
    const noted: Call = { ...given, sentAtMs: this.#nowMs(), endedAtMs: undefined, end: undefined };
    this.calls.push(noted);
    this.#open.add(noted);
    let end: CallEnd;
    try {
      end = await call();
    } catch (error) {
      end = endOf(error) ?? this.#violate(noted, error);
    }
    this.#close(noted, end);
    return end;
  }

  /** The process of an agent is gone: nobody hears of its calls any more. */
  leave(agent: string, team: string): void {
    for (const call of [...this.#open]) {
      if (call.agent === agent && call.team === team) this.#close(call, { kind: 'left' });
    }
  }

  /** Notes something that must not be. */
  violate(what: string): void {
    this.violations.push(what);
  }

  #close(call: Call, end: CallEnd): void {
    if (!this.#open.delete(call)) return;
    call.end = end;
    call.endedAtMs = this.#nowMs();
  }

  #violate({ agent, team, op }: Call, error: unknown): CallEnd {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.violate(`${agent} of ${team} got no error of the client from '${op}': ${text}`);
    return { kind: 'error', code: 'unknown', mayHaveHappened: true };
  }
}

/** What an error says about the call; undefined where it is none that a caller may see. */
function endOf(error: unknown): CallEnd | undefined {
  if (error instanceof DeniedError) return { kind: 'answer', answer: error.answer };
  if (error instanceof RefusedError) return { kind: 'answer', answer: error.refusal };
  if (error instanceof UnavailableError) {
    const { code, mayHaveHappened } = error;
    return { kind: 'error', code, mayHaveHappened };
  }
  if (error instanceof BursarError || error instanceof BusError) {
    return { kind: 'error', code: error.code, mayHaveHappened: true };
  }
  return undefined;
}
