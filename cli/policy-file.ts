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
  const { source, from, upTo } = excerptOf(text.split('\n')[line - 1] ?? '', column - 1, length);
  const gutter = `${line}`.padStart(5);
  const mark = `${' '.repeat(from)}${'^'.repeat(upTo - from)}`;
  return [
    `${paint.bold(`${name}:${line}:${column}`)} ${colour(severity)}: ${message}`,
    `${paint.dim(`${gutter} |`)} ${source}`,
    `${paint.dim(`${' '.repeat(5)} |`)} ${colour(mark)}`,
    `        ${advice}`,
  ].join('\n');
}

/** Characters of a line that are shown, and of them before the place where it is longer. */
const EXCERPT_CHARS_MAX = 120;
const EXCERPT_CHARS_BEFORE = 40;

/** So much of a line as a person reads, and where in it the place stands. */
function excerptOf(line: string, column: number, length: number) {
  const isLong = line.length > EXCERPT_CHARS_MAX;
  const start = isLong ? Math.max(0, column - EXCERPT_CHARS_BEFORE) : 0;
  const shown = line.slice(start, start + EXCERPT_CHARS_MAX);
  // What is no text would be obeyed by the terminal.
  const source = shown.replaceAll(/\p{Cc}/gu, ' ').trimEnd();
  const from = column - start;
  return { source, from, upTo: Math.max(from + 1, Math.min(from + length, source.length)) };
}
