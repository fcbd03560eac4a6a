import path from 'node:path';
import { agentSeed, listAgents } from '../broker/agents.ts';
import { readSettings, runningServer } from '../broker/data-folder.ts';
import { type BrokerUser, readUserKey } from '../broker/keys.ts';
import { type BursarClient, connect } from '../client/client.ts';
import { NoServerError, UnknownAgentError, UsageError } from './errors.ts';
import type { Session } from './session.ts';

/** Shards of a data folder that was never started; nothing can be reached on it anyway. */
export type BrokerAddress = {
  readonly url: string;
  readonly shards: number;
};

/** Where the broker of this data folder answers: NATS_URL, else the embedded one. @throws NoServerError */
export function brokerAddress({ dataDir, env }: Session): BrokerAddress {
  const url = env['NATS_URL'] || runningServer(dataDir)?.url;
  const settings = readSettings(dataDir);
  if (url === undefined || settings === undefined) throw new NoServerError(dataDir);
  return { url, shards: settings.shards };
}

/** The NATS seed of one of the broker's own users. @throws DataFolderDamaged */
export function userSeed(dataDir: string, user: BrokerUser): string {
  return readUserKey(path.join(dataDir, 'keys', `${user}.nk`)).seed;
}

/**
 * Works with the governor of a team, as the operator or in the name of `--as`, and disconnects.
 * @throws NoServerError, UnknownAgentError, ConnectError, and what the work throws
 */
export async function withGovernor<Result>(
  session: Session,
  team: string,
  work: (client: BursarClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectGovernor(session, team, session.agent ?? 'operator');
  try {
    return await work(client);
  } finally {
    await client.disconnect({ drainMs: 500 });
  }
}

/** Connects as the operator or an agent. @throws NoServerError, UnknownAgentError, ConnectError */
export async function connectGovernor(
  session: Session,
  team: string,
  agent: string,
  timeoutMs = session.timeoutMs,
): Promise<BursarClient> {
  const { url } = brokerAddress(session);
  const { dataDir } = session;
  const seed = agent === 'operator' ? userSeed(dataDir, 'operator') : agentSeed(dataDir, agent);
  if (seed === undefined) throw new UnknownAgentError(agent, dataDir);
  const onWarning = (warning: Error) => session.screen.aside(warning.message);
  return connect({ url, agent, team, seed, timeoutMs, onWarning });
}

/**
 * The team that a command is about which names no path: `--team`, BURSAR_TEAM, the team of the
 * agent in whose name it is given, or the only team that has agents here. @throws UsageError
 */
export function teamOfSession(session: Session): string {
  if (session.team !== undefined) return session.team;
  const agents = listAgents(session.dataDir);
  const own = agents.find(({ name }) => name === session.agent);
  if (own !== undefined) return own.team;
  const teams = [...new Set(agents.map(({ team }) => team))].sort();
  const [only] = teams;
  if (only !== undefined && teams.length === 1) return only;
  const known = teams.length === 0 ? '' : ` Teams with agents here: ${teams.join(', ')}.`;
  throw new UsageError(
    `It does not say which team is meant.${known}`,
    'Name it with --team, or set BURSAR_TEAM.',
  );
}
