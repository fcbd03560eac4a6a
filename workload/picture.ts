import { WORKLOAD_LIMITS } from './limits.ts';
import { MICRO_PER_USD, usdText } from './money.ts';
import { areaSeries, boundSeries, framedSvg } from './picture-frame.ts';
import { COLOURS, markLines, type TimeScale } from './picture-marks.ts';
import type { SpendPanel, SpendPoint } from './spend-recorder.ts';

/** A budget further above the course than this would flatten it; it is named instead of drawn. */
const BUDGET_OVER_PEAK_MAX = 4;

/**
 * An SVG of spend against budget over time, one panel a node (the first six): spent as an area,
 * held on top of it, the budget as a dashed line, emergencies as marks. Light background, USD and
 * time with units; needs no browser. Returns the text of the file.
 */
export function spendPicture({
  title,
  panels,
}: {
  title: string;
  panels: readonly SpendPanel[];
}): string {
  const shown = panels.slice(0, WORKLOAD_LIMITS.panelsMax);
  return framedSvg({
    title,
    names: shown.some(isBudgetDrawn) ? ['spent', 'held', 'budget'] : ['spent', 'held'],
    endMs: Math.max(1, ...shown.map((panel) => panel.points.at(-1)?.atMs ?? 0)),
    panels: shown.map((panel) => ({
      title: panelTitle(panel),
      top: (topMicro(panel) * 1.12) / MICRO_PER_USD,
      series: (index, scale) => panelSeries(panel, index, scale),
    })),
    valueLabel: usdLabel,
  });
}

function panelTitle(panel: SpendPanel): string {
  const spent = usdText(panel.points.at(-1)?.spentMicro ?? 0);
  const budget = panel.capMicro === null ? ', no budget' : ` of ${usdText(panel.capMicro)}`;
  const away = panel.capMicro !== null && !isBudgetDrawn(panel) ? ' (above the picture)' : '';
  return `${panel.path}: spent ${spent}${budget}${away}`;
}

/** The step lines of a panel; held + spent lies behind spent, so what shows of it is held. */
function panelSeries(panel: SpendPanel, index: number, scale: TimeScale): object[] {
  // What was spent stays spent: a course that ends early goes on level.
  const last = panel.points.at(-1);
  const course = last === undefined ? [] : [...panel.points, { ...last, atMs: scale.endMs }];
  const usdOf = (micro: (point: SpendPoint) => number) =>
    course.map((point) => [point.atMs, micro(point) / MICRO_PER_USD] as const);
  const { held, spent } = COLOURS;
  const both = usdOf(({ spentMicro, heldMicro }) => spentMicro + heldMicro);
  const budget = isBudgetDrawn(panel) ? (panel.capMicro ?? 0) / MICRO_PER_USD : null;
  return [
    areaSeries(index, scale, { name: 'held', color: held }, both),
    areaSeries(
      index,
      scale,
      { name: 'spent', color: spent },
      usdOf(({ spentMicro }) => spentMicro),
    ),
    boundSeries(index, scale, 'budget', budget, markLines(panel.marks, scale)),
  ];
}

function peakMicro({ points }: SpendPanel): number {
  return points.reduce((peak, point) => Math.max(peak, point.spentMicro + point.heldMicro), 0);
}

function isBudgetDrawn(panel: SpendPanel): boolean {
  const peak = peakMicro(panel);
  return panel.capMicro !== null && (peak === 0 || panel.capMicro <= peak * BUDGET_OVER_PEAK_MAX);
}

function topMicro(panel: SpendPanel): number {
  return Math.max(1, peakMicro(panel), isBudgetDrawn(panel) ? (panel.capMicro ?? 0) : 0);
}

/** Ticks are round numbers: as many decimals as they need, and no more. */
function usdLabel(usd: number): string {
  const text = usd >= 1 ? String(Math.round(usd * 100) / 100) : String(Number(usd.toPrecision(3)));
  return `$${text.replace(/\B(?=(\d{3})+(?!\d)(?<!\.\d*))/g, ',')}`;
}
