import { createColors } from 'picocolors';
import type { CapResult } from './cap-results.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import { usdText } from './money.ts';
import {
  amountText,
  countOf,
  countText,
  durationText,
  percentText,
  shareText,
} from './number-text.ts';
import type { NodeOutcome } from './outcome.ts';
import { nodesOfTier, type WorkloadReport } from './report.ts';
import {
  type Colours,
  plainTable,
  reasonTable,
  rowLines,
  section,
  shortened,
  spreadText,
} from './report-parts.ts';

/** A driven workload for a person at a terminal. Colours only when asked for. */
export function reportText(report: WorkloadReport, { colours }: { colours: boolean }): string {
  const paint = createColors(colours);
  const parts = [
    heading(report, paint),
    section('Rows', rowLines(report.rows, report.workload.rows, paint), paint),
    section('Why not', reasonTable(report.rows), paint),
    section('Spend against budget', spendTable(report), paint),
    section('Beyond the caps', capTable(report, paint), paint),
    section('Holds', holdLines(report, paint), paint),
    section('Contention', contentionLines(report), paint),
    section('Emergencies', emergencyLines(report), paint),
    section('Speed', speedLines(report), paint),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(report: WorkloadReport, paint: Colours): string {
  const { source, rows, runs, swarms, teams, spanMs, peakOverlap } = report.workload;
  const speed = report.speed === 'max' ? 'without pauses' : `${report.speed} × as fast`;
  return [
    `${paint.bold(source)}: ${countOf(rows, 'step')} of ${countOf(runs, 'run')} in ` +
      `${countOf(swarms, 'swarm')} of ${countOf(teams, 'team')}`,
    `recorded over ${durationText(spanMs)} with up to ${countOf(peakOverlap, 'run')} at once, ` +
      `driven in ${durationText(report.elapsedMs)} (${speed})`,
    paint.dim(`prices: ${report.priceBook}`),
  ].join('\n');
}

function spendTable(report: WorkloadReport): string {
  const table = plainTable(
    ['node', 'spent', 'budget', 'used', 'peak held + spent'],
    ['left', 'right', 'right', 'right', 'right'],
  );
  for (const tier of ['team', 'swarm'] as const) {
    const nodes = nodesOfTier(report, tier);
    const listed = nodes.slice(0, WORKLOAD_LIMITS.nodesListedMax);
    for (const node of listed) table.push(spendRow(node));
    const rest = nodes.slice(listed.length);
    if (rest.length > 0) table.push([`… ${countOf(rest.length, `more ${tier}`)}`, spent(rest)]);
  }
  const runs = nodesOfTier(report, 'run');
  const [dearest] = runs;
  if (dearest === undefined) return table.toString();
  table.push([`${countOf(runs.length, 'run')}, together`, spent(runs)]);
  table.push(spendRow(dearest, 'dearest run: '));
  return table.toString();
}

function spendRow({ path, used, caps, peak }: NodeOutcome, label = ''): string[] {
  const usedMicro = used['credits'] ?? 0;
  const cap = caps['credits'];
  const peakMicro = peak['credits'];
  return [
    `${label}${shortened(path)}`,
    usdText(usedMicro),
    cap === undefined ? 'none' : usdText(cap),
    cap === undefined ? '–' : shareText(usedMicro, cap),
    peakMicro === undefined ? '–' : usdText(peakMicro),
  ];
}

function spent(nodes: readonly NodeOutcome[]): string {
  return usdText(nodes.reduce((sum, node) => sum + (node.used['credits'] ?? 0), 0));
}

function capTable(report: WorkloadReport, paint: Colours): string {
  if (report.caps.length === 0) return '  no caps on what can be spent';
  const table = plainTable(
    ['cap', '', 'nodes', 'beyond it', 'worst', 'in all'],
    ['left', 'left', 'right', 'right', 'right', 'right'],
  );
  for (const { tier, resource, bursar, checkThenCharge } of report.caps) {
    const name = `${tier}, ${resource === 'credits' ? 'credits' : resource.replace('_', ' ')}`;
    if (bursar !== null) table.push([name, 'Bursar', ...capCells(bursar, paint)]);
    const label = bursar === null ? name : '';
    if (checkThenCharge === null) continue;
    table.push([label, 'check, then charge', ...capCells(checkThenCharge, paint)]);
  }
  const soft = report.checkThenCharge;
  return [
    table.toString(),
    `  check, then charge = a soft cap, on the same rows: it lets a call through while the counter`,
    `  is below the cap and adds what the call cost afterwards. It would have let through ` +
      `${countOf(soft.admittedRows, 'row')}`,
    `  for ${usdText(soft.used['credits'] ?? 0)}.`,
    ...overrunNote(report),
  ].join('\n');
}

/** A cap is a bound of what is admitted; what a provider bills beyond the ask is booked as it is. */
function overrunNote({ caps }: WorkloadReport): string[] {
  if (caps.every(({ bursar }) => bursar === null || bursar.over === 0)) return [];
  return [
    '  What Bursar has beyond a cap was not admitted: calls used more than they had asked for, and',
    '  what was used is booked in full. See "used beyond the hold" below.',
  ];
}

function capCells(result: CapResult, paint: Colours): string[] {
  const { resource, nodes, over, worst, totalOver } = result;
  if (worst === null) return [countText(nodes), paint.green('0'), '–', '–'];
  const percent = worst.percent === null ? 'cap is 0' : `+ ${percentText(worst.percent)}`;
  return [countText(nodes), paint.red(countText(over)), percent, amountText(resource, totalOver)];
}

function holdLines(report: WorkloadReport, paint: Colours): string {
  const { held, used, unspent, overrun } = report.credits;
  const { admissionsAboveLimit, booksDiffer } = report;
  const lines = [
    `  held before the calls ${usdText(held)}, really used ${usdText(used)}`,
    `  held but unspent, given back at once: ${usdText(unspent)} (${shareText(unspent, held)} of what was held)`,
    `  used beyond the hold, booked in full: ${usdText(overrun)}`,
  ];
  if (admissionsAboveLimit !== null) {
    const text = `  admissions that passed a limit: ${countText(admissionsAboveLimit)}`;
    lines.push(admissionsAboveLimit === 0 ? paint.green(text) : paint.red(text));
  }
  if (booksDiffer.length > 0) {
    const names = booksDiffer.slice(0, WORKLOAD_LIMITS.nodesListedMax).join(', ');
    const text = `  ${countOf(booksDiffer.length, 'node')} where the agents' sums and the books differ`;
    lines.push(paint.red(`${text}: ${names}`));
  }
  return lines.join('\n');
}

function contentionLines({ queue, preemptions }: WorkloadReport): string {
  const waited =
    queue.count === 0
      ? '  nobody had to wait'
      : `  ${countOf(queue.count, 'row')} waited: ${spreadText(queue)}`;
  const { requested, taken, requeued } = preemptions;
  const preempted =
    requested === 0
      ? '  no preemptions'
      : `  preemption: ${countOf(requested, 'allocation')} asked to yield, ` +
        `${countText(taken)} taken, ${countText(requeued)} put back into the queue`;
  return `${waited}\n${preempted}`;
}

function emergencyLines({ emergencies }: WorkloadReport): string {
  if (emergencies.length === 0) return '  none';
  const counts = new Map<string, number>();
  for (const { kind } of emergencies) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const listed = emergencies.slice(0, WORKLOAD_LIMITS.nodesListedMax);
  const lines = listed.map(({ atMs, kind, path, resource }) => {
    const what = resource === null ? '' : ` (${resource})`;
    return `  ${durationText(atMs).padStart(12)}  ${kind.padEnd(10)} ${path}${what}`;
  });
  const more = emergencies.length - listed.length;
  if (more > 0) lines.push(`  … ${countText(more)} more`);
  const summary = [...counts].map(([kind, count]) => `${countText(count)} ${kind}`).join(', ');
  return [`  ${summary}`, ...lines].join('\n');
}

function speedLines(report: WorkloadReport): string {
  return [
    `  ${countOf(report.decisions, 'decision')}, ${countText(report.decisionsPerSecond)} a second`,
    `  request ${spreadText(report.requestTime)}`,
    `  settle  ${spreadText(report.settleTime)}`,
  ].join('\n');
}
