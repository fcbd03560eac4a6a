import { parseDocument } from 'yaml';
import { z } from 'zod';
import { NodeName } from '../events/names.ts';
import { Policy } from '../events/policy.ts';
import { meaningProblems } from './check-meaning.ts';
import { type Content, isMap, merged } from './merge.ts';
import { type ParsedText, placeOf } from './places.ts';
import { PRESET_NAMES, PRESETS, type PresetName } from './presets.ts';
import { type FieldProblem, fieldText, type PolicyProblem } from './problem.ts';
import { keysAt, schemaProblems, unknownField } from './schema-problems.ts';
import { aliasProblem, noMapProblem, sizeProblem, syntaxProblems } from './text-problems.ts';

/** Version of the file format: the value of its field `bursar`. */
export const POLICY_FORMAT = 'policy/v1';

/** What a file says of itself, beside the fields of the policy. */
const Header = z.strictObject({
  bursar: z.literal(POLICY_FORMAT),
  team: NodeName.optional(),
  preset: z.enum(PRESET_NAMES).optional(),
  comment: z.string().max(200).optional(),
});
const HEADER_FIELDS = Object.keys(Header.shape);

/** A policy file that can be used. */
export interface PolicyFile {
  /** The team that it is for, by the file or by who reads it; undefined: not said. */
  readonly team: string | undefined;
  readonly preset: PresetName | undefined;
  readonly comment: string | undefined;
  /** Preset and differences together; what both leave out has its default. */
  readonly policy: Policy;
}

/** A file that was read: everything wrong with it, in the order of the file. */
export interface ReadPolicy {
  /** Undefined where a problem is an error. */
  readonly file: PolicyFile | undefined;
  readonly problems: readonly PolicyProblem[];
}

/**
 * A policy from YAML or JSON text (JSON is YAML):
 *
 *     bursar: policy/v1
 *     preset: guarded
 *     aging: { intervalMs: 5000, step: 20 }
 *
 * Fields of the preset are replaced by those of the file, maps key by key, lists as a whole.
 * @param team the team that is meant where the file names none
 */
export function readPolicy(text: string, team?: string): ReadPolicy {
  const tooLarge = sizeProblem(text);
  if (tooLarge !== undefined) return { file: undefined, problems: [tooLarge] };
  const document = parseDocument(text, { prettyErrors: false });
  const parsed: ParsedText = { text, document };
  const broken = syntaxProblems(parsed);
  if (broken.length > 0) return { file: undefined, problems: broken };
  let content: unknown;
  try {
    content = document.toJS();
  } catch {
    return { file: undefined, problems: [aliasProblem(parsed)] };
  }
  if (!isMap(content)) return { file: undefined, problems: [noMapProblem(parsed)] };
  const { file, problems } = examine(content, team);
  const all = problems.map((problem) => located(problem, parsed)).sort(byPlace);
  return { file, problems: all };
}

function examine(
  content: Content,
  asked: string | undefined,
): { readonly file: PolicyFile | undefined; readonly problems: FieldProblem[] } {
  const own = (isHeader: boolean) =>
    Object.fromEntries(
      Object.entries(content).filter(([key]) => HEADER_FIELDS.includes(key) === isHeader),
    );
  const fields = own(false);
  const header = Header.safeParse(own(true), { reportInput: true });
  const problems = header.success ? [] : headerProblems(header.error);
  const named = Header.partial().safeParse(own(true)).data ?? {};
  const { preset, comment } = named;
  const team = named.team ?? asked;
  if (named.team !== undefined && asked !== undefined && named.team !== asked) {
    problems.push({
      severity: 'error',
      path: ['team'],
      message: `this policy is for the team ${named.team}, not for ${asked}`,
      advice: 'Name the right file, or the right team.',
    });
  }
  const chosen = PRESETS[preset ?? 'default'];
  const base = team === undefined && chosen.needsTeam ? {} : chosen.fieldsFor(team ?? '');
  if (team === undefined && chosen.needsTeam) {
    problems.push({
      severity: 'error',
      path: ['preset'],
      message: `the preset ${preset} has rules for the team's own node, and no team is named`,
      advice: 'Add `team: NAME`, or give --team.',
    });
  }
  const together = merged(base as Content, fields);
  const policy = Policy.safeParse(together, { reportInput: true });
  if (!policy.success) problems.push(...policyProblems(policy.error));
  const sound = policy.success ? policy.data : soundPart(together, policy.error);
  problems.push(...meaningProblems(sound, { given: new Set(Object.keys(fields)), team }));
  if (!policy.success || problems.some(({ severity }) => severity === 'error')) {
    return { file: undefined, problems };
  }
  return { file: { team, preset, comment, policy: policy.data }, problems };
}

function headerProblems(error: z.ZodError): FieldProblem[] {
  return schemaProblems(error, Header).map((problem) =>
    problem.path[0] === 'bursar'
      ? {
          severity: 'error',
          path: ['bursar'],
          message: 'it does not say that it is a policy of a version known here',
          advice: `Begin the file with \`bursar: ${POLICY_FORMAT}\`.`,
        }
      : problem,
  );
}

/** Of a misspelt field at the top, the header's names may be meant as well. */
function policyProblems(error: z.ZodError): FieldProblem[] {
  return schemaProblems(error, Policy).map((problem) => {
    const [key] = problem.path;
    if (problem.ofKey === undefined || problem.path.length !== 1) return problem;
    return unknownField(problem.path, String(key), [...HEADER_FIELDS, ...keysAt(Policy, [])]);
  });
}

/** What is left without the fields that the schema refused, so that they hide nothing else. */
function soundPart(together: Content, error: z.ZodError): Policy {
  const wrong = new Set(
    error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0
        ? issue.keys
        : [String(issue.path[0])],
    ),
  );
  const rest = Object.entries(together).filter(([key]) => !wrong.has(key));
  return Policy.parse(Object.fromEntries(rest));
}

function located({ severity, path, ofKey, message, advice }: FieldProblem, parsed: ParsedText) {
  const place = placeOf(parsed, path, ofKey === true);
  return { severity, field: fieldText(path), message, advice, ...place };
}

function byPlace(a: PolicyProblem, b: PolicyProblem): number {
  return a.line - b.line || a.column - b.column;
}
