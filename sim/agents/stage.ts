import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { RunningAgents } from './start-agents.ts';

/** Who acts in a run, for the faults to strike. */
export interface Stage {
  readonly world: World;
  readonly agents: RunningAgents;
  /** The present process of a writer; undefined while it is down. */
  writer(no: number): SimProcess | undefined;
  /** Starts a writer that is down, on its machine. */
  startWriter(no: number): void;
  projector(no: number): SimProcess | undefined;
  startProjector(no: number): void;
  /** Claims a shard from a process that does nothing else, whoever owns it. */
  claimBy(process: SimProcess, shard: number): Promise<unknown>;
}
