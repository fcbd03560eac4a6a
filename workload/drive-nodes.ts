import type { BursarClient } from '../client/client.ts';
import { RefusedError } from '../client/errors.ts';
import type { AnswerOf } from '../events/answers.ts';
import type { ResourceLimits } from '../events/commands.ts';
import type { Amounts } from '../events/resources.ts';
import type { GovernorAccess } from './drive-options.ts';
import type { NodeOutcome } from './outcome.ts';

/** Ceilings as the governor takes them. */
export function limitsFrom(caps: Amounts): ResourceLimits {
  return Object.fromEntries(Object.entries(caps).map(([name, limit]) => [name, { limit }]));
}

/**
 * Makes a team ready to be driven: connects its agent, opens team and swarms, and enrols the agent
 * for all of it. The caller disconnects the agent.
 *
 * @param nodes the team and its swarms, the team first
 * @param spentBefore gets what had been spent on each of them before, by path
 */
export async function openTeam(
  governor: GovernorAccess,
  team: string,
  nodes: readonly { readonly path: string; readonly caps: Amounts }[],
  spentBefore: Map<string, Amounts>,
): Promise<BursarClient> {
  const operator = await governor.operatorOf(team);
  const agent = await governor.agentOf(team).catch(async (error: unknown) => {
    await operator.disconnect();
    throw error;
  });
  try {
    for (const { path, caps } of nodes) {
      spentBefore.set(path, await openOrReuse(operator, path, caps));
    }
    await operator.enrol({ agent: agent.agent, role: 'agent', prefix: team });
    return agent;
  } catch (error) {
    await agent.disconnect();
    throw error;
  } finally {
    await operator.disconnect();
  }
}

/**
 * Opens a team or swarm with its caps. One that is open already stays as it is, but for the
 * resources that the caps name.
 *
 * @returns what had been spent on it before, by resource, descendants included
 * @throws RefusedError
 */
async function openOrReuse(client: BursarClient, path: string, caps: Amounts): Promise<Amounts> {
  try {
    await client.open(path, { limits: limitsFrom(caps) });
    return {};
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'node_exists') throw error;
  }
  if (Object.keys(caps).length > 0) await client.setLimits(path, limitsFrom(caps));
  return spentOn(await client.balance(path));
}

/** How a node ended by the governor's own books. `before`: what had been spent on it already. */
export function nodeOutcomeOf(
  balance: AnswerOf<'balance'>,
  before: Amounts,
  peak: Amounts,
): NodeOutcome {
  const caps: Record<string, number> = {};
  const used: Record<string, number> = {};
  for (const { resource, limit } of balance.lines) if (limit !== null) caps[resource] = limit;
  for (const [resource, spent] of Object.entries(spentOn(balance))) {
    const amount = spent - (before[resource] ?? 0);
    if (amount !== 0) used[resource] = amount;
  }
  return { path: balance.path, caps, used, peak };
}

function spentOn({ lines }: AnswerOf<'balance'>): Amounts {
  return Object.fromEntries(lines.map(({ resource, spentTree }) => [resource, spentTree]));
}
