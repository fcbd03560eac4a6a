import type { z } from 'zod';

/** The first thing wrong with data that a schema refused. */
export interface Problem {
  /** Where it is: keys from the outside in; empty for the whole. */
  readonly path: readonly PropertyKey[];
  /** zod's code, such as `too_big`. */
  readonly code: string;
  readonly message: string;
}

/** The first problem of a failed parse; of a union that of its likeliest branch. */
export function problemOf(error: z.ZodError): Problem {
  const first = error.issues[0];
  if (first === undefined) return { path: [], code: 'custom', message: 'is not valid' };
  if (first.code !== 'invalid_union') return first;
  const branch = first.errors.find((one) => one.length > 0 && one[0]?.code !== 'invalid_type');
  const inner = (branch ?? first.errors[0])?.[0];
  return inner === undefined ? first : { ...inner, path: [...first.path, ...inner.path] };
}
