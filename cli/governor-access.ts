import { createHash } from 'node:crypto';
import { type Agent, addAgent } from '../broker/agents.ts';
import { pathsIn } from '../broker/data-folder.ts';
import { ConnectError, connect } from '../client/client.ts';
import type { GovernorAccess } from '../workload/drive-options.ts';
import { WORKLOAD_LIMITS } from '../workload/limits.ts';
import { NotReloadedError } from './errors.ts';
import { brokerAddress, connectGovernor } from './reach.ts';
import type { Session } from './session.ts';

/** Makes one agent a team, all at once, so that a server of one's own is reloaded once. */
export async function governorAccess(
  session: Session,
  teams: readonly string[],
): Promise<GovernorAccess> {
  const { dataDir } = session;
  const { url } = brokerAddress(session);
  const timeoutMs = WORKLOAD_LIMITS.commandMsMax;
  const agents = new Map<string, Agent>();
  for (const team of teams) {
    agents.set(team, await addAgent(dataDir, { name: driverOf(team), team }));
  }
  const onWarning = (warning: Error) => session.screen.aside(warning.message);
  return {
    operatorOf: (team) => connectGovernor(session, team, 'operator', timeoutMs),
    agentOf: async (team) => {
      const agent = agents.get(team);
      if (agent === undefined) throw new Error(`no agent of ${team}`);
      const { name, seed, isLive } = agent;
      try {
        return await connect({ url, agent: name, team, seed, timeoutMs, onWarning });
      } catch (error) {
        if (isLive || !(error instanceof ConnectError) || error.retryable) throw error;
        throw new NotReloadedError(name, pathsIn(dataDir).generatedConf, error);
      }
    },
  };
}

const NAME_CHARS_MAX = 64;

/** The agent that stands for all agents of a team: `driver-<team>`. */
function driverOf(team: string): string {
  const name = `driver-${team}`;
  if (name.length <= NAME_CHARS_MAX) return name;
  const hash = createHash('sha256').update(team).digest('hex').slice(0, 12);
  return `${name.slice(0, NAME_CHARS_MAX - 1 - hash.length)}-${hash}`;
}
