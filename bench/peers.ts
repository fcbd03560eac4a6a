import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** One line of a peer's figures. Latency: Redis of the request, PostgreSQL of the pair. */
export interface PeerPoint {
  readonly peer: string;
  readonly teams: number;
  readonly callers: number;
  readonly pairsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface PeerRun {
  readonly peer: string;
  readonly points: readonly PeerPoint[];
  /** Why there are none. */
  readonly skipped?: string;
}

const FOLDER = fileURLToPath(new URL('../../shared/peers', import.meta.url));
const PEERS = [
  { peer: 'redis', script: 'run-redis.sh', needs: ['redis-server', 'redis-cli'] },
  { peer: 'postgresql', script: 'run-postgres.sh', needs: ['psql', 'pgbench'] },
] as const;
/** Starting, stopping and loading of a peer beside its points, ms. */
const OVERHEAD_MS = 60_000;

const run = promisify(execFile);

/** The same work by what a user would write instead, where its scripts and packages are there. */
export async function runPeers(
  teams: number,
  callers: readonly number[],
  seconds: number,
): Promise<PeerRun[]> {
  const runs: PeerRun[] = [];
  for (const { peer, script, needs } of PEERS) {
    const file = path.join(FOLDER, script);
    const missing = needs.filter((program) => !isOnPath(program));
    if (!existsSync(file)) runs.push({ peer, points: [], skipped: `there is no ${file}` });
    else if (missing.length > 0) {
      runs.push({ peer, points: [], skipped: `not installed: ${missing.join(', ')}` });
    } else runs.push(await runPeer(peer, file, teams, callers, seconds));
  }
  return runs;
}

async function runPeer(
  peer: string,
  file: string,
  teams: number,
  callers: readonly number[],
  seconds: number,
): Promise<PeerRun> {
  try {
    const args = [file, String(Math.ceil(seconds)), String(teams), callers.join(' ')];
    const timeout = OVERHEAD_MS + callers.length * seconds * 2_000;
    const { stdout } = await run('bash', args, { timeout });
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    return { peer, points: lines.map((line) => JSON.parse(line) as PeerPoint) };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const reason = (stderr?.trim() || message).split('\n').slice(-3).join(' ');
    return { peer, points: [], skipped: reason };
  }
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, program)));
}
