import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerNotReady } from './errors.ts';
import { logSize, readLog } from './server-log.ts';

const RELOAD_WAIT_MS = 10_000;

/**
 * Lets a running server read its configuration again; open connections stay.
 *
 * @throws BrokerNotReady when the server refuses it, or says nothing in time
 */
export async function reloadServer(pid: number, logFile: string): Promise<void> {
  const fromByte = logSize(logFile);
  process.kill(pid, 'SIGHUP');
  const deadlineMs = performance.now() + RELOAD_WAIT_MS;
  while (performance.now() < deadlineMs) {
    const said = readLog(logFile, fromByte);
    if (said.includes('Reloaded server configuration')) return;
    const refusal = /Failed to reload server configuration: (.*)/.exec(said);
    if (refusal !== null) {
      throw new BrokerNotReady(`The broker refused its new configuration: ${refusal[1]}`);
    }
    await sleep(10);
  }
  throw new BrokerNotReady(
    `The broker (process ${pid}) did not read its new configuration in time; see ${logFile}.`,
  );
}
