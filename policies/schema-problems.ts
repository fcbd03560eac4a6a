import type { z } from 'zod';
import { closestTo } from './did-you-mean.ts';
import { type FieldPath, type FieldProblem, fieldText } from './problem.ts';
import { unitAdvice } from './unit-advice.ts';

type Issue = z.core.$ZodIssue;

/** Everything that a schema found wrong, in words for whoever writes the file. */
export function schemaProblems(error: z.ZodError, schema: z.ZodType): FieldProblem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, schema));
}

function problemsOf(issue: Issue, schema: z.ZodType): FieldProblem[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  const at = { severity: 'error', path } as const;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField([...path, key], key, keysAt(schema, path)));
    case 'invalid_union': {
      const begun = begunForm(issue.errors);
      if (begun !== undefined) {
        const inside = (one: Issue) => ({ ...one, path: [...issue.path, ...one.path] });
        return begun.flatMap((one) => problemsOf(inside(one), schema));
      }
      return [choiceProblem(at, issue.input, issue.errors.flat(), mapsAt(schema, path))];
    }
    case 'invalid_value':
      return [choiceProblem(at, issue.input, [issue])];
    case 'invalid_key': {
      const [why] = issue.issues;
      const message = `${shown(issue.input)} ${why?.message ?? 'is no name here'}`;
      return [{ ...at, ofKey: true, message, advice: 'Correct the name.' }];
    }
    default:
      return [plainProblem(at, issue)];
  }
}

/** Of several forms the one that is there but for values inside: what is wrong with those. */
function begunForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return forms.find((issues) =>
    issues.every(({ path, input }) => path.length > 0 && input !== undefined),
  );
}

/** A name that the schema has no field for. */
export function unknownField(path: FieldPath, key: string, known: readonly string[]): FieldProblem {
  const meant = closestTo(key, known);
  const where = path.length === 1 ? 'a policy' : fieldText(path.slice(0, -1));
  return {
    severity: 'error',
    path,
    ofKey: true,
    message: `${where} has no field ${shown(key)}`,
    advice:
      meant === undefined
        ? `Fields are ${known.join(', ') || 'none'}.`
        : `Did you mean ${shown(meant)}?`,
  };
}

type At = { readonly severity: 'error'; readonly path: FieldPath };

/** @param maps the maps that may stand there, as they are written */
function choiceProblem(
  at: At,
  input: unknown,
  issues: readonly Issue[],
  maps: readonly string[] = [],
): FieldProblem {
  if (input === undefined) return missing(at);
  const names = issues.flatMap((one) =>
    one.code === 'invalid_value' ? one.values.map(String) : [],
  );
  const takesNumbers = issues.some(
    (one) => one.code === 'invalid_type' && ['number', 'int'].includes(one.expected),
  );
  const isMap = typeof input === 'object' && input !== null;
  const numbers = takesNumbers && !(isMap && maps.length > 0) ? ['or a whole number'] : [];
  const meant = typeof input === 'string' ? closestTo(input, names) : undefined;
  const all = `Write ${[...names, ...maps, ...numbers].join(', ')}.`;
  const message = `${shown(input)} is none of the values of ${fieldText(at.path)}`;
  return { ...at, message, advice: meant === undefined ? all : `Did you mean ${meant}? ${all}` };
}

function plainProblem(at: At, issue: Issue): FieldProblem {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      if (input === undefined) return missing(at);
      return {
        ...at,
        message: `${shown(input)} is no ${KINDS[issue.expected] ?? issue.expected}`,
        advice: unitAdvice(at.path, input) ?? `Write a ${KINDS[issue.expected] ?? issue.expected}.`,
      };
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
      const isMany = issue.origin === 'array' || issue.origin === 'string';
      const word = issue.code === 'too_small' ? 'least' : 'most';
      const what = isMany
        ? `${bound} ${issue.origin === 'array' ? 'entries' : 'characters'}`
        : bound;
      return { ...at, message: `${shown(input)} is out of range`, advice: `At ${word} ${what}.` };
    }
    default:
      return { ...at, message: `${shown(input)} ${issue.message}`, advice: 'Correct the value.' };
  }
}

function missing(at: At): FieldProblem {
  const field = at.path.at(-1);
  const message = `${fieldText(at.path.slice(0, -1)) || 'the file'} lacks ${shown(field)}`;
  return { ...at, message, advice: 'Add it.' };
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'whole number',
  number: 'number',
  object: 'map of fields',
  record: 'map of names',
  array: 'list',
  string: 'text',
  boolean: 'true or false',
};

const SHOWN_MAX = 60;

function shown(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'nothing');
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

/** The names of the fields that a schema has at a path; none where it takes any name. */
export function keysAt(schema: z.ZodType, path: FieldPath): string[] {
  return Object.keys(containerAt(schema, path).shape ?? {});
}

/** The maps among the forms of what a schema has at a path, as they are written. */
function mapsAt(schema: z.ZodType, path: FieldPath): string[] {
  return (containerAt(schema, path).options ?? []).flatMap((option) => {
    const { shape } = bare(option) as Partial<Container>;
    return shape === undefined ? [] : [`{ ${Object.keys(shape).join(': …, ')}: … }`];
  });
}

function containerAt(schema: z.ZodType, path: FieldPath): Partial<Container> {
  let at: unknown = bare(schema);
  for (const key of path) {
    const { shape, element, valueType } = at as Partial<Container>;
    at = bare(shape?.[key] ?? element ?? valueType);
  }
  return (at ?? {}) as Partial<Container>;
}

interface Container {
  readonly shape: Readonly<Record<string, unknown>>;
  readonly element: unknown;
  readonly valueType: unknown;
  readonly options: readonly unknown[];
}

/** A schema without what says that it may be left out, be null, or has a default. */
function bare(schema: unknown): unknown {
  let at = schema;
  for (;;) {
    const inner = (at as { readonly def?: { readonly innerType?: unknown } } | undefined)?.def
      ?.innerType;
    if (inner === undefined) return at;
    at = inner;
  }
}
