import { execFile } from 'node:child_process';

const OUTPUT_BYTES_MAX = 4 * 2 ** 20;

/**
 * Runs a program to its end and gives back what it printed to stdout.
 *
 * @throws Error with the program's last lines when it fails, is not there or takes too long
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { cwd?: string; timeoutMs: number; env?: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      {
        cwd: options.cwd,
        env: options.env ?? process.env,
        timeout: options.timeoutMs,
        maxBuffer: OUTPUT_BYTES_MAX,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const why = error.killed
          ? `took longer than ${options.timeoutMs} ms`
          : stderr.trim().split('\n').slice(-3).join(' / ') || error.message;
        reject(new Error(`${program}: ${why}`, { cause: error }));
      },
    );
  });
}
