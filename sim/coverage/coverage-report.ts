import { CELLS, type Cell } from './cells.ts';

/** How many of the listed situations were reached, and which were not. */
export interface CoverageReport {
  readonly listed: number;
  readonly reached: number;
  /** Cells that were not reached, in the order of the tables. */
  readonly missing: readonly Cell[];
}

/** @param reached cells of one run or of many together; what is not listed does not count */
export function reportCoverage(reached: ReadonlySet<Cell>): CoverageReport {
  const missing = CELLS.filter((one) => !reached.has(one));
  return { listed: CELLS.length, reached: CELLS.length - missing.length, missing };
}

/** For people: a line for each table, then what is missing in it, row by row. */
export function coverageText({ listed, reached, missing }: CoverageReport): string {
  const lines = [`${reached} of ${listed} situations (${percent(reached, listed)})`];
  for (const table of [...new Set(CELLS.map(tableOf))]) {
    const all = CELLS.filter((one) => tableOf(one) === table).length;
    const lost = missing.filter((one) => tableOf(one) === table);
    lines.push(`  ${table}: ${all - lost.length} of ${all}`);
    for (const [row, wheres] of rowsOf(lost)) lines.push(`    not: ${row}: ${wheres.join(', ')}`);
  }
  return lines.join('\n');
}

function tableOf(one: Cell): string {
  return one.split(' | ', 1)[0] ?? '';
}

function rowsOf(cells: readonly Cell[]): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  for (const one of cells) {
    const [, row = '', where = ''] = one.split(' | ');
    rows.set(row, [...(rows.get(row) ?? []), where]);
  }
  return rows;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}
