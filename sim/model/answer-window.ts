import type { Findings } from './bench.ts';
import type { Given } from './history.ts';
import { type Objection, type Probe, probeOf } from './probes.ts';
import type { State } from './state.ts';

interface Open {
  readonly given: Given;
  readonly probe: Probe;
  objection: Objection | null;
}

/**
 * Holds answers against every state of the log between sending and answering: one of them has to
 * bear the answer out. States that many answers share are looked at once for each.
 */
export class AnswerWindow {
  readonly #waiting: Given[];
  readonly #staleMs: number;
  readonly #findings: Findings;
  #open: Open[] = [];
  #next = 0;

  constructor(answers: readonly Given[], staleMs: number, findings: Findings) {
    this.#waiting = answers
      .filter((given) => probeOf(given) !== undefined)
      .sort((a, b) => a.to.sentAtMs - b.to.sentAtMs);
    this.#staleMs = staleMs;
    this.#findings = findings;
  }

  /** The state that held until `untilMs`, before the event that was stored then. */
  look(state: State, untilMs: number): void {
    for (; this.#next < this.#waiting.length; this.#next += 1) {
      const given = this.#waiting[this.#next] as Given;
      if (given.to.sentAtMs - this.#staleMs > untilMs) break;
      const probe = probeOf(given);
      if (probe !== undefined) this.#open.push({ given, probe, objection: null });
    }
    if (this.#open.length === 0) return;
    const still: Open[] = [];
    for (const one of this.#open) {
      const objection = one.probe(state);
      if (objection.length === 0) continue;
      one.objection = objection;
      if (one.given.answeredAtMs < untilMs) this.#report(one);
      else still.push(one);
    }
    this.#open = still;
  }

  /** The last state: whatever is still open was never so. */
  end(state: State): void {
    this.look(state, Number.POSITIVE_INFINITY);
    for (const one of this.#open) this.#report(one);
    this.#open = [];
  }

  #report({ given, objection }: Open): void {
    const { command, agent } = given.to;
    for (const { rule, message } of objection ?? []) {
      const id = command.id ?? ('allocation' in command ? command.allocation : undefined);
      this.#findings.add(rule, `answer to ${agent}: ${message}`, undefined, id);
    }
  }
}
