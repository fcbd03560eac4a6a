import type { Role } from '../../events/roles.ts';
import type { FaultRates } from '../world/fault-rates.ts';
import type { Expected } from './expected.ts';
import type { Fault } from './fault.ts';
import type { Job } from './job.ts';

/** Version of the form of a plan; kept plans of another version are not read. */
export const PLAN_VERSION = 1;

/**
 * Everything that one run of the simulator consists of, as plain JSON: the same plan is the same
 * run. Jobs and faults stand alone, so that any of them can be left out to find a shorter one.
 *
 * Times named `atMs` count from the moment at which the world stands and its agents begin.
 */
export interface Plan {
  readonly v: typeof PLAN_VERSION;
  /** The run's own chance (delays, drops, jitter) is drawn from this too. */
  readonly seed: number;
  /** What the plan is about, for people. */
  readonly theme: string;
  readonly world: WorldPlan;
  /** How often faults strike by chance while there are faults. */
  readonly rates: Partial<FaultRates>;
  readonly agents: readonly AgentPlan[];
  readonly jobs: readonly Job[];
  readonly faults: readonly Fault[];
  /** Before it there is no fault, so that the tree can be built: all rates are 0. */
  readonly faultsBeginAtMs: number;
  /** From here on there is no fault: those of `faults` are over and the rates are 0. */
  readonly faultsEndAtMs: number;
  /** No job begins later; what was begun goes on until it has its answer. */
  readonly jobsEndAtMs: number;
  /** What the books come to, where that is known beforehand. */
  readonly expected?: Expected;
}

/** What the world is made of. */
export interface WorldPlan {
  /** 1 to 3. */
  readonly shards: number;
  /** Processes that may own shards, 1 to 3: named `writer-0`, `writer-1`, … */
  readonly writers: number;
  /** 0 to 2: named `projector-0`, … */
  readonly projectors: number;
  /** Limits of a writer's memory; absent: as in production. */
  readonly sizes: SizesPlan;
  /** Size at which the log of a shard is full, bytes; null: it has room. */
  readonly logBytesMax: number | null;
  /** What each look at a clock takes, ms: above 0, time passes within a decision too. */
  readonly lookMs: number;
}

/** Small queues and caches, to meet their ends often: some of `ShardSizes` of writer/. */
export interface SizesPlan {
  readonly blocksKeptMax?: number;
  readonly eventsKeptMax?: number;
  readonly lineLengthMax?: number;
}

/** One agent of one team, with a process and a connection of its own. */
export interface AgentPlan {
  /** Its token in subjects; the same name may act in several teams. Names the process too. */
  readonly name: string;
  readonly team: string;
  /** The role that the plan enrols it in; of `none` nobody tells the governor. */
  readonly role: Role | 'none';
  /** Beneath which it acts. */
  readonly prefix: string;
  /** Its journal of settles outlives a crash of its process. */
  readonly hasJournal: boolean;
  /** Options of its client. */
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
  readonly inFlightMax: number;
  readonly batchMax: number;
}

/** Name of the process of an agent. */
export function agentProcessName({ team, name }: Pick<AgentPlan, 'team' | 'name'>): string {
  return `${team}-${name}`;
}
