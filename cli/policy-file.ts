import { readFile } from 'node:fs/promises';
import { isUsable, type PolicyProblem } from '../policies/problem.ts';
import { type ReadPolicy, readPolicy } from '../policies/read-policy.ts';
import { countOf } from '../workload/number-text.ts';
import { UsageError } from './errors.ts';
import type { Colours } from './screen.ts';
import type { Session } from './session.ts';

/** A policy file as it was read, with its text for excerpts. */
export type PolicyFileRead = ReadPolicy & { readonly name: string; readonly text: string };

/** Reads and checks a policy file. @throws UsageError where it cannot be read at all */
export async function readPolicyFile(name: string, team?: string): Promise<PolicyFileRead> {
  let text: string;
  try {
    text = await readFile(name, 'utf8');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${name} cannot be read: ${problem}.`, 'Check the path.', cause);
  }
  return { name, text, ...readPolicy(text, team) };
}

/** Tells what is wrong with a file; with JSON as one document. */
export function tellProblems({ screen }: Session, read: PolicyFileRead): void {
  const { name: file, problems } = read;
  const outcome = isUsable(problems) ? 'valid' : 'invalid';
  screen.result({ outcome, file, problems }, () => checkedText(read, screen.paint));
}

/** The verdict on a file, with an excerpt for each problem. */
function checkedText(read: PolicyFileRead, paint: Colours): string {
  const errors = read.problems.filter(({ severity }) => severity === 'error').length;
  const warnings = read.problems.length - errors;
  const counts = [
    ...(errors === 0 ? [] : [countOf(errors, 'error')]),
    ...(warnings === 0 ? [] : [countOf(warnings, 'warning')]),
  ].join(', ');
  const verdict = errors === 0 ? paint.green('valid') : paint.red('not valid');
  return [
    ...read.problems.map((problem) => problemText(read, problem, paint)),
    `${read.name}: ${verdict}${counts === '' ? '' : ` (${counts})`}`,
  ].join('\n');
}

/** `policy.yaml:3:5`, what is wrong, the line with the place marked, and what to do. */
function problemText(
  { name, text }: PolicyFileRead,
  { severity, message, advice, line, column, length }: PolicyProblem,
  paint: Colours,
): string {
  const colour = severity === 'error' ? paint.red : paint.yellow;
  const source = (text.split('\n')[line - 1] ?? '').replaceAll('\t', ' ').trimEnd();
  const gutter = `${line}`.padStart(5);
  const mark = `${' '.repeat(column - 1)}${'^'.repeat(length)}`;
  return [
    `${paint.bold(`${name}:${line}:${column}`)} ${colour(severity)}: ${message}`,
    `${paint.dim(`${gutter} |`)} ${source}`,
    `${paint.dim(`${' '.repeat(5)} |`)} ${colour(mark)}`,
    `        ${advice}`,
  ].join('\n');
}
