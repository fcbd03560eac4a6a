import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { Policy } from '../events/policy.ts';
import { problemOf } from '../events/problem.ts';
import { UsageError } from './errors.ts';

const ADVICE = 'The fields of a policy are in events/policy.ts; each has a default.';

/** A policy from YAML or JSON; fields left out get their defaults. @throws UsageError */
export async function readPolicyFile(file: string): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${file} cannot be read: ${problem}.`, 'Check the path.', cause);
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new UsageError(`${file}: ${syntax.message}`, ADVICE, syntax);
  const parsed = Policy.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const { path, message } = problemOf(parsed.error);
  const where = path.length === 0 ? file : `${file}: ${path.join('.')}`;
  throw new UsageError(`${where}: ${message}.`, ADVICE, parsed.error);
}
