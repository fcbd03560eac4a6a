import type { Policy } from '../events/policy.ts';
import { checkDegradation } from './check-degradation.ts';
import { checkCaps, checkRules } from './check-rules.ts';
import { checkScopes } from './check-scopes.ts';
import { checkTools } from './check-tools.ts';
import { checkLadder, checkValues } from './check-values.ts';
import type { FieldPath, FieldProblem, ProblemSeverity } from './problem.ts';

/** What is known of a policy that the schema has passed. */
export interface Given {
  /** Fields that the file itself names, not its preset or a default. */
  readonly given: ReadonlySet<string>;
  /** The team that it is for; undefined: not said. */
  readonly team: string | undefined;
}

/** Notes a problem; `ofKey` where the name of the field is what is wrong. */
export type Note = (
  severity: ProblemSeverity,
  path: FieldPath,
  message: string,
  advice: string,
  ofKey?: true,
) => void;

/**
 * What is right by the schema and yet cannot be meant: rules that nothing reaches, combinations
 * that exclude each other, names that nothing has. An error is what could never do what it says, a
 * warning what has no effect or looks like a slip.
 */
export function meaningProblems(policy: Policy, given: Given): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const note: Note = (severity, path, message, advice, ofKey) => {
    problems.push({ severity, path, message, advice, ...(ofKey === undefined ? {} : { ofKey }) });
  };
  checkScopes(policy, given.team, note);
  checkLadder(policy, note);
  checkValues(policy, given.given, note);
  checkDegradation(policy, given.given, note);
  checkRules(policy, note);
  checkTools(policy, note);
  checkCaps(policy, note);
  return problems;
}
