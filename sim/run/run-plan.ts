import { startAgents } from '../agents/start-agents.ts';
import type { Plan } from '../plan/plan.ts';
import { simSigner } from '../world/signer.ts';
import type { TranscriptEntry } from '../world/transcript.ts';
import { World } from '../world/world.ts';
import { applyFaults, type Damage } from './apply-faults.ts';
import { cellsOf } from './cells-of.ts';
import { checkEnd, type EndParts } from './check-end.ts';
import { Cluster } from './cluster.ts';
import { Diary, type DiaryLine } from './diary.ts';
import { type Exchange, exchangesOf } from './exchanges.ts';
import { LogReader } from './log-reader.ts';
import type { RunReport } from './report.ts';

/** Virtual time within which the first writers serve, ms. */
const START_MS = 30_000;
/** Virtual time after the last job within which every call has its end, ms. */
const CALLS_END_MS = 600_000;

export interface RunOptions {
  /** Told of everything that happens. */
  readonly onLine?: (line: DiaryLine) => void;
}

/** Runs a plan in a world of its own, to the end and through all checks. Never throws. */
export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<RunReport> {
  const startedAtMs = performance.now();
  const world = new World({
    seed: plan.seed,
    shards: plan.world.shards,
    lookMs: plan.world.lookMs,
    ...(plan.world.logBytesMax === null ? {} : { maxBytesPerShard: plan.world.logBytesMax }),
  });
  const damaged = new Map<number, Damage>();
  const diary = new Diary(
    () => world.nowMs,
    (shard) => damaged.has(shard),
    options.onLine,
  );
  const signer = simSigner(world.chance);
  const cluster = new Cluster(plan, world, { signer, diary });
  if (!(await world.runUntil(() => cluster.isServing, START_MS))) {
    diary.violate({ rule: 'QUIET', message: 'nobody serves at the beginning' });
  }
  const agents = startAgents(plan, world);
  applyFaults(plan, { world, cluster, agents, signer, diary, damaged });
  const isDone = await world.runUntil(() => agents.isDone, plan.jobsEndAtMs + CALLS_END_MS);
  if (!isDone && world.scheduler.uncaught.length === 0) {
    for (const { op, agent, team, job } of agents.openCalls) {
      const message = `'${op}' of ${agent} (job ${job}) has no end`;
      diary.violate({ rule: 'QUIET', message, team });
    }
  }
  for (const what of agents.violations) diary.violate({ rule: 'CLIENT', message: what });
  const exchanges = exchangesIn(world);
  const reader = new LogReader(world, signer.publicKey);
  if (world.scheduler.uncaught.length === 0) {
    await checked({ plan, world, cluster, agents, signer, diary, damaged, exchanges, reader });
  }
  for (const { process, error, atMs } of world.scheduler.uncaught) {
    const stack = error instanceof Error ? error.stack : String(error);
    const message = `${process ?? 'the world'} at ${atMs} ms: ${stack}`;
    diary.violate({ rule: 'UNCAUGHT', message });
  }
  return {
    seed: plan.seed,
    theme: plan.theme,
    violations: diary.violations,
    commandCount: agents.calls.length,
    messageCount: world.transcript.entries.length,
    ...sizeOfLogs(world),
    virtualMs: world.nowMs,
    faults: world.faults.counts,
    cells: cellsOf(plan, world, agents, exchanges(), reader),
    digest: world.digest(),
    tookMs: performance.now() - startedAtMs,
  };
}

/** Whoever gets no answer while checking has found something too. */
async function checked(parts: EndParts): Promise<void> {
  try {
    await checkEnd(parts);
  } catch (error) {
    parts.diary.violate({ rule: 'QUIET', message: `while checking: ${String(error)}` });
  }
}

/** Reads the transcript when it is asked for, each message once. */
function exchangesIn({ transcript }: World): () => readonly Exchange[] {
  const read: Exchange[] = [];
  let next = 0;
  return () => {
    for (; next < transcript.entries.length; next += 1) {
      read.push(...exchangesOf(transcript.entries[next] as TranscriptEntry));
    }
    return read;
  };
}

function sizeOfLogs({ shards, store }: World) {
  let blockCount = 0;
  for (let shard = 0; shard < shards; shard += 1) blockCount += store.log(shard).lastSeq;
  return { blockCount };
}
