import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';

/** Locks of this process: its number in a lock file means nothing else after a restart with it. */
const held = new Set<string>();

/**
 * Takes a lock that is a file with the holder's process number. One of a process that is gone is
 * taken over; whether its number belongs to another by now cannot be told: then it counts as held.
 *
 * @param file an absolute path
 * @returns what gives the lock back
 * @throws Error when a live process holds it, or the file cannot be made
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  if (held.has(file)) throw new Error(`this process holds ${file}`);
  held.add(file);
  try {
    if (!(await create(file))) await takeOver(file);
  } catch (error) {
    held.delete(file);
    throw error;
  }
  return async () => {
    await rm(file, { force: true });
    held.delete(file);
  };
}

/** Complete from the moment it is there. */
async function create(file: string): Promise<boolean> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, String(process.pid), { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function takeOver(file: string): Promise<void> {
  const holder = await readFile(file, 'utf8');
  if (isRunning(Number(holder))) throw new Error(`process ${holder} holds ${file}`);
  const aside = `${file}.${process.pid}.old`;
  await rename(file, aside);
  const moved = await readFile(aside, 'utf8');
  if (moved !== holder) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
  if (!(await create(file))) throw new Error(`another process has just taken ${file}`);
}

function isRunning(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
