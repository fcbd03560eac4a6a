import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { BrokerCrashed } from './errors.ts';
import { logTail } from './server-log.ts';

/** A nats-server that this process started. */
export type ServerProcess = {
  readonly pid: number;
  /** Settles when the process has ended: undefined after `end`, else why it ended by itself. */
  readonly ended: Promise<BrokerCrashed | undefined>;
  /** Ends it: SIGTERM writes everything out first, SIGKILL does not. Resolves when it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
};

/** How long a server may take to end by itself before it is killed, ms. */
const END_WAIT_MS = 10_000;
/** Of util-linux: lets the kernel end a child when its parent dies, however that happens. */
const SETPRIV = '/usr/bin/setpriv';

/**
 * Starts nats-server in a process group of its own, so that Ctrl-C reaches only this process,
 * which then ends it in order. When this process dies by SIGKILL, Linux ends the server; elsewhere
 * the next start finds it.
 *
 * @throws Error when the file cannot be executed
 */
export async function startServerProcess(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logFile: string,
): Promise<ServerProcess> {
  const [command, ...rest] = existsSync(SETPRIV)
    ? [SETPRIV, '--pdeathsig', 'TERM', program, ...args]
    : [program, ...args];
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(command, rest, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return watch(child, await pidOf(child), logFile);
}

function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid as number));
  });
}

function watch(child: ChildProcess, pid: number, logFile: string): ServerProcess {
  let isAsked = false;
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const ended = new Promise<BrokerCrashed | undefined>((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', endWithUs);
      const how = signal ?? `exit code ${code}`;
      resolve(isAsked ? undefined : new BrokerCrashed(how, logFile, logTail(logFile)));
    });
  });
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    isAsked = true;
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), END_WAIT_MS);
    await ended;
    clearTimeout(killer);
  };
  return { pid, ended, end };
}
