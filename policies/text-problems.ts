import { LIMITS } from '../events/limits.ts';
import { type ParsedText, placeOf, placeOfRange } from './places.ts';
import type { PolicyProblem } from './problem.ts';

const ADVICE = 'A policy file is YAML or JSON; docs/policies.md has examples.';

/** In words of our own what the parser says in those of whoever programs with it. */
const IN_OUR_WORDS: Readonly<Record<string, readonly [message: string, advice: string]>> = {
  MULTIPLE_DOCS: ['a second document begins here', 'Write one policy in a file, without `---`.'],
  RESOURCE_EXHAUSTION: ['it is nested too deeply', ADVICE],
  DUPLICATE_KEY: ['this name stands here twice', 'Leave one of the two out.'],
};

const SYNTAX_ERRORS_MAX = 3;

/** A text that is not even looked at. */
export function sizeProblem(text: string): PolicyProblem | undefined {
  const most = LIMITS.policyFileCharsMax;
  if (text.length <= most) return undefined;
  return {
    ...ofWholeFile,
    message: `the file has ${text.length} characters, and ${most} are the most`,
    advice: 'Write rules for whole branches and for patterns of names, not one for each.',
  };
}

const ofWholeFile = { severity: 'error', field: '', line: 1, column: 1, length: 1 } as const;

/** What makes a text neither YAML nor JSON; after the first few the rest only follows from them. */
export function syntaxProblems(parsed: ParsedText): PolicyProblem[] {
  return parsed.document.errors.slice(0, SYNTAX_ERRORS_MAX).map(({ code, message, pos }) => {
    const [words, advice] = IN_OUR_WORDS[code] ?? [message, ADVICE];
    return { ...ofWholeFile, message: words, advice, ...placeOfRange(parsed, ...pos) };
  });
}

/** Text that can be read, and is something else than a map of fields. */
export function noMapProblem(parsed: ParsedText): PolicyProblem {
  const place = placeOf(parsed, [], false);
  return { ...ofWholeFile, message: 'a policy is a map of fields', advice: ADVICE, ...place };
}

/** Aliases that refer to nothing, or multiply without end. */
export function aliasProblem(parsed: ParsedText): PolicyProblem {
  return {
    ...ofWholeFile,
    message: 'its aliases (`*name`) refer to nothing, or unfold to too much',
    advice: 'Write out what they stand for.',
    ...placeOf(parsed, [], false),
  };
}
