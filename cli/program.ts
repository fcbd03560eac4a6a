import { Command, CommanderError, type Option } from 'commander';
import { addAgentCommands } from './commands/agent.ts';
import { addAllocationCommands } from './commands/allocations.ts';
import { addApprovals } from './commands/approvals.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBalance } from './commands/balance.ts';
import { addBreakerCommands } from './commands/breakers.ts';
import { addBudgetMoves } from './commands/budget-moves.ts';
import { addDemo } from './commands/demo.ts';
import { addDistribute } from './commands/distribute.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrill } from './commands/drill.ts';
import { addEmergencies } from './commands/emergencies.ts';
import { addEmergencyCommands } from './commands/freeze-and-stop.ts';
import { addNodeCommands } from './commands/nodes.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addPools } from './commands/pools.ts';
import { addProjectionCommands } from './commands/projections.ts';
import { addQueue } from './commands/queue.ts';
import { addRequest } from './commands/request.ts';
import { addRestore } from './commands/restore.ts';
import { addStatusCommands } from './commands/status.ts';
import { addUp } from './commands/up.ts';
import { addWatch } from './commands/watch.ts';
import { addWindowCommands } from './commands/windows.ts';
import { addWorkload } from './commands/workload.ts';
import { UsageError } from './errors.ts';
import { EXIT, EXIT_HELP, type ExitCode } from './exit-codes.ts';
import { Screen } from './screen.ts';
import { newRunner, type Runner, type Surroundings, showError } from './session.ts';

/** In the order of the help. */
const GROUPS: readonly [
  heading: string,
  adds: readonly ((to: Command, runner: Runner) => void)[],
][] = [
  ['Start:', [addUp, addDemo, addWorkload]],
  ['Look:', [addBalance, addPools, addWatch, addQueue, addStatusCommands, addEmergencies]],
  ['Ask and settle:', [addRequest, addAllocationCommands, addApprovals]],
  [
    'Operate:',
    [
      addNodeCommands,
      addWindowCommands,
      addBudgetMoves,
      addPolicyCommands,
      addDistribute,
      addEmergencyCommands,
      addBreakerCommands,
      addAgentCommands,
    ],
  ],
  ['Check:', [addAuditCommands, addProjectionCommands, addRestore, addDrill, addDoctor]],
];

/**
 * Runs one command line.
 * @param args without node and the script
 * @returns the exit code; nothing of the command is left running
 */
export async function runCli(
  args: readonly string[],
  surroundings: Surroundings = process,
): Promise<ExitCode> {
  const runner = newRunner(surroundings);
  const program = newProgram(runner);
  try {
    await program.parseAsync(args, { from: 'user' });
    return runner.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return endOfParsing(error, args, surroundings);
  }
}

function newProgram(runner: Runner): Command {
  const { stdout, stderr } = runner.surroundings;
  const program = new Command('bursar')
    .description('Budgets for AI agent swarms that cannot be overspent.')
    .option('--data <dir>', 'data folder (default: BURSAR_DATA, else .bursar)')
    .option('--as <agent>', 'act in the name of an agent of this data folder, not as the operator')
    .option('--team <name>', 'team, for commands that name no path (default: BURSAR_TEAM)')
    .option('--timeout <duration>', 'longest wait for an answer (default: 5s)')
    .option('--json', 'print one JSON document, or JSON lines, and nothing else')
    .option('--verbose', 'show stacks of errors and the log of the writer')
    .addHelpText(
      'after',
      () => `\nNATS_URL: use a broker of your own instead of the embedded one.\n\n${EXIT_HELP}`,
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => {},
    })
    .configureHelp({
      showGlobalOptions: true,
      sortSubcommands: false,
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace('[options] ', '')}`.trimEnd(),
      optionTerm: (option: Option) => option.flags,
    });
  for (const [heading, adds] of GROUPS) {
    program.commandsGroup(heading);
    for (const add of adds) add(program, runner);
  }
  return program;
}

/** Help asked for is no error; a command line that cannot be understood is one of usage. */
function endOfParsing(
  error: CommanderError,
  args: readonly string[],
  { stdout, stderr, env }: Surroundings,
): ExitCode {
  if (error.exitCode === 0 || error.code === 'commander.help') {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const isJson = args.includes('--json');
  const screen = new Screen({ isJson, stdout, stderr, env });
  const message = error.message.replace(/^error: /, '').replace(/\.?(\n.*)?$/s, '');
  const hint = /Did you mean .*\?/.exec(error.message)?.[0];
  const usage = new UsageError(
    `${message}.`,
    `${hint === undefined ? '' : `${hint} `}\`bursar --help\` lists the commands, \`bursar COMMAND --help\` its options.`,
  );
  showError(screen, stderr, usage, args.includes('--verbose'));
  return EXIT.usage;
}
