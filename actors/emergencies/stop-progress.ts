import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { StopView } from '../../events/stop-view.ts';
import { stamp } from '../context.ts';
import type { Stop } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/**
 * The verification of a stop (X-04, semantics §6.7): recorded once all that it concerned has ended
 * and nobody waits beneath it any more, with what became of them.
 */
export function stopCompleted(
  team: Team,
  path: string,
  stop: Stop,
  atMs: number,
): EventOf<'StopCompleted'> {
  const { id, allocationCount, agents, fencedCount, fencedAgents } = stop;
  const silent = silentOf(stop);
  return {
    ...stamp('StopCompleted', team, atMs),
    path,
    stop: id,
    fencedCount,
    allocationCount,
    agentCount: agents.size,
    acknowledgedCount: agents.size - silent.length,
    unacknowledged: firstOf(silent),
    fencedAgents: firstOf([...fencedAgents]),
  };
}

/** How far a stop in force has come; durations are from now, 0 once past. */
export function stopView(stop: Stop, nowMs: number): StopView {
  const silent = silentOf(stop);
  return {
    stop: stop.id,
    below: stop.below,
    ackInMs: Math.max(0, stop.ackUntilMs - nowMs),
    allocations: stop.allocationCount,
    remaining: stop.remainingCount,
    fenced: stop.fencedCount,
    agents: stop.agents.size,
    acknowledged: stop.agents.size - silent.length,
    unacknowledged: firstOf(silent),
    complete: stop.isComplete,
  };
}

/** Agents that it concerns and that have not acknowledged it. */
function silentOf({ agents, acknowledgedBy }: Stop): string[] {
  return [...agents].filter((agent) => !acknowledgedBy.has(agent));
}

function firstOf(names: string[]): string[] {
  return names.sort().slice(0, LIMITS.stopAgentsNamedMax);
}
