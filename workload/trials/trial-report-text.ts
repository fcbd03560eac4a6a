import { createColors } from 'picocolors';
import { WORKLOAD_LIMITS } from '../limits.ts';
import { countOf, countText, durationText, percentText, shareText } from '../number-text.ts';
import {
  type Colours,
  plainTable,
  reasonTable,
  rowLines,
  section,
  shortened,
  spreadText,
} from '../report-parts.ts';
import type { TrialReport } from './trial-report.ts';

/** A driven log of whole runs for a person at a terminal. Colours only when asked for. */
export function trialReportText(report: TrialReport, { colours }: { colours: boolean }): string {
  const paint = createColors(colours);
  const parts = [
    heading(report, paint),
    section('Rows', rowLines(report.rows, report.workload.rows, paint), paint),
    section('Why not', reasonTable(report.rows), paint),
    section('Places, recounted from the log', poolTable(report, paint), paint),
    section('Wall-time limits, recounted from the log', limitLines(report, paint), paint),
    section('Waits for a place, as recorded time', waitTable(report), paint),
    section('Books', bookLines(report, paint), paint),
    section('Speed, real time', speedLines(report), paint),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading({ workload, speed, elapsedRealMs }: TrialReport, paint: Colours): string {
  const { source, rows, swarms, teams, spanMs } = workload;
  return [
    `${paint.bold(source)}: ${countOf(rows, 'run')} in ${countOf(swarms, 'swarm')} of ` +
      `${countOf(teams, 'team')}`,
    `the longest swarm recorded over ${durationText(spanMs)}, all driven together in ` +
      `${durationText(elapsedRealMs)} (${speed} × as fast)`,
    paint.dim('scaled: durations, leases and deadlines; as recorded: amounts of compute_ms'),
    paint.dim(
      'pool of a swarm: the most runs that the record has at once; limit of an agent: when',
    ),
    paint.dim('it was killed, else the latest kill on its task; first tries of a task go first'),
  ].join('\n');
}

function poolTable({ pools, poolsExceeded }: TrialReport, paint: Colours): string {
  const table = plainTable(
    ['swarm', 'runs', 'pool', 'most at once', 'timed out', 'agents worked'],
    ['left', 'right', 'right', 'right', 'right', 'right'],
  );
  const listed = pools.slice(0, WORKLOAD_LIMITS.poolsListedMax);
  for (const { path, trials, slots, peak, timedOut, computeMs } of listed) {
    table.push([
      shortened(path),
      countText(trials),
      slots === null ? 'none' : countText(slots),
      countText(peak),
      countText(timedOut),
      durationText(computeMs),
    ]);
  }
  const left = pools.length - listed.length;
  const verdict =
    poolsExceeded.length === 0
      ? paint.green('  no pool ever had more places taken than it has')
      : paint.red(`  above their pool: ${poolsExceeded.join(', ')}`);
  const more = left > 0 ? [`  … ${countOf(left, 'more swarm')}`] : [];
  return [table.toString(), ...more, verdict].join('\n');
}

function limitLines({ workload, limits }: TrialReport, paint: Colours): string {
  const { timedOut, afterDeadlineRealMs, overstayed, ends } = limits;
  const share = shareText(timedOut, workload.rows);
  const killed = ends.killedTimedOut + ends.killedOther;
  const lines = [
    `  ${countOf(timedOut, 'agent')} timed out by the governor (${share} of the runs), after their ` +
      'deadline by',
    `  ${spreadText(afterDeadlineRealMs)} of real time`,
    `  ${countText(ends.killedTimedOut)} of the ${countText(killed)} that the record says were killed`,
    `  ${countText(ends.finishedTimedOut)} that it says ended by themselves, as close to their limit ` +
      'as the scaled clock is coarse',
  ];
  if (ends.unlimited > 0) lines.push(`  ${countText(ends.unlimited)} without a limit to go by`);
  if (ends.notBegun > 0) lines.push(`  ${countText(ends.notBegun)} that could not begin in time`);
  const verdict = `  ${countOf(overstayed, 'agent')} outlived the deadline in another way`;
  return [...lines, overstayed === 0 ? paint.green(verdict) : paint.red(verdict)].join('\n');
}

function waitTable({ waits }: TrialReport): string {
  const table = plainTable(
    ['priority', 'runs', 'waited', 'p50', 'p90', 'longest'],
    ['left', 'right', 'right', 'right', 'right', 'right'],
  );
  for (const { priority, trials, waited, p50Ms, p90Ms, maxMs } of waits) {
    const share = trials === 0 ? '–' : percentText((waited / trials) * 100);
    const times = [p50Ms, p90Ms, maxMs].map(durationText);
    table.push([priority, countText(trials), share, ...times]);
  }
  return table.toString();
}

function bookLines(report: TrialReport, paint: Colours): string {
  const { computeMs, booksDiffer, admissionsAboveLimit } = report;
  const lines = [`  ${durationText(computeMs)} of agents' work booked`];
  const differ = `  ${countOf(booksDiffer.length, 'node')} where the agents' sums and the books differ`;
  lines.push(booksDiffer.length === 0 ? paint.green(differ) : paint.red(differ));
  if (admissionsAboveLimit !== null) {
    const text = `  admissions that passed a limit: ${countText(admissionsAboveLimit)}`;
    lines.push(admissionsAboveLimit === 0 ? paint.green(text) : paint.red(text));
  }
  return lines.join('\n');
}

function speedLines({ requestRealTime, settleRealTime }: TrialReport): string {
  return [
    `  place asked for until answered, waits left out: ${spreadText(requestRealTime)}`,
    `  agent's end until settled: ${spreadText(settleRealTime)}`,
  ].join('\n');
}
