import { setTimeout as sleep } from 'node:timers/promises';
import { forgetRunningServer, runningServer } from './data-folder.ts';
import { StoreInUse } from './errors.ts';
import type { OnProgress } from './find-server.ts';

const ORPHAN_WAIT_MS = 10_000;

/**
 * Ends the broker that a killed process left behind on this folder. Only called with the folder's
 * lock held, so nobody is in charge of that broker any more; its clients reconnect to the next.
 *
 * @throws StoreInUse when it does not end
 */
export async function endOrphan(dataDir: string, onProgress: OnProgress): Promise<void> {
  const orphan = runningServer(dataDir);
  if (orphan === undefined) return forgetRunningServer(dataDir);
  onProgress(`Ending the broker that an earlier process left behind (process ${orphan.pid}) …`);
  signal(orphan.pid);
  const deadlineMs = performance.now() + ORPHAN_WAIT_MS;
  while (runningServer(dataDir) !== undefined) {
    if (performance.now() > deadlineMs) throw new StoreInUse(dataDir, orphan.pid);
    await sleep(20);
  }
  forgetRunningServer(dataDir);
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
