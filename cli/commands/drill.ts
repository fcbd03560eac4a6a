import type { Command } from 'commander';
import { durationText } from '../../workload/number-text.ts';
import { differenceText } from '../check-team.ts';
import type { DrillReport } from '../drill.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { brokerAddress } from '../reach.ts';
import type { Colours } from '../screen.ts';
import type { Runner, Session } from '../session.ts';
import { tableText } from '../tables.ts';

const DIFFERENCES_SHOWN_MAX = 10;

export function addDrill(program: Command, { run }: Runner): void {
  program
    .command('drill')
    .description('rehearse a disaster: export, restore and serve a copy, compare every balance')
    .option('--keep', 'leave the export and the restored folder there')
    .addHelpText('after', examples('drill', 'drill --json'))
    .action(run(rehearse));
}

async function rehearse(
  session: Session,
  { keep }: { readonly keep?: boolean },
): Promise<ExitCode> {
  const { screen, signal } = session;
  brokerAddress(session);
  // Loaded here alone: other commands need no writer.
  const { drill } = await import('../drill.ts');
  const report = await drill(session, keep === true);
  if (signal.aborted) return EXIT.interrupted;
  screen.result(report, () => reportText(report, screen.paint));
  return report.ok ? EXIT.ok : EXIT.failed;
}

function reportText(report: DrillReport, paint: Colours): string {
  const { ok, steps, recoveryMs, differences, kept } = report;
  const rows = steps.map((one) => [
    one.ok ? paint.green('✓') : paint.red('✗'),
    one.step,
    (one.ms / 1000).toFixed(1),
    one.detail,
  ]);
  const lines = [tableText(['', 'step', 's', ''], rows, ['left', 'left', 'right', 'left'], paint)];
  for (const difference of differences.slice(0, DIFFERENCES_SHOWN_MAX)) {
    lines.push(paint.red(`${difference.writer}: ${differenceText(difference)}`));
  }
  const leftOut = differences.length - DIFFERENCES_SHOWN_MAX;
  if (leftOut > 0) lines.push(`… ${leftOut} more with --json`);
  lines.push(
    ok && recoveryMs !== undefined
      ? `${paint.green('passed')}: from the export to a copy that serves in ${durationText(recoveryMs)}`
      : paint.red('failed'),
  );
  if (kept !== undefined) lines.push(`kept in ${kept}; never let it serve agents`);
  return lines.join('\n');
}
