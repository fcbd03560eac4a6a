import type { Command } from 'commander';
import { NO_BUDGETS } from '../../workload/budgets.ts';
import { tagged } from '../../workload/drive-tag.ts';
import { countText } from '../../workload/number-text.ts';
import { type Plan, planRows, type SwarmOrder } from '../../workload/plan.ts';
import { readRows } from '../../workload/row-file.ts';
import { isTrialFile } from '../../workload/trials/trial-file.ts';
import { type DriveTexts, driveSettings, withDriveOptions } from '../drive-options.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import type { ExitCode } from '../exit-codes.ts';
import { brokerAddress } from '../reach.ts';
import type { Screen } from '../screen.ts';
import type { Runner, Session } from '../session.ts';
import { readTrialPlan, trialSettings } from '../trial-options.ts';

type WorkloadTexts = DriveTexts & {
  readonly swarms: string;
  readonly tag?: string;
  readonly audit?: boolean;
};

export function addWorkload(program: Command, { run }: Runner): void {
  const command = program
    .command('workload <file>')
    .description('drive a recorded workload through the running governor, and report');
  withDriveOptions(command, 'max')
    .option('--swarms <order>', 'together, or one-after-another', 'together')
    .option('--tag <name>', 'put behind the names of its swarms, to drive a file once more')
    .option('--audit', 'verify the log afterwards and recount every admission from it')
    .addHelpText(
      'after',
      `${examples(
        'workload steps.jsonl.gz --run-cap 1.00 --swarm-cap 100',
        'workload steps.jsonl --speed 60 --budget budget.yaml',
        'workload steps.jsonl --swarm-concurrency 4 --on-deny skip --tag again',
      )}\n\n${ROWS_HELP}`,
    )
    .action(run(workload));
}

const ROWS_HELP = [
  'A row a line, as JSON; absent fields are allowed:',
  '  {"t_ms":14000,"team":"acme","swarm":"research","run":"42","step":0,"kind":"llm",',
  '   "model":"gpt-4o-mini","tokens_in":850,"tokens_out":282,"cost_usd":0.0003,"duration_ms":1900}',
  't_ms is when the step was completed. One agent a team asks for all runs of the team.',
  '',
  'Or a whole run a line, with when it started, and its times; then places of a pool are driven:',
  '  {"t_ms":0,"team":"acme","swarm":"bench","run":"task-a.1-of-5","task":"task-a",',
  '   "setup_ms":9000,"agent_ms":61000,"total_ms":75000,"failure_mode":"agent_timeout"}',
].join('\n');

async function workload(
  session: Session,
  options: WorkloadTexts,
  file: string,
): Promise<ExitCode | undefined> {
  brokerAddress(session);
  if (await isTrialFile(file)) {
    const { driveTrialsAndReport } = await import('../drive-trials-and-report.ts');
    const isAudited = options.audit === true;
    const settings = trialSettings(options);
    const plan = await readTrialPlan(session.screen, file, options.tag);
    const folder = options.report;
    return driveTrialsAndReport(session, { source: file, plan, settings, folder, isAudited });
  }
  const settings = await driveSettings(options, { speed: 'max', budgets: NO_BUDGETS });
  const plan = await readPlan(session.screen, file, orderFrom(options.swarms));
  const renamed =
    options.tag === undefined
      ? { plan, budgets: settings.budgets }
      : tagged(options.tag, plan, settings.budgets);
  // Loaded here alone: what draws the picture takes longer to load than most commands run.
  const { driveAndReport } = await import('../drive-and-report.ts');
  return driveAndReport(session, {
    source: file,
    plan: renamed.plan,
    settings: { ...settings, budgets: renamed.budgets },
    folder: options.report,
    isAudited: options.audit === true,
  });
}

/** Reads and plans a file, telling how far it is. @throws WorkloadFileError */
export async function readPlan(
  screen: Screen,
  file: string,
  swarmOrder: SwarmOrder,
): Promise<Plan> {
  let rows = 0;
  const counted = async function* () {
    for await (const row of readRows(file)) {
      rows += 1;
      screen.progress(() => `reading ${file}: ${countText(rows)} rows`);
      yield row;
    }
  };
  return planRows(counted(), { swarmOrder });
}

function orderFrom(text: string): SwarmOrder {
  if (text === 'together' || text === 'one-after-another') return text;
  throw new UsageError(`--swarms: '${text}' is no order.`, 'Write together or one-after-another.');
}
