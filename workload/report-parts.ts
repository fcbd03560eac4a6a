import Table from 'cli-table3';
import type { createColors } from 'picocolors';
import { countOf, countText, durationText, shareText } from './number-text.ts';
import { ROW_OUTCOMES, type RowOutcomeKind, type TimeSpread } from './outcome.ts';
import { reasonText } from './reason-text.ts';
import type { RowAccount } from './row-account.ts';

/** Paints words for a terminal, or leaves them as they are. */
export type Colours = ReturnType<typeof createColors>;

/** A part of a report under its title; nothing where it has nothing to say. */
export function section(title: string, body: string, paint: Colours): string {
  return body === '' ? '' : `${paint.bold(title)}\n${body}`;
}

const OUTCOME_NAMES: Readonly<Record<RowOutcomeKind, string>> = {
  granted: 'granted',
  partial: 'granted in part',
  queued_granted: 'granted after waiting',
  denied: 'denied',
  not_asked: 'not asked',
  skipped: 'skipped',
};

/** How many rows ended how, and whether that is all of them. */
export function rowLines(rows: RowAccount, rowCount: number, paint: Colours): string {
  const lines = ROW_OUTCOMES.map((kind) => {
    const count = rows.byOutcome[kind];
    const share = shareText(count, rowCount);
    return `  ${OUTCOME_NAMES[kind].padEnd(22)}${countText(count).padStart(12)}${share.padStart(10)}`;
  });
  const sum = `  ${'all together'.padEnd(22)}${countText(rows.accounted).padStart(12)}`;
  const verdict = rows.addsUp
    ? paint.green(`  = every one of the ${countOf(rowCount, 'row')}`)
    : paint.red(`  ≠ ${countOf(rowCount, 'row')}: the books of this run are wrong`);
  return [...lines, sum + verdict].join('\n');
}

/** Why rows were not granted. */
export function reasonTable({ reasons }: RowAccount): string {
  if (reasons.length === 0) return '';
  const table = plainTable(['', 'because', 'rows'], ['left', 'left', 'right']);
  for (const { outcome, reason, tier, rows: count } of reasons) {
    table.push([OUTCOME_NAMES[outcome], reasonText(reason, tier), countText(count)]);
  }
  return table.toString();
}

/** A measured time in words. */
export function spreadText({ count, p50Ms, p95Ms, p99Ms, maxMs }: TimeSpread): string {
  if (count === 0) return 'none';
  return (
    `p50 ${durationText(p50Ms)}, p95 ${durationText(p95Ms)}, p99 ${durationText(p99Ms)}, ` +
    `longest ${durationText(maxMs)}`
  );
}

/** A table without colours; rows are pushed. */
export function plainTable(head: string[], colAligns: Table.HorizontalAlignment[]): Table.Table {
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
}

/** Paths may have 4 × 64 characters; the end tells them apart. */
export function shortened(path: string): string {
  return path.length <= 44 ? path : `…${path.slice(-43)}`;
}
