/** How bad a problem of a policy file is: with an error it cannot be applied. */
export type ProblemSeverity = 'error' | 'warning';

/** Keys from the outside in, as in `['rules', 0, 'above']`. */
export type FieldPath = readonly (string | number)[];

/** Something wrong with a policy file, and where: lines and columns count from 1. */
export interface PolicyProblem {
  readonly severity: ProblemSeverity;
  /** The field, as `rules[0].above`; empty for the whole file. */
  readonly field: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly advice: string;
  readonly line: number;
  readonly column: number;
  /** Characters concerned, at least 1. */
  readonly length: number;
}

/** A problem of which only the field is known: where that stands is looked up in the file. */
export interface FieldProblem {
  readonly severity: ProblemSeverity;
  readonly path: FieldPath;
  /** The name of the field is what is wrong, not its value. */
  readonly ofKey?: true;
  readonly message: string;
  readonly advice: string;
}

/** `rules[0].above` */
export function fieldText(path: FieldPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}

/** Whether a file with these problems can be used. */
export function isUsable(problems: readonly PolicyProblem[]): boolean {
  return problems.every(({ severity }) => severity !== 'error');
}
