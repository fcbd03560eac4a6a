import type { BalanceLine } from '../events/balance-line.ts';
import type { BalanceTree } from '../projections/balance-lines.ts';
import { percentText } from '../workload/number-text.ts';
import { phaseText } from './balance-text.ts';
import type { Colours } from './screen.ts';
import { showAmount, showTime } from './values.ts';

export type TreeSettings = {
  readonly resource: string;
  /** Levels shown below the top. */
  readonly depth: number;
  /** Lines that may be used. */
  readonly linesMax: number;
  readonly columns: number;
};

const BAR_WIDTH = 20;

/** A row of the tree, before it is cut to the screen. */
type Row = { readonly depth: number; readonly label: string; readonly node: BalanceTree };

/**
 * A tree of balances: use of one resource, most used first. Where there is not room for all, the
 * least used nodes of the deepest level are counted instead of shown.
 */
export function treeText(tree: BalanceTree, settings: TreeSettings, paint: Colours): string {
  const { rows, hiddenCount } = fitting(tree, settings);
  const labelWidth = Math.max(...rows.map(({ depth, label }) => depth * 2 + label.length));
  const width = Math.min(labelWidth, Math.max(12, settings.columns - 70));
  const lines = rows.map(({ depth, label, node }) => {
    const name = `${'  '.repeat(depth)}${label}`;
    const shown = name.length <= width ? name.padEnd(width) : `${name.slice(0, width - 1)}…`;
    return `${depth === 0 ? paint.bold(shown) : shown}  ${useText(node, settings.resource, paint)}`;
  });
  if (hiddenCount > 0) lines.push(paint.dim(`… ${hiddenCount} more beneath`));
  return lines.join('\n');
}

function fitting(tree: BalanceTree, settings: TreeSettings): { rows: Row[]; hiddenCount: number } {
  const total = countNodes(tree);
  for (let depth = settings.depth; depth > 0; depth -= 1) {
    const rows = rowsOf(tree, settings.resource, depth);
    if (rows.length <= settings.linesMax - 1) return { rows, hiddenCount: total - rows.length };
  }
  const rows = rowsOf(tree, settings.resource, 1).slice(0, Math.max(1, settings.linesMax - 1));
  return { rows, hiddenCount: total - rows.length };
}

function countNodes(tree: BalanceTree): number {
  return tree.children.reduce((count, child) => count + countNodes(child), 1);
}

function rowsOf(tree: BalanceTree, resource: string, depthMax: number, depth = 0): Row[] {
  const label = depth === 0 ? tree.path : (tree.path.split('/').at(-1) ?? tree.path);
  const row = { depth, label, node: tree };
  if (depth === depthMax) return [row];
  const children = [...tree.children].sort(
    (a, b) => committedOf(b, resource) - committedOf(a, resource) || (a.path < b.path ? -1 : 1),
  );
  return [row, ...children.flatMap((child) => rowsOf(child, resource, depthMax, depth + 1))];
}

function lineOf(tree: BalanceTree, resource: string): BalanceLine | undefined {
  return tree.lines.find((line) => line.resource === resource);
}

function committedOf(tree: BalanceTree, resource: string): number {
  return lineOf(tree, resource)?.committed ?? 0;
}

function useText(node: BalanceTree, resource: string, paint: Colours): string {
  const line = lineOf(node, resource);
  const notes = [
    ...(node.phase === 'open' && node.stops.length === 0 ? [] : [phaseText(node, paint)]),
    ...(node.deadlineAtMs === null ? [] : [paint.dim(`closes ${showTime(node.deadlineAtMs)}`)]),
    ...(node.liveAllocations > 0 ? [paint.dim(`${node.liveAllocations} live`)] : []),
  ].join('  ');
  if (line === undefined) return `${' '.repeat(BAR_WIDTH)}  ${paint.dim('nothing yet')}  ${notes}`;
  const { limit, spentTree, heldTree, short } = line;
  const amounts =
    `${showAmount(resource, spentTree)} spent` +
    (heldTree > 0 ? ` + ${showAmount(resource, heldTree)} held` : '') +
    (limit === null ? '' : ` of ${showAmount(resource, limit)}`);
  const share =
    limit === null || limit === 0 ? '' : percentText(((spentTree + heldTree) / limit) * 100);
  const words = [amounts, share, short ? paint.red('short') : '', notes].filter(
    (one) => one !== '',
  );
  return `${bar(line, paint)}  ${words.join('  ')}`;
}

/** Spent as full blocks, held as shaded ones, free as dots. */
function bar({ limit, spentTree, heldTree }: BalanceLine, paint: Colours): string {
  if (limit === null || limit === 0) return ' '.repeat(BAR_WIDTH);
  const cells = (amount: number) => Math.round((Math.min(amount, limit) / limit) * BAR_WIDTH);
  const spent = cells(spentTree);
  const used = Math.max(spent, cells(spentTree + heldTree));
  const share = (spentTree + heldTree) / limit;
  const colour = share >= 0.9 ? paint.red : share >= 0.75 ? paint.yellow : paint.green;
  const empty = paint.dim('·'.repeat(BAR_WIDTH - used));
  return `${colour('█'.repeat(spent) + '▒'.repeat(used - spent))}${empty}`;
}
