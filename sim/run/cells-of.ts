import type { RunningAgents } from '../agents/start-agents.ts';
import { cellsOf as cellsOfRun } from '../coverage/coverage.ts';
import type { Plan } from '../plan/plan.ts';
import type { World } from '../world/world.ts';
import type { Exchange } from './exchanges.ts';
import type { LogReader } from './log-reader.ts';

/** The listed situations that a run has reached. */
export function cellsOf(
  plan: Plan,
  world: World,
  agents: RunningAgents,
  exchanges: readonly Exchange[],
  reader: LogReader,
): string[] {
  const shards = Array.from({ length: world.shards }, (_, shard) => shard);
  const events = shards.flatMap((shard) => reader.log(shard).events.map(({ event }) => event));
  const { beganAtMs, calls } = agents;
  return cellsOfRun({ plan, beganAtMs, events, exchanges, calls });
}
