import { WORKLOAD_LIMITS } from '../limits.ts';
import { countText } from '../number-text.ts';
import { areaSeries, boundSeries, framedSvg } from '../picture-frame.ts';
import { COLOURS, type TimeScale } from '../picture-marks.ts';
import type { PoolRecount } from './trial-recount.ts';

/**
 * An SVG of the places of the busiest pools (six at most) over time: agents at work as an area,
 * places taken on top of it, the pool as a dashed line. Returns the text of the file.
 *
 * @param speed times faster than recorded that the drive was: the axis shows recorded time
 */
export function slotPicture({
  title,
  pools,
  speed,
}: {
  title: string;
  pools: readonly PoolRecount[];
  speed: number;
}): string {
  const shown = [...pools].sort((a, b) => b.trials - a.trials).slice(0, WORKLOAD_LIMITS.panelsMax);
  return framedSvg({
    title,
    names: ['agent at work', 'setting up, testing', 'pool'],
    endMs: Math.max(1, ...shown.map(({ points }) => (points.at(-1)?.atMs ?? 0) * speed)),
    panels: shown.map((pool) => ({
      title: titleOf(pool),
      top: Math.max(1, pool.slots ?? 0, pool.peak) * 1.15,
      series: (index, scale) => seriesOf(pool, speed, index, scale),
    })),
    valueLabel: (value) => (Number.isInteger(value) ? countText(value) : ''),
  });
}

/** Letters of a pool's name that fit above its panel; the end tells names apart. */
const NAME_CHARS_MAX = 30;

function titleOf({ path, peak, slots }: PoolRecount): string {
  const name = path.length <= NAME_CHARS_MAX ? path : `…${path.slice(1 - NAME_CHARS_MAX)}`;
  return `${name}: at most ${countText(peak)}${slots === null ? '' : ` of ${countText(slots)}`}`;
}

function seriesOf(pool: PoolRecount, speed: number, index: number, scale: TimeScale): object[] {
  const { points, slots } = pool;
  const at = (value: 'held' | 'working') =>
    points.map((point) => [point.atMs * speed, point[value]] as const);
  return [
    areaSeries(index, scale, { name: 'setting up, testing', color: COLOURS.held }, at('held')),
    areaSeries(index, scale, { name: 'agent at work', color: COLOURS.spent }, at('working')),
    boundSeries(index, scale, 'pool', slots),
  ];
}
