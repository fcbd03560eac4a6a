import { inspect } from 'node:util';
import * as uvuAssert from 'uvu/assert';

type Matcher = RegExp | ((error: unknown) => boolean);

/** uvu's assertions, and `rejects` for promises, which uvu's synchronous `throws` cannot see. */
export const assert: typeof uvuAssert & {
  /**
   * Passes when the promise (or the one the function returns) rejects, and with an error that fits:
   * a pattern is matched against the message, a predicate gets the error itself.
   */
  rejects(subject: Promise<unknown> | (() => Promise<unknown>), expected?: Matcher): Promise<void>;
} = { ...uvuAssert, rejects };

async function rejects(
  subject: Promise<unknown> | (() => Promise<unknown>),
  expected?: Matcher,
): Promise<void> {
  let error: unknown;
  try {
    await (typeof subject === 'function' ? subject() : subject);
  } catch (caught) {
    error = caught;
    if (expected === undefined || fits(error, expected)) return;
    throw new Error(`rejected with another error than expected (${expected}): ${inspect(error)}`);
  }
  throw new Error('expected a rejection, but the promise was fulfilled');
}

function fits(error: unknown, expected: Matcher): boolean {
  if (typeof expected === 'function') return expected(error);
  return expected.test(error instanceof Error ? error.message : String(error));
}
