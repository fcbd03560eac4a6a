import { hash } from 'node:crypto';
import type { Refusal } from '../events/answers.ts';
import { COMMAND_VERSION } from '../events/command-kit.ts';
import { Command, OPS } from '../events/commands.ts';
import { CommandId, teamOf } from '../events/names.ts';
import { type Problem, problemOf } from '../events/problem.ts';
import { refuse } from '../events/refusals.ts';
import { shown } from '../events/shown.ts';

/** A command that may be decided, with the digest of its content. */
export interface ParsedCommand {
  readonly command: Command;
  /** 52 bits of a SHA-256: the same content by the same agent always has the same one. */
  readonly digest: number;
}

/**
 * Reads one command from plain data. What cannot be read is refused with the first thing that is
 * wrong with it; it uses up no id.
 * @param op the op in the subject; the command may leave its own out
 */
export function parseCommand(
  raw: unknown,
  op: string | undefined,
  team: string,
  agent: string,
): ParsedCommand | Refusal {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return refuse('malformed', 'a command must be a map of fields');
  }
  const fields = raw as Record<string, unknown>;
  const named = fields['op'] ?? op;
  if (op !== undefined && named !== op) {
    return refuse('malformed', `the subject says ${op}, the command says ${shown(named)}`);
  }
  const unavailable = notAvailable(fields, named);
  if (unavailable !== undefined) return unavailable;
  const parsed = Command.safeParse(fields['op'] === undefined ? { ...fields, op } : fields);
  if (!parsed.success) return refusalOf(problemOf(parsed.error), fields);
  const command = parsed.data;
  const stranger = pathsOf(command).find((path) => teamOf(path) !== team);
  if (stranger !== undefined) {
    return refuse('wrong_team', `the subject is of team ${team}, the path is ${stranger}`);
  }
  return { command, digest: digestOf(command, agent) };
}

function pathsOf(command: Command): readonly string[] {
  if (command.op === 'transfer') return [command.from, command.to];
  return 'path' in command && command.path !== undefined ? [command.path] : [];
}

/** Unknown ops and versions, and what this version does not have yet. */
function notAvailable(fields: Record<string, unknown>, named: unknown): Refusal | undefined {
  const op = shown(named);
  if (!OPS.has(op) || op === 'batch') return refuse('unknown_op', `there is no op ${op}`);
  const version = fields['v'];
  if (version !== undefined && version !== COMMAND_VERSION) {
    return refuse('unknown_version', `version ${shown(version)} of ${op}; this server reads 1`);
  }
  if (op !== 'request') return undefined;
  const items = fields['items'];
  if (typeof items !== 'object' || items === null) return undefined;
  for (const item of Object.values(items)) {
    if ((item as { amount?: unknown } | null)?.amount === 'predict') {
      return refuse('not_available', 'amount: "predict" is not available yet');
    }
  }
  return undefined;
}

/** A refusal that names what is wrong and where. */
function refusalOf(problem: Problem, fields: Record<string, unknown>): Refusal {
  const where = problem.path.map(String).join('.') || 'the command';
  const message = `${where}: ${problem.message}`;
  const field = problem.path[0];
  const named = CommandId.safeParse(fields['id']);
  const id = named.success ? { id: named.data } : {};
  if (field === 'ttlMs' || field === 'byMs') return refuse('impossible_ttl', message, id);
  const isAmount = AMOUNT_FIELDS.has(String(field)) && OUT_OF_RANGE.has(problem.code);
  if (isAmount && isNumberAt(fields, problem.path)) {
    return refuse('amount_out_of_range', message, id);
  }
  return refuse('malformed', message, id);
}

const AMOUNT_FIELDS: ReadonlySet<string> = new Set([
  'items',
  'actual',
  'amounts',
  'used',
  'limits',
]);
const OUT_OF_RANGE: ReadonlySet<string> = new Set(['too_big', 'too_small', 'invalid_type']);

function isNumberAt(fields: Record<string, unknown>, path: readonly PropertyKey[]): boolean {
  let value: unknown = fields;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return typeof value === 'number';
}

/** Fields in which two tries of one command may differ. */
const TRANSIENT: ReadonlySet<string> = new Set(['id', 'v', 'firstSentMsAgo', 'dryRun']);

/** Hashes the content of a command in a form that does not depend on the order of its fields. */
function digestOf(command: Command, agent: string): number {
  const text = `${agent}${canonical(command, true)}`;
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 13), 16);
}

function canonical(value: unknown, isCommand = false): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`;
  const fields = value as Record<string, unknown>;
  let text = '{';
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field === undefined || (isCommand && TRANSIENT.has(key))) continue;
    text += `${key}:${typeof field === 'number' ? field : canonical(field)},`;
  }
  return `${text}}`;
}
