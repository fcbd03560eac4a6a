import type { CommandOf } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import { refuse } from '../../events/refusals.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { answered, type Context, type Decision, nameAt, recorded, stamp } from '../context.ts';
import { crisisAfter, crisisOf, hasStanding } from '../levels/standing.ts';
import { allocationsBeneath } from '../nodes/beneath.ts';
import { phaseAfter } from '../nodes/machines.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** Nothing new is admitted beneath the node until the freeze is taken off or runs out. */
export function decideFreeze(team: Team, command: CommandOf<'freeze'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  if (phaseAfter(node, 'frozen') === undefined) {
    return answered(refuse('node_closed', `${command.path} is ${node.phase}`));
  }
  return recorded({
    ...stamp('Frozen', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    freeze: command.id ?? nameAt(team, 'w', ctx.at),
    ...(command.forMs === undefined ? {} : { untilMs: ctx.atMs + command.forMs }),
    reason: command.reason ?? `by ${ctx.agent}`,
  });
}

export function decideUnfreeze(team: Team, command: CommandOf<'unfreeze'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  if (!node.freezes?.has(command.freeze)) {
    const inForce = [...(node.freezes?.keys() ?? [])].join(', ') || 'none';
    return answered(refuse('unknown_freeze', `no freeze ${command.freeze}; in force: ${inForce}`));
  }
  return recorded({
    ...stamp('Unfrozen', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    freeze: command.freeze,
    ...(node.freezes.size > 1 ? { stillFrozen: true } : {}),
  });
}

/** Stops work below a priority: told, given time to end, then fenced. */
export function decideStop(team: Team, command: CommandOf<'stop'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  if (hasStanding(node) && crisisAfter(team, node, 'stop') === undefined) {
    return answered(refuse('not_available', `${node.path} is ${crisisOf(node)}: no stop`));
  }
  const asked = command.below ?? ExecutionPriority.critical;
  const below = asked === 'all' ? null : asked;
  const agents = new Set<string>();
  let allocationCount = 0;
  for (const allocation of allocationsBeneath(node)) {
    if (below !== null && allocation.priority >= below) continue;
    allocationCount += 1;
    agents.add(allocation.agent);
  }
  return recorded({
    ...stamp('Stopped', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    stop: command.id ?? nameAt(team, 'w', ctx.at),
    below,
    ackUntilMs: ctx.atMs + (command.ackMs ?? LIMITS.stopAckMsDefault),
    allocationCount,
    agentCount: agents.size,
    reason: command.reason ?? `by ${ctx.agent}`,
  });
}

export function decideAcknowledgeStop(
  team: Team,
  command: CommandOf<'acknowledgeStop'>,
  ctx: Context,
): Decision {
  const stop = team.nodes.get(command.path)?.stops?.get(command.stop);
  if (stop === undefined) return answered(unknownStop(team, command.path, command.stop));
  if (ctx.atMs >= stop.ackUntilMs) {
    const message = `the time to acknowledge ${stop.id} is over; what had not ended was fenced`;
    return answered(refuse('lease_over', message));
  }
  return recorded({
    ...stamp('StopAcknowledged', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    stop: command.stop,
    agent: ctx.agent,
  });
}

/** Lifts a stop. */
export function decideRecover(team: Team, command: CommandOf<'recover'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node?.stops?.get(command.stop) === undefined) {
    return answered(unknownStop(team, command.path, command.stop));
  }
  if (hasStanding(node) && node.stops.size === 1 && crisisAfter(team, node, 'lift') === undefined) {
    return answered(refuse('not_available', `${node.path} is ${crisisOf(node)}: nothing to lift`));
  }
  return recorded({
    ...stamp('StopLifted', team, ctx.atMs),
    ...commandCause(command, ctx),
    path: command.path,
    stop: command.stop,
    ...(beginsSlowly(team, node) ? { slowStart: true } : {}),
  });
}

/** Whether a slow start follows when the last stop of a node is lifted. */
function beginsSlowly({ policy }: Team, node: Node): boolean {
  if (policy.recovery === null || !hasStanding(node) || node.phase !== 'open') return false;
  return node.stops?.size === 1 && (node.freezes?.size ?? 0) === 0;
}

function unknownStop(team: Team, path: string, stop: string) {
  const inForce = [...(team.nodes.get(path)?.stops?.keys() ?? [])].join(', ') || 'none';
  return refuse('unknown_stop', `no stop ${stop} on ${path}; in force: ${inForce}`);
}
