import { z } from 'zod';
import { DurationMs, Id, Name, parseForm, type RowIds, TimeMs, whole } from '../row.ts';

/**
 * One whole run as a log of runs has it: a trial of a task that took a place in a pool, set itself
 * up, let its agent work under a wall-time limit, and tested what that had done. `null` is "not
 * recorded". Times are ms since the start of the swarm.
 */
export type Trial = {
  /** 1-based line of the file. */
  readonly line: number;
  readonly team: string;
  readonly swarm: string;
  readonly run: string;
  /** What it was to do; several trials may share it. */
  readonly task: string;
  /** Which of how many trials of its task it is, from 1; null where its name does not say. */
  readonly attempt: { readonly number: number; readonly of: number } | null;
  /** Null: none of its times was recorded. */
  readonly times: TrialTimes | null;
  /** The record says that its agent was killed by the wall-time limit. */
  readonly isKilled: boolean;
};

/** When a trial took its place, and how long it needed what. */
export type TrialTimes = {
  readonly startMs: number;
  readonly setupMs: number;
  readonly agentMs: number;
  /** From its start to its end; what is left of it after set-up and agent is tests and tidying up. */
  readonly totalMs: number;
};

/** A trial as files have it; other fields are ignored. */
export const TrialForm = z.object({
  t_ms: TimeMs,
  team: Id,
  swarm: Id,
  run: Id,
  task: Name,
  setup_ms: DurationMs,
  agent_ms: DurationMs,
  total_ms: DurationMs,
  failure_mode: Name,
});
/** What a file writes in one line. */
export type TrialForm = z.input<typeof TrialForm>;

/** The `failure_mode` of a trial whose agent was killed by its wall-time limit. */
const KILLED = 'agent_timeout';

/** A log of whole runs is told from one of steps by this: only a whole run has an agent's time. */
export function isTrialLine(text: string): boolean {
  try {
    const row: unknown = JSON.parse(text);
    return typeof row === 'object' && row !== null && 'agent_ms' in row;
  } catch {
    return false;
  }
}

/** Reads one line. Throws WorkloadFileError `row_malformed` that names file, line and field. */
export function parseTrial(text: string, at: { file: string; line: number }, ids: RowIds): Trial {
  const form = parseForm(text, at, TrialForm);
  return {
    line: at.line,
    team: ids.team.idOf(form.team),
    swarm: ids.swarm.idOf(form.swarm),
    run: ids.run.idOf(form.run),
    task: form.task ?? String(form.run ?? ''),
    attempt: attemptOf(String(form.run ?? '')),
    times: timesOf(form),
    isKilled: form.failure_mode === KILLED,
  };
}

function timesOf(form: TrialForm): TrialTimes | null {
  const startMs = whole(form.t_ms);
  const agentMs = whole(form.agent_ms);
  if (startMs === null || agentMs === null) return null;
  const setupMs = whole(form.setup_ms) ?? 0;
  const totalMs = Math.max(whole(form.total_ms) ?? 0, setupMs + agentMs);
  return { startMs, setupMs, agentMs, totalMs };
}

/** `crack-7z-hash.2-of-5`: the second of five. */
function attemptOf(run: string): Trial['attempt'] {
  const found = /\.(\d{1,6})-of-(\d{1,6})$/.exec(run);
  return found === null ? null : { number: Number(found[1]), of: Number(found[2]) };
}
