import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathsIn, readSettings, runningServer, writeServerConf } from './data-folder.ts';
import { AgentRefused, DataFolderDamaged } from './errors.ts';
import { type AgentEntry, generatedConf } from './generated-conf.ts';
import { BROKER_USERS, ensureKeys, ensureUserKey, readUserKey } from './keys.ts';
import { withFolderLock } from './lock.ts';
import { reloadServer } from './reload.ts';
import { createFile } from './write-file.ts';

/** An agent with the means to connect. The seed is secret. */
export type Agent = AgentEntry & {
  readonly seed: string;
  /** False when no embedded broker runs: the next start, or a server of your own, takes it up. */
  readonly isLive: boolean;
};

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const LOCK_WAIT_MS = 10_000;

/**
 * Adds an agent: makes its key (`<data>/keys/agents/<name>.nk`), and lets a running embedded
 * broker take it up without dropping a connection. The same name and team again changes nothing.
 *
 * @throws AgentRefused for a name or team that is no token of `A–Z a–z 0–9 _ -` (1 to 64), a name
 *   of the broker's own users, or a name that is there with another team
 * @throws BrokerNotReady when the running broker refuses the new configuration
 */
export async function addAgent(
  dataDir: string,
  asked: { readonly name: string; readonly team: string },
): Promise<Agent> {
  checkTokens(asked.name, asked.team);
  checkHasStarted(dataDir);
  return withFolderLock(dataDir, 'agents', LOCK_WAIT_MS, async () => {
    const paths = pathsIn(dataDir);
    const known = readAgent(dataDir, asked.name);
    if (known !== undefined && known.team !== asked.team) {
      throw new AgentRefused(
        `Agent '${asked.name}' belongs to team '${known.team}'. Choose another name, or remove ` +
          'it first.',
      );
    }
    mkdirSync(paths.agents, { recursive: true, mode: 0o700 });
    mkdirSync(paths.agentKeys, { recursive: true, mode: 0o700 });
    const key = ensureUserKey(path.join(paths.agentKeys, `${asked.name}.nk`));
    const entry: AgentEntry = { name: asked.name, team: asked.team, publicKey: key.publicKey };
    createFile(path.join(paths.agents, `${asked.name}.json`), `${JSON.stringify(entry)}\n`, 0o600);
    return { ...entry, seed: key.seed, isLive: await applyConf(dataDir) };
  });
}

/** The agents of a data folder, by name. */
export function listAgents(dataDir: string): AgentEntry[] {
  const { agents } = pathsIn(dataDir);
  if (!existsSync(agents)) return [];
  return readdirSync(agents)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => parseAgent(path.join(agents, file)));
}

/** The seed of an agent; undefined when there is no such agent. */
export function agentSeed(dataDir: string, name: string): string | undefined {
  if (!TOKEN.test(name) || readAgent(dataDir, name) === undefined) return undefined;
  return readUserKey(path.join(pathsIn(dataDir).agentKeys, `${name}.nk`)).seed;
}

/**
 * Removes an agent and its key; a running embedded broker closes its connections.
 *
 * @returns false when there is no such agent
 * @throws BrokerNotReady when the running broker refuses the new configuration
 */
export async function removeAgent(dataDir: string, name: string): Promise<boolean> {
  return withFolderLock(dataDir, 'agents', LOCK_WAIT_MS, async () => {
    if (!TOKEN.test(name) || readAgent(dataDir, name) === undefined) return false;
    const paths = pathsIn(dataDir);
    rmSync(path.join(paths.agents, `${name}.json`));
    rmSync(path.join(paths.agentKeys, `${name}.nk`), { force: true });
    await applyConf(dataDir);
    return true;
  });
}

/** Writes the server's configuration anew; true when a running broker has taken it up. */
async function applyConf(dataDir: string): Promise<boolean> {
  const settings = readSettings(dataDir);
  if (settings === undefined) return false;
  const keys = ensureKeys(dataDir, false);
  writeServerConf(dataDir, generatedConf(keys.users, settings.shards, listAgents(dataDir)));
  const server = runningServer(dataDir);
  if (server === undefined) return false;
  await reloadServer(server.pid, pathsIn(dataDir).log);
  return true;
}

function checkTokens(name: string, team: string): void {
  for (const [what, value] of [
    ['name', name],
    ['team', team],
  ]) {
    if (!TOKEN.test(value ?? '')) {
      throw new AgentRefused(
        `'${value}' cannot be the ${what} of an agent: use 1 to 64 of A–Z a–z 0–9 _ -.`,
      );
    }
  }
  if ((BROKER_USERS as readonly string[]).includes(name)) {
    throw new AgentRefused(`'${name}' is a user of the broker itself. Choose another name.`);
  }
}

function checkHasStarted(dataDir: string): void {
  if (readSettings(dataDir) === undefined) {
    throw new AgentRefused(`${dataDir} is not set up yet. Start a broker on it: \`bursar up\`.`);
  }
}

function readAgent(dataDir: string, name: string): AgentEntry | undefined {
  const file = path.join(pathsIn(dataDir).agents, `${name}.json`);
  return existsSync(file) ? parseAgent(file) : undefined;
}

function parseAgent(file: string): AgentEntry {
  try {
    const { name, team, publicKey } = JSON.parse(readFileSync(file, 'utf8'));
    if (TOKEN.test(name) && TOKEN.test(team) && /^U[A-Z2-7]{55}$/.test(publicKey)) {
      return { name, team, publicKey };
    }
  } catch (cause) {
    throw new DataFolderDamaged(file, 'not readable. Restore it, or delete it.', cause);
  }
  throw new DataFolderDamaged(file, 'not an agent. Restore it, or delete it.');
}
