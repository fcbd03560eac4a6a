import { InvariantError } from '../actors/checks/invariant-error.ts';
import type { Position } from '../actors/team.ts';
import type { Answer } from '../events/answers.ts';
import type { BursarEvent } from '../events/events.ts';

/** Answers that wait to be found in the log; while there are as many, further ones are only counted. */
const ANSWERED_SETTLES_MAX = 4_096;

interface Answered {
  readonly team: string;
  readonly allocation: string;
  readonly index: number;
}

/**
 * INV-12: settles that were answered, until each has been found in the log at the place that its
 * answer named as evidence.
 */
export class AnsweredSettles {
  readonly #bySeq = new Map<number, Answered[]>();
  #size = 0;
  /** Found in the log, and answered while too many waited to be looked for. */
  foundCount = 0;
  leftOutCount = 0;

  get size(): number {
    return this.#size;
  }

  /** Notes the settles among some answers that have just left. */
  note(team: string, answers: readonly Answer[]): void {
    for (const answer of answers) {
      if (answer.outcome !== 'settled' || answer.evidence === undefined) continue;
      if (this.#size >= ANSWERED_SETTLES_MAX) {
        this.leftOutCount += 1;
        continue;
      }
      const { seq, index } = answer.evidence;
      const entry = { team, allocation: answer.allocation, index };
      const known = this.#bySeq.get(seq);
      if (known === undefined) this.#bySeq.set(seq, [entry]);
      else known.push(entry);
      this.#size += 1;
    }
  }

  /** A place at or before `seq` of which settles were answered after the audit had passed it. */
  passed(seq: number): number | undefined {
    for (const waiting of this.#bySeq.keys()) if (waiting <= seq) return waiting;
    return undefined;
  }

  /**
   * Looks for the settles that were answered out of a message; one without events if it is none.
   * @throws InvariantError
   */
  check(seq: number, events: readonly unknown[]): void {
    const waiting = this.#bySeq.get(seq);
    if (waiting === undefined) return;
    this.#bySeq.delete(seq);
    this.#size -= waiting.length;
    for (const one of waiting) {
      const event = events[one.index] as BursarEvent | undefined;
      if (!isSettleOf(event, one)) throw missing(one, { seq, index: one.index }, event);
      this.foundCount += 1;
    }
  }
}

function isSettleOf(event: BursarEvent | undefined, { team, allocation }: Answered): boolean {
  if (event?.type !== 'AllocationEnded' && event?.type !== 'LateSettled') return false;
  const isSettled = event.type === 'LateSettled' || event.as === 'settled';
  return isSettled && event.team === team && event.allocation === allocation;
}

function missing(
  { team, allocation }: Answered,
  at: Position,
  event: BursarEvent | undefined,
): InvariantError {
  return new InvariantError({
    invariant: 'INV-12',
    team,
    path: team,
    what: `what the log holds where the settle of ${allocation} was answered to be`,
    expected: 'its settle',
    found: event?.type ?? 'nothing',
    at,
  });
}
