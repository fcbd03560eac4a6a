import { inspect } from 'node:util';

const FRAME = /^\s*at /;
const ENGINE_FRAME = /node_modules\/uvu\/|test\/harness\/(suite|thrown)\.ts/;

/** Thrown by `skip`; ends the test without failing it. */
export class TestSkipped extends Error {
  override readonly name = 'TestSkipped';
}

/**
 * Turns anything thrown into an error that uvu can print. uvu stops the whole run, with exit code 0,
 * on a value without `name`, and never prints `cause`; so it gets a plain error with both in it.
 */
export function toPrintableError(thrown: unknown): Error {
  if (!(thrown instanceof Error)) {
    return new Error(`threw a value that is not an Error: ${inspect(thrown)}`);
  }
  const printable = new Error(`${thrown.name}: ${thrown.message}`);
  printable.stack = `${printable.message}\n${stackLines(thrown)}`;
  return Object.assign(printable, { details: describeDetails(thrown) });
}

function stackLines(error: Error): string {
  const lines = String(error.stack ?? '').split('\n');
  return lines.filter((line) => FRAME.test(line) && !ENGINE_FRAME.test(line)).join('\n');
}

function describeDetails(error: Error): string | false {
  const parts: string[] = [];
  if ('details' in error && typeof error.details === 'string') parts.push(error.details);
  if (error.cause !== undefined) parts.push(`caused by ${inspect(error.cause)}`);
  if (error instanceof AggregateError) parts.push(inspect(error.errors));
  return parts.length > 0 ? parts.join('\n') : false;
}
