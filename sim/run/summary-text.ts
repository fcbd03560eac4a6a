import Table from 'cli-table3';
import type { RunReport, SimViolation } from './report.ts';
import type { Summary } from './summary.ts';

const VIOLATIONS_SHOWN_MAX = 20;
const BARE = {
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: ' ',
    },
  },
  style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
};

/** What many runs came to, in words. */
export function summaryText(summary: Summary, tookMs: number): string {
  const { totals, faults } = summary;
  const table = new Table({ ...BARE, colAligns: ['left', 'right'] });
  const count = (value: number) => value.toLocaleString('en');
  table.push(
    ['seeds run', count(totals.runs)],
    ['failed', count(totals.failed)],
    ['commands', count(totals.commands)],
    ['  median of a seed', count(totals.commandsMedian)],
    ['  least, most', `${count(totals.commandsMin)}, ${count(totals.commandsMax)}`],
    ['messages to writers', count(totals.messages)],
    ['blocks', count(totals.blocks)],
    ['virtual hours', count(totals.virtualHours)],
    ['real seconds', count(Math.round(tookMs / 1000))],
  );
  const kinds = [...faults].sort(([a], [b]) => (a < b ? -1 : 1));
  const happened = kinds.map(([kind, times]) => `${kind} ${count(times)}`).join(', ');
  return `${table.toString()}\nfaults that happened: ${happened || 'none'}`;
}

/** What went wrong in one run, and how it is run again. */
export function failureText(report: RunReport): string {
  const { seed, theme, violations } = report;
  const more = violations.length - VIOLATIONS_SHOWN_MAX;
  return [
    `seed ${seed} (${theme}) failed: ${violations.length} violation(s)`,
    ...violations.slice(0, VIOLATIONS_SHOWN_MAX).map((one) => `  ${violationText(one)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    `  again: npm run sim -- --seed ${seed} --verbose`,
  ].join('\n');
}

function violationText({ rule, message, team, shard, seq, id }: SimViolation): string {
  const place = [
    team === undefined ? '' : `team ${team}`,
    shard === undefined ? '' : `shard ${shard}`,
    seq === undefined ? '' : `block ${seq}`,
    id === undefined ? '' : id,
  ]
    .filter((part) => part !== '')
    .join(', ');
  return place === '' ? `${rule}: ${message}` : `${rule} (${place}): ${message}`;
}
