import { readFile, stat } from 'node:fs/promises';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { NodePath } from '../events/names.ts';
import type { Budgets, Caps } from './budgets.ts';
import { AmountError, BudgetError } from './errors.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import { microFromUsd, microFromUsdText } from './money.ts';

const Count = z.int().min(0).nullable().optional();

/** USD as a number or as decimal text; in microcredits afterwards. */
const Usd = z
  .union([z.number(), z.string()])
  .transform((usd, context) => {
    try {
      return typeof usd === 'number' ? microFromUsd(usd) : microFromUsdText(usd);
    } catch (cause) {
      if (!(cause instanceof AmountError)) throw cause;
      context.addIssue({ code: 'custom', message: cause.message });
      return z.NEVER;
    }
  })
  .nullable()
  .optional();

// Strict everywhere: a misspelt cap that is passed over would be no cap.
const CapsForm = z.strictObject({ credits_usd: Usd, tool_calls: Count, concurrency: Count });

/** A budget file: caps per tier, and for single paths. */
const BudgetForm = z.strictObject({
  team: CapsForm.optional(),
  swarm: CapsForm.optional(),
  run: CapsForm.optional(),
  step: CapsForm.optional(),
  paths: z.record(NodePath, CapsForm).optional(),
});

/** Reads budgets from a YAML or JSON file. Rejects with BudgetError that names file and line. */
export async function readBudgetFile(file: string): Promise<Budgets> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > WORKLOAD_LIMITS.budgetFileBytesMax) {
      throw new Error(`longer than ${WORKLOAD_LIMITS.budgetFileBytesMax} bytes`);
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const problem = `cannot be read (${(cause as Error).message})`;
    throw new BudgetError(file, null, problem, { cause });
  }
  return parseBudgets(text, file);
}

/**
 * Budgets from YAML or JSON text (JSON is YAML):
 *
 *     swarm: { credits_usd: 100, concurrency: 8 }
 *     run: { credits_usd: 1.00, tool_calls: 50 }
 *     paths:
 *       acme/research: { credits_usd: 20 }
 *
 * A null takes a cap away. Throws BudgetError that names the line.
 */
export function parseBudgets(text: string, file: string): Budgets {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw new BudgetError(file, lines.linePos(syntax.pos[0]).line, syntax.message);
  }
  const parsed = BudgetForm.safeParse(contentOf(document, file) ?? {}, { reportInput: true });
  if (!parsed.success) throw malformed(parsed.error, { document, lines, file });
  const { paths = {}, ...tiers } = parsed.data;
  return {
    tiers: {
      team: capsFrom(tiers.team),
      swarm: capsFrom(tiers.swarm),
      run: capsFrom(tiers.run),
      step: capsFrom(tiers.step),
    },
    paths: Object.fromEntries(Object.entries(paths).map(([path, caps]) => [path, capsFrom(caps)])),
  };
}

function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases that refer to nothing or that multiply beyond the parser's own bound.
    throw new BudgetError(file, null, (cause as Error).message, { cause });
  }
}

function capsFrom(form: z.output<typeof CapsForm> | undefined): Caps {
  const caps: Record<string, number | null> = {};
  if (form?.credits_usd !== undefined) caps['credits'] = form.credits_usd;
  if (form?.tool_calls !== undefined) caps['tool_calls'] = form.tool_calls;
  if (form?.concurrency !== undefined) caps['concurrency'] = form.concurrency;
  return caps;
}

type Source = { readonly document: Document; readonly lines: LineCounter; readonly file: string };

function malformed(error: z.ZodError, { document, lines, file }: Source): BudgetError {
  const [issue] = error.issues;
  if (issue === undefined) return new BudgetError(file, null, 'malformed', { cause: error });
  const isUnknownKey = issue.code === 'unrecognized_keys';
  const path = isUnknownKey ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const where = path.length === 0 ? 'the file' : path.join('.');
  const known = path[0] === 'paths' || path.length > 1 ? CAP_NAMES : TIER_NAMES;
  const hint = isUnknownKey ? `unknown; known are ${known}` : hintOf(issue);
  const line = lineOf(path, document, lines);
  return new BudgetError(file, line, `${where}: ${hint}`, { cause: error });
}

const CAP_NAMES = Object.keys(CapsForm.shape).join(', ');
const TIER_NAMES = Object.keys(BudgetForm.shape).join(', ');

function hintOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  const input = JSON.stringify(issue.input);
  return input === undefined ? issue.message : `${issue.message}, got ${input.slice(0, 60)}`;
}

/** The line of a value, or of the nearest thing around it that the file has. */
function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return 1;
}
