import type { PoolLine } from '../events/pool-line.ts';
import { countOf, durationText } from '../workload/number-text.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';
import { showAmount } from './values.ts';

/** Pools with their load, and who holds what of each. */
export function poolsText(pools: readonly PoolLine[], paint: Colours): string {
  if (pools.length === 0) return 'no pools; one is made with: set-limits PATH --limit pool.NAME=4';
  const rows = pools.map((pool) => [
    pool.isShared ? pool.resource : paint.dim(`${pool.resource} (not for this node)`),
    pool.owner,
    `${showAmount(pool.resource, pool.used)} of ${showAmount(pool.resource, pool.capacity)}`,
    pool.weightedUsePermille === null ? '–' : `${pool.weightedUsePermille / 10} %`,
    String(pool.weightMilli / 1_000),
    showAmount(pool.resource, pool.available),
    String(pool.waitingCount),
  ]);
  const head = ['pool', 'owner', 'used', 'by weight', 'weight', 'available', 'waiting'];
  const align = ['left', 'left', 'right', 'right', 'right', 'right', 'right'] as const;
  return [tableText(head, rows, align, paint), ...pools.flatMap(holdersText)].join('\n');
}

function holdersText({ resource, holders, holdersTotal }: PoolLine): string[] {
  const lines = holders.map(
    ({ id, path, agent, held, expiresInMs }) =>
      `  ${resource}: ${agent} holds ${showAmount(resource, held)} as ${id} on ${path}, ${durationText(expiresInMs)} left`,
  );
  const more = holdersTotal - holders.length;
  return more > 0 ? [...lines, `  … and ${countOf(more, 'holder')} more`] : lines;
}
