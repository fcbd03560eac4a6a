import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileOutcome, OUTCOME_PATH_VARIABLE } from './outcome.ts';
import { killGroup, livingGroupMembers } from './process-group.ts';

/** How long processes that a file started may outlive it before they count as left behind. */
const LEFTOVER_GRACE_MS = 2_000;
const LEFTOVER_POLL_MS = 50;
/** Of longer output only the end is kept. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

export type FileRun = { outcome: FileOutcome; output: string; durationMs: number };

/**
 * Runs one test file in a process group of its own and kills what is left of the group afterwards.
 * Never rejects for a bad file: a crash, a time-out, a missing outcome or processes left behind are
 * problems of the outcome.
 */
export async function runFile(
  path: string,
  limitMs: number,
  onStart: (leaderPid: number) => void,
): Promise<FileRun> {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-test-'));
  const outcomePath = join(folder, 'outcome.json');
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', path], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [OUTCOME_PATH_VARIABLE]: outcomePath },
  });
  if (child.pid === undefined) throw new Error(`cannot start ${process.execPath} for ${path}`);
  const leaderPid = child.pid;
  onStart(leaderPid);
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_BYTES_MAX);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));

  let isOverLimit = false;
  const timer = setTimeout(() => {
    isOverLimit = true;
    killGroup(leaderPid, 'SIGKILL');
  }, limitMs);
  const end = await new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  clearTimeout(timer);

  const leftovers = isOverLimit ? [] : await waitForLeftovers(leaderPid);
  killGroup(leaderPid, 'SIGKILL');
  await closed;
  const outcome = readOutcome(outcomePath);
  rmSync(folder, { recursive: true });
  if (isOverLimit) {
    outcome.problems = [`was killed at its limit of ${limitMs / 1000} s`];
  } else if (end !== 'exit code 0' && !hasFailure(outcome)) {
    outcome.problems.push(`ended with ${end}`);
  }
  if (outcome.tests.length === 0 && !hasFailure(outcome)) outcome.problems.push('reported no test');
  if (leftovers.length > 0) {
    outcome.problems.push(`left processes behind: ${leftovers.join(' | ')}`);
  }
  return { outcome, output, durationMs: performance.now() - startedAtMs };
}

async function waitForLeftovers(leaderPid: number): Promise<string[]> {
  const deadlineMs = performance.now() + LEFTOVER_GRACE_MS;
  let members = livingGroupMembers(leaderPid);
  while (members.length > 0 && performance.now() < deadlineMs) {
    await sleep(LEFTOVER_POLL_MS);
    members = livingGroupMembers(leaderPid);
  }
  return members;
}

function readOutcome(path: string): FileOutcome {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as FileOutcome;
  } catch {
    return { tests: [], problems: [] };
  }
}

function hasFailure({ tests, problems }: FileOutcome): boolean {
  const isBad = (status: string) => status === 'failed' || status === 'unfinished';
  return problems.length > 0 || tests.some((test) => isBad(test.status));
}
