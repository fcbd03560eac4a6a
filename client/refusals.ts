import type { Answer, Refusal } from '../events/answers.ts';
import type { Outgoing } from './entry.ts';
import { IdConflictError, OutcomeUnknownError, RefusedError } from './errors.ts';

/** An answer that is no refusal. */
export type Accepted = Exclude<Answer, Refusal>;

/** The answer, unless it is a refusal. @throws IdConflictError, OutcomeUnknownError, RefusedError */
export function raiseRefusal(command: Outgoing, answer: Answer): Accepted {
  if (answer.outcome !== 'refused') return answer;
  if (answer.code === 'id_conflict') throw new IdConflictError(answer);
  if (answer.code === 'outcome_unknown') {
    throw new OutcomeUnknownError(command.op, command.id, undefined);
  }
  throw new RefusedError(answer);
}
