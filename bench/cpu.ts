import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Linux counts CPU time of other processes in hundredths of a second. */
const MS_PER_TICK = 10;

/** CPU time of another process so far, ms, to the nearest 10; undefined where /proc is not. */
export function cpuMsOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything; utime and stime are the 12th and 13th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}

/** CPU time of the whole machine so far, ms: what was used, and what there was. */
export function machineCpu(): { readonly busyMs: number; readonly capacityMs: number } {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    idleMs += times.idle;
  }
  return { busyMs, capacityMs: busyMs + idleMs };
}
