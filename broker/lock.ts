import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreInUse } from './errors.ts';
import { identityOf, isAlive, type ProcessIdentity } from './live-process.ts';
import { createFile } from './write-file.ts';

/** A lock that this process holds. */
export type FolderLock = { release(): void };

/** How long a lock taken over from a dead process is watched for a rival who did the same, ms. */
const TAKEOVER_WATCH_MS = 50;

/**
 * Takes the lock of a data folder. It is ours, and taken before the broker starts, because two
 * brokers on one store would both serve and both acknowledge sequence 1. The lock of a dead
 * process is taken over.
 *
 * @param name which lock of the folder: `broker` for the whole folder, others for short work
 * @throws StoreInUse naming the process that holds it
 */
export async function lockFolder(dataDir: string, name = 'broker'): Promise<FolderLock> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = path.join(dataDir, `${name}.lock`);
  const content = `${JSON.stringify({ ...self(), nonce: Math.random() })}\n`;
  for (let tookOver = false; ; tookOver = true) {
    if (createFile(file, content, 0o600)) {
      if (tookOver) await sleep(TAKEOVER_WATCH_MS);
      if (read(file) === content) return heldLock(file, content);
    }
    const found = read(file);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder !== undefined && isAlive(holder)) throw new StoreInUse(dataDir, holder.pid);
    setAside(file, found);
  }
}

/** Waits for the lock, for short work that several processes may do. @throws StoreInUse */
export async function withFolderLock<T>(
  dataDir: string,
  name: string,
  waitMs: number,
  work: () => T | Promise<T>,
): Promise<T> {
  const lock = await waitForLock(dataDir, name, performance.now() + waitMs);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function waitForLock(dataDir: string, name: string, untilMs: number): Promise<FolderLock> {
  for (;;) {
    try {
      return await lockFolder(dataDir, name);
    } catch (error) {
      if (!(error instanceof StoreInUse) || performance.now() > untilMs) throw error;
      await sleep(20);
    }
  }
}

/** Moves a dead lock away; if a rival put a live one in its place just now, puts that back. */
function setAside(file: string, dead: string): void {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  if (moved !== undefined && moved !== dead) createFile(file, moved, 0o600);
  rmSync(aside, { force: true });
}

function heldLock(file: string, content: string): FolderLock {
  return {
    release: () => {
      if (read(file) === content) rmSync(file, { force: true });
    },
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(content: string): ProcessIdentity | undefined {
  try {
    const { pid, born } = JSON.parse(content) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof born === 'string' ? { pid, born } : undefined;
  } catch {
    return undefined;
  }
}

function self(): ProcessIdentity {
  const identity = identityOf(process.pid);
  if (identity === undefined) throw new Error('cannot read the start time of this process');
  return identity;
}
