import { readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { DecisionCost } from './decision-cost.ts';
import type { InProcess } from './in-process.ts';
import type { PeerRun } from './peers.ts';
import type { Point } from './point.ts';

/** Everything that a run found, as `--json` prints it. */
export interface BenchReport {
  readonly versions: {
    readonly bursar: string;
    readonly node: string;
    readonly natsServer: string;
    readonly nats: string;
  };
  readonly machine: {
    readonly cores: number;
    readonly cpu: string;
    readonly memoryGiB: number;
    readonly system: string;
    /** The data lay in memory: synced writes cost nothing there, so their figures mean nothing. */
    readonly isDataInMemory: boolean;
  };
  readonly settings: {
    readonly syncInterval: 'always';
    readonly replicas: 1;
    readonly shards: number;
    readonly teams: number;
    readonly tiers: 4;
    readonly echoBytes: number;
    readonly publishBytes: 512;
    readonly secondsPerPoint: number;
  };
  readonly points: readonly Point[];
  /** p50 of one caller's request ÷ (p50 of an echo + p50 of a synced publish). */
  readonly oneCallerRatio?: number;
  readonly inProcess: InProcess;
  /** Of one team in memory, by how many wait and live in it. */
  readonly decisionCost: readonly DecisionCost[];
  readonly peers?: readonly PeerRun[];
}

/** What one caller's request costs against the least that it could cost. */
export function oneCallerRatioOf(points: readonly Point[]): number | undefined {
  const one = points.find(({ callers }) => callers === 1);
  if (one === undefined) return undefined;
  const least = one.echoMs.p50Ms + one.publishMs.p50Ms;
  return Math.round((one.requestMs.p50Ms / least) * 100) / 100;
}

export function machineOf(dataDir: string): BenchReport['machine'] {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    isDataInMemory: statfsSync(dataDir).type === TMPFS,
  };
}

export function versionsOf(natsServer: string): BenchReport['versions'] {
  return {
    bursar: versionIn('../package.json'),
    node: process.versions.node,
    natsServer,
    nats: versionIn('../node_modules/nats/package.json'),
  };
}

/** The magic number of tmpfs in Linux. */
const TMPFS = 0x01021994;

function versionIn(file: string): string {
  return String(JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')).version);
}
