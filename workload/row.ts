import { z } from 'zod';
import { AmountError, WorkloadFileError } from './errors.ts';
import { IdBook } from './ids.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import { microFromUsd, microFromUsdText } from './money.ts';

/**
 * One row of a workload: a step that some agent took, as its log recorded it. `null` is "not
 * recorded". Times are ms since the start of the swarm, money is microcredits.
 */
export type Row = {
  /** 1-based line of the file. */
  readonly line: number;
  /** When the step was COMPLETED. */
  readonly tMs: number | null;
  readonly team: string;
  readonly swarm: string;
  readonly run: string;
  readonly step: string | null;
  /** `llm`, `tool`, or whatever else the log calls it. */
  readonly kind: string | null;
  readonly role: string | null;
  readonly model: string | null;
  readonly tool: string | null;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  /** Input tokens as they were estimated before the call. */
  readonly estTokensIn: number | null;
  /** Limit on output tokens that was set before the call. */
  readonly maxTokensOut: number | null;
  readonly costMicro: number | null;
  readonly durationMs: number | null;
  /** Time since the run's previous milestone: an upper bound of the duration. */
  readonly gapMs: number | null;
};

/** The books that make node names of a file's ids, one per tier. */
export type RowIds = {
  readonly team: IdBook;
  readonly swarm: IdBook;
  readonly run: IdBook;
  readonly step: IdBook;
};

/** Fresh books for one file. */
export function newRowIds(): RowIds {
  return { team: new IdBook(), swarm: new IdBook(), run: new IdBook(), step: new IdBook() };
}

/** What a file may call a team, swarm, run or step. */
export const Id = z.union([z.string(), z.number()]).nullish();
/** What a file may call a role, model or tool. */
export const Name = z.string().max(WORKLOAD_LIMITS.nameCharsMax).nullish();
const Tokens = z.int().min(0).max(WORKLOAD_LIMITS.tokensMax).nullish();
/** A time of a file. */
export const TimeMs = z
  .number()
  .min(-WORKLOAD_LIMITS.timeMsMax)
  .max(WORKLOAD_LIMITS.timeMsMax)
  .nullish();
/** A duration of a file. */
export const DurationMs = z.number().min(0).max(WORKLOAD_LIMITS.timeMsMax).nullish();

/** A row as files have it: every field may be absent or null, unknown fields are ignored. */
export const RowForm = z.object({
  t_ms: TimeMs,
  team: Id,
  swarm: Id,
  run: Id,
  step: Id,
  kind: Name,
  role: Name,
  model: Name,
  tool: Name,
  tokens_in: Tokens,
  tokens_out: Tokens,
  est_tokens_in: Tokens,
  max_tokens_out: Tokens,
  /** USD, as a number or as decimal text. */
  cost_usd: z.union([z.number(), z.string()]).nullish(),
  duration_ms: DurationMs,
  gap_ms: DurationMs,
});
/** What a file writes in one line. */
export type RowForm = z.input<typeof RowForm>;

/** Reads one line. Throws WorkloadFileError `row_malformed` that names file, line and field. */
export function parseRow(text: string, at: { file: string; line: number }, ids: RowIds): Row {
  return rowOf(parseForm(text, at, RowForm), at, ids);
}

/** Reads one line of a form. Throws WorkloadFileError `row_malformed`. */
export function parseForm<Form extends z.ZodType>(
  text: string,
  at: { file: string; line: number },
  form: Form,
): z.output<Form> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const problem = `not JSON (${(cause as Error).message}); one JSON object per line is expected`;
    throw new WorkloadFileError('row_malformed', at, problem, { cause });
  }
  const parsed = form.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new WorkloadFileError('row_malformed', at, problemOf(parsed.error), {
    cause: parsed.error,
  });
}

function rowOf(form: RowForm, at: { file: string; line: number }, ids: RowIds): Row {
  return {
    line: at.line,
    tMs: whole(form.t_ms),
    team: ids.team.idOf(form.team),
    swarm: ids.swarm.idOf(form.swarm),
    run: ids.run.idOf(form.run),
    step: form.step === null || form.step === undefined ? null : ids.step.idOf(form.step),
    kind: form.kind ?? null,
    role: form.role ?? null,
    model: form.model ?? null,
    tool: form.tool ?? null,
    tokensIn: form.tokens_in ?? null,
    tokensOut: form.tokens_out ?? null,
    estTokensIn: form.est_tokens_in ?? null,
    maxTokensOut: form.max_tokens_out ?? null,
    costMicro: costMicroOf(form.cost_usd, at),
    durationMs: whole(form.duration_ms),
    gapMs: whole(form.gap_ms),
  };
}

function costMicroOf(cost: RowForm['cost_usd'], at: { file: string; line: number }): number | null {
  if (cost === null || cost === undefined) return null;
  try {
    return typeof cost === 'number' ? microFromUsd(cost) : microFromUsdText(cost);
  } catch (cause) {
    if (!(cause instanceof AmountError)) throw cause;
    const problem = `cost_usd: ${cause.message}; leave it out where the cost is not known`;
    throw new WorkloadFileError('row_malformed', at, problem, { cause });
  }
}

/** Whole ms; files may have fractions. */
export function whole(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value);
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'malformed';
  const field = issue.path.length === 0 ? 'the row' : issue.path.join('.');
  const got = JSON.stringify(issue.input) ?? 'nothing';
  return `${field}: ${issue.message}, got ${got.length <= 60 ? got : `${got.slice(0, 60)}…`}`;
}
