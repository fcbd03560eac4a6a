import { createContext, Script } from 'node:vm';

/** What takes longer than this for one input, ms, is taken to hang. */
const HANG_MS = 5_000;

let present: () => unknown = () => undefined;
const context = createContext({ run: () => present() });
const script = new Script('run()');

/** Whether the work was ended because it took too long: its error says so. */
export function isHang(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

/**
 * Runs work that may never end; then it is ended with an error. Only what it does at once counts,
 * not what it waits for.
 */
export function withinTime<Result>(work: () => Result, limitMs = HANG_MS): Result {
  present = work;
  return script.runInContext(context, { timeout: limitMs }) as Result;
}
