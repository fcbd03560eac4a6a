import type { RunningAgents } from '../agents/start-agents.ts';
import { cellsOf as cellsOfRun } from '../coverage/coverage.ts';
import type { Plan } from '../plan/plan.ts';
import type { World } from '../world/world.ts';
import { durableLogOf } from './durable-log.ts';
import type { Exchange } from './exchanges.ts';

/** The listed situations that a run has reached. */
export function cellsOf(
  plan: Plan,
  world: World,
  agents: RunningAgents,
  exchanges: readonly Exchange[],
  publicKey: Uint8Array,
): string[] {
  const shards = Array.from({ length: world.shards }, (_, shard) => shard);
  const events = shards.flatMap((shard) =>
    durableLogOf(world, shard, publicKey).events.map(({ event }) => event),
  );
  const { beganAtMs, calls } = agents;
  return cellsOfRun({ plan, beganAtMs, events, exchanges, calls });
}
