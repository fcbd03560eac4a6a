import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OUTCOME_PATH_VARIABLE } from './outcome.ts';

const UNTIL_LIMIT_MS = 10_000;
const UNTIL_POLL_MS = 20;

export type Trial = { code: number | null; stdout: string; output: string };

/** Path of a test file that is run by the harness's own test only. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}.fixture.ts`, import.meta.url));
}

/**
 * Runs a TypeScript file to its end, as a person would from a shell. `meanwhile` gets the pid of
 * the process while it runs.
 */
export async function runScript(
  path: string,
  args: string[] = [],
  meanwhile: (pid: number) => Promise<void> = async () => {},
): Promise<Trial> {
  const { [OUTCOME_PATH_VARIABLE]: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  if (child.pid === undefined) throw new Error(`cannot start ${process.execPath} for ${path}`);
  let stdout = '';
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  await meanwhile(child.pid);
  return { code: await closed, stdout, output };
}

/** Runs the whole runner over a folder with these test files, which is removed afterwards. */
export async function withTestFolder(
  files: Record<string, string>,
  use: (
    folder: string,
    runAll: (args?: string[], meanwhile?: (pid: number) => Promise<void>) => Promise<Trial>,
  ) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-harness-'));
  const harnessUrl = new URL('suite.ts', import.meta.url).href;
  const runAllPath = fileURLToPath(new URL('run-all.ts', import.meta.url));
  const head = `import { assert, suite } from '${harnessUrl}';\nconst test = suite('written');\n`;
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, body] of Object.entries(files)) {
    const [, directive = '', rest = ''] = /^(\/\/.*\n)?([\s\S]*)$/.exec(body) ?? [];
    writeFileSync(join(folder, name), `${directive}${head}${rest}\ntest.run();\n`);
  }
  try {
    await use(folder, (args = [], meanwhile) =>
      runScript(runAllPath, ['--in', folder, ...args], meanwhile),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads a file as soon as it is there and not empty. */
export async function awaitFile(path: string): Promise<string> {
  const deadlineMs = performance.now() + UNTIL_LIMIT_MS;
  for (;;) {
    const content = readIfThere(path);
    if (content !== '') return content;
    if (performance.now() > deadlineMs) throw new Error(`${path} did not appear`);
    await sleep(UNTIL_POLL_MS);
  }
}

/** Whether the process ends within a short time; a killed one may need a moment to be gone. */
export async function endsSoon(pid: number): Promise<boolean> {
  const deadlineMs = performance.now() + UNTIL_LIMIT_MS;
  while (isAlive(pid)) {
    if (performance.now() > deadlineMs) return false;
    await sleep(UNTIL_POLL_MS);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // An ended process that nobody has waited for is no living one.
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] !== 'Z';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
