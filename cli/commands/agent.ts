import type { Command } from 'commander';
import { addAgent, listAgents, removeAgent } from '../../broker/agents.ts';
import { pathsIn } from '../../broker/data-folder.ts';
import { RefusedError } from '../../client/errors.ts';
import { teamOf } from '../../events/names.ts';
import { Role } from '../../events/roles.ts';
import { priorityFrom } from '../ask-options.ts';
import { UnknownAgentError, UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { connectGovernor, teamOfSession } from '../reach.ts';
import type { Runner, Session } from '../session.ts';
import { tableText } from '../tables.ts';
import { nodePath } from '../values.ts';

type AddOptions = {
  readonly role: string;
  readonly prefix?: string;
  readonly priorityMax?: string;
};

export function addAgentCommands(program: Command, { run }: Runner): void {
  const agent = program.command('agent').description('who may ask: add, list and remove agents');
  agent
    .command('add <name>')
    .description('make a key for an agent and record what it may do; the broker goes on running')
    .option('--role <role>', Role.options.join(', '), 'agent')
    .option('--prefix <path>', 'it acts on this node and beneath it (default: the team)')
    .option('--priority-max <name>', 'highest priority that it may claim')
    .addHelpText(
      'after',
      examples(
        'agent add wile --team acme',
        'agent add boss --team acme --role lead --prefix acme/research --priority-max critical',
      ),
    )
    .action(run(add));
  agent
    .command('list')
    .description('the agents of this data folder')
    .addHelpText('after', examples('agent list'))
    .action(run(list));
  agent
    .command('remove <name>')
    .description('take an agent its role and its key; its connections are closed')
    .addHelpText('after', examples('agent remove wile'))
    .action(run(remove));
}

async function add(session: Session, options: AddOptions, name: string): Promise<ExitCode> {
  const { screen, dataDir } = session;
  const role = roleFrom(options.role);
  const prefix = options.prefix === undefined ? undefined : nodePath(options.prefix);
  const { priorityMax } = options;
  const team = session.team ?? (prefix === undefined ? teamOfSession(session) : teamOf(prefix));
  if (prefix !== undefined && teamOf(prefix) !== team) {
    // A key that is made is there to stay: what cannot be enrolled gets none.
    throw new UsageError(
      `--prefix: ${prefix} is of team ${teamOf(prefix)}, and the agent is to be of ${team}.`,
      `Name a node of ${team}, or --team ${teamOf(prefix)}.`,
    );
  }
  const operator = await connectGovernor(session, team, 'operator');
  try {
    const made = await addAgent(dataDir, { name, team });
    const enrolled = await operator.enrol({
      agent: name,
      role,
      prefix: prefix ?? team,
      ...(priorityMax === undefined
        ? {}
        : { priorityMax: priorityFrom(priorityMax, '--priority-max') }),
    });
    const keyFile = `${pathsIn(dataDir).agentKeys}/${name}.nk`;
    const { publicKey, isLive } = made;
    const json = { ...enrolled, team, publicKey, keyFile, isLive };
    screen.result(json, () =>
      [
        `${screen.paint.green('added')} ${name} of ${team} as ${role} beneath ${enrolled.prefix}`,
        `  its key: ${keyFile}`,
        ...(isLive ? [] : [notLiveText(dataDir)]),
      ].join('\n'),
    );
    return EXIT.ok;
  } finally {
    await operator.disconnect();
  }
}

/** Only an embedded broker can be told by us. */
function notLiveText(dataDir: string): string {
  const { generatedConf } = pathsIn(dataDir);
  return `  your nats-server knows it when it reads ${generatedConf} again: nats-server --signal reload`;
}

async function list({ screen, dataDir }: Session): Promise<ExitCode> {
  const agents = listAgents(dataDir);
  screen.result(agents, () =>
    agents.length === 0
      ? 'no agents yet; make one: bursar agent add NAME --team TEAM'
      : tableText(
          ['agent', 'team', 'public key'],
          agents.map(({ name, team, publicKey }) => [name, team, publicKey]),
          ['left', 'left', 'left'],
          screen.paint,
        ),
  );
  return EXIT.ok;
}

async function remove(session: Session, _options: object, name: string): Promise<ExitCode> {
  const { screen, dataDir } = session;
  const known = listAgents(dataDir).find((agent) => agent.name === name);
  if (known === undefined) throw new UnknownAgentError(name, dataDir);
  const operator = await connectGovernor(session, known.team, 'operator');
  try {
    await operator.dismiss(name).catch((error: unknown) => {
      // Its key was made, but it never got a role.
      if (!(error instanceof RefusedError) || error.code !== 'unknown_id') throw error;
    });
    await removeAgent(dataDir, name);
  } finally {
    await operator.disconnect();
  }
  screen.result({ outcome: 'removed', agent: name, team: known.team }, () => `removed ${name}`);
  return EXIT.ok;
}

function roleFrom(text: string): Role {
  const parsed = Role.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--role: '${text}' is no role.`, `Roles are ${Role.options.join(', ')}.`);
}
