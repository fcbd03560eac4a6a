import type { Refusal } from '../events/answers.ts';
import type { CommandOf, ResourceLimits } from '../events/commands.ts';
import type { BursarEvent } from '../events/events.ts';
import { refuse } from '../events/refusals.ts';
import { type Registry, resourceTypeOf } from '../events/resources.ts';
import { commandCause } from './allocations/decide-settle.ts';
import { answered, type Context, type Decision, stamp } from './context.ts';
import { impossibleReserve } from './reserves/refuse-reserve.ts';
import type { Team } from './team.ts';

/**
 * Sets the team's policy. A resource keeps its class while it is used; one that is exclusive has
 * the limit 1 for the whole team, which is recorded as any other limit.
 */
export function decideSetPolicy(
  team: Team,
  command: CommandOf<'setPolicy'>,
  ctx: Context,
): Decision {
  const { path, policy, ifVersion = team.policyVersion } = command;
  if (path !== team.name) return answered(ofTheTeam(team));
  if (ifVersion !== team.policyVersion) return answered(conflictOf(team, ifVersion));
  const refused = changedInUse(team, policy.resources);
  if (refused !== undefined) return answered(refused);
  const version = team.policyVersion + 1;
  const { preset, comment } = command;
  const impossible = impossibleReserve(team, policy);
  if (impossible !== undefined) return answered(impossible);
  if (command.dryRun) return answered({ outcome: 'would_set_policy', version });
  const events: BursarEvent[] = [
    {
      ...stamp('PolicySet', team, ctx.atMs),
      ...commandCause(command, ctx),
      policy,
      version,
      ...(preset === undefined ? {} : { preset }),
      ...(comment === undefined ? {} : { comment }),
    },
  ];
  const root = team.nodes.get(team.name);
  const limits = exclusiveLimits(policy.resources);
  for (const resource of Object.keys(limits)) {
    if ((root?.accounts.get(resource)?.limit ?? Infinity) <= 1) delete limits[resource];
  }
  if (root !== undefined && Object.keys(limits).length > 0) {
    events.push({ ...stamp('LimitsSet', team, ctx.atMs), path, limits });
  }
  return { events };
}

/** The policy in force, its version, and who set it. */
export function decidePolicy(team: Team, command: CommandOf<'policy'>, ctx: Context): Decision {
  if (command.path !== team.name) return answered(ofTheTeam(team));
  const { policyVersion: version, policy, policyNote } = team;
  if (policyNote === null) return answered({ outcome: 'policy', version, policy });
  const { by, atMs, preset, comment } = policyNote;
  return answered({
    outcome: 'policy',
    version,
    policy,
    setMsAgo: ctx.atMs - atMs,
    ...(by === undefined ? {} : { by }),
    ...(preset === undefined ? {} : { preset }),
    ...(comment === undefined ? {} : { comment }),
  });
}

function ofTheTeam(team: Team): Refusal {
  return refuse('malformed', `policy is the team's: path must be ${team.name}`);
}

function conflictOf(team: Team, ifVersion: number): Refusal {
  const { policyVersion, policyNote } = team;
  const by = policyNote?.by === undefined ? '' : `, set by ${policyNote.by}`;
  return refuse('version_conflict', `version ${policyVersion} is in force${by}, not ${ifVersion}`);
}

/** The limits that follow from what is exclusive: 1 for the whole team. */
export function exclusiveLimits(registry: Registry): ResourceLimits {
  const limits: ResourceLimits = {};
  for (const [resource, { exclusive }] of Object.entries(registry)) {
    if (exclusive) limits[resource] = { limit: 1 };
  }
  return limits;
}

/** Refuses a limit that would let more than one have what is exclusive. */
export function sharedExclusive(
  team: Team,
  path: string,
  limits: ResourceLimits,
): Refusal | undefined {
  for (const [resource, { limit }] of Object.entries(limits)) {
    if (!resourceTypeOf(resource, team.policy.resources)?.exclusive || limit === undefined)
      continue;
    if (limit === null ? path !== team.name : limit <= 1) continue;
    return refuse(
      'exclusive_resource',
      `${resource} is exclusive: ${limit ?? 'no'} limit on ${path}`,
    );
  }
  return undefined;
}

/** Refuses to change or take away the class of a resource of which there are books. */
function changedInUse(team: Team, next: Registry): Refusal | undefined {
  const { resources: now } = team.policy;
  for (const resource of new Set([...Object.keys(now), ...Object.keys(next)])) {
    const before = resourceTypeOf(resource, now)?.class;
    const after = resourceTypeOf(resource, next)?.class;
    if (before === undefined || before === after || !isUsed(team, resource)) continue;
    const what = after === undefined ? 'would be unknown' : `would be a ${after}`;
    return refuse('resource_in_use', `${resource} is a ${before} in use, and ${what}`);
  }
  return undefined;
}

/** Whether a resource is in any books or asks; what a node beneath has, the team's own has too. */
function isUsed(team: Team, resource: string): boolean {
  if (team.nodes.get(team.name)?.accounts.has(resource)) return true;
  for (const node of team.nodes.values()) if (node.rates?.has(resource)) return true;
  for (const { reported } of team.allocations.values()) if (resource in reported) return true;
  for (const { ask } of team.waiting.values()) if (resource in ask.items) return true;
  for (const { ask } of team.approvals.values()) if (resource in ask.items) return true;
  return false;
}
