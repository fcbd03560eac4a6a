import { readdirSync, readFileSync } from 'node:fs';

/** Kills every process of the group that `leaderPid` leads; one that is already gone is fine. */
export function killGroup(leaderPid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Command lines of the living processes of the group, from /proc. Empty where there is no /proc:
 * there the group is killed all the same, but leftovers are not reported.
 */
export function livingGroupMembers(leaderPid: number): string[] {
  const members: string[] = [];
  for (const pid of numericEntries('/proc')) {
    const stat = readIfThere(`/proc/${pid}/stat`);
    // The command name in parentheses may hold anything; the fields after it are fixed.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(group) !== leaderPid || state === 'Z' || state === 'X') continue;
    const commandLine = readIfThere(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
    members.push(`${pid} ${commandLine}`);
  }
  return members;
}

function numericEntries(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
