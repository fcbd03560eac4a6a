import { LineChart, type LineSeriesOption } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
} from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { WORKLOAD_LIMITS } from './limits.ts';
import { MICRO_PER_USD, usdText } from './money.ts';
import { COLOURS, markLines, type TimeScale } from './picture-marks.ts';
import type { SpendPanel, SpendPoint } from './spend-recorder.ts';

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif';
const WIDTH_PX = 1_100;
const HEADER_PX = 92;
const PANEL = { heightPx: 310, leftPx: 84, rightPx: 40, topPx: 56, bottomPx: 56 } as const;
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
  const columns = shown.length > 3 ? 2 : 1;
  const rows = Math.max(1, Math.ceil(shown.length / columns));
  const height = HEADER_PX + rows * PANEL.heightPx;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height });
  try {
    chart.setOption(pictureOption(title, shown, columns));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function pictureOption(
  title: string,
  panels: readonly SpendPanel[],
  columns: number,
): EChartsCoreOption {
  const endMs = Math.max(1, ...panels.map((panel) => panel.points.at(-1)?.atMs ?? 0));
  const unit = timeUnitFor(endMs);
  const places = panels.map((_, i) => placeOf(i, columns));
  const scale = { unitMs: unit.ms, endMs, widthPx: placeOf(0, columns).width };
  return {
    animation: false,
    backgroundColor: COLOURS.background,
    textStyle: { fontFamily: FONT, color: COLOURS.text },
    title: [
      heading(title),
      ...panels.map((panel, i) => panelHeading(panel, places[i] ?? placeOf(i, columns))),
    ],
    legend: panels.length === 0 ? [] : legendOf(panels),
    grid: places,
    xAxis: panels.map((_, i) => timeAxis(i, endMs / unit.ms, unit.name)),
    yAxis: panels.map((panel, i) => usdAxis(i, panel)),
    series: panels.flatMap((panel, i) => panelSeries(panel, i, scale)),
  };
}

type Place = { left: number; top: number; width: number; height: number };

function placeOf(index: number, columns: number): Place {
  const width = WIDTH_PX / columns;
  return {
    left: (index % columns) * width + PANEL.leftPx,
    top: HEADER_PX + Math.floor(index / columns) * PANEL.heightPx + PANEL.topPx,
    width: width - PANEL.leftPx - PANEL.rightPx,
    height: PANEL.heightPx - PANEL.topPx - PANEL.bottomPx,
  };
}

function heading(text: string): object {
  const textStyle = { fontSize: 18, fontWeight: 'bold', color: COLOURS.text };
  return { text, left: PANEL.leftPx - 4, top: 14, textStyle };
}

function legendOf(panels: readonly SpendPanel[]): object {
  const names = panels.some(isBudgetDrawn) ? ['spent', 'held', 'budget'] : ['spent', 'held'];
  return {
    top: 50,
    left: PANEL.leftPx - 4,
    itemWidth: 22,
    selectedMode: false,
    textStyle: { fontSize: 13, color: COLOURS.text },
    data: names.map((name) => ({ name, icon: 'rect' })),
  };
}

function panelHeading(panel: SpendPanel, place: Place): object {
  const spent = usdText(panel.points.at(-1)?.spentMicro ?? 0);
  const budget = panel.capMicro === null ? ', no budget' : ` of ${usdText(panel.capMicro)}`;
  const away = panel.capMicro !== null && !isBudgetDrawn(panel) ? ' (above the picture)' : '';
  return {
    text: `${panel.path}: spent ${spent}${budget}${away}`,
    left: place.left - 4,
    top: place.top - 46,
    textStyle: { fontSize: 14, color: COLOURS.text },
  };
}

function timeAxis(index: number, end: number, unitName: string): object {
  return {
    type: 'value',
    gridIndex: index,
    min: 0,
    max: end,
    name: `time since start, ${unitName}`,
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { fontSize: 12, color: COLOURS.faint },
    // The end of the record is seldom a round number, and its label would touch its neighbour.
    axisLabel: { fontSize: 12, color: COLOURS.faint, showMaxLabel: false },
    axisLine: { lineStyle: { color: COLOURS.faint } },
    splitLine: { show: false },
  };
}

function usdAxis(index: number, panel: SpendPanel): object {
  return {
    type: 'value',
    gridIndex: index,
    min: 0,
    max: (topMicro(panel) * 1.12) / MICRO_PER_USD,
    axisLabel: {
      fontSize: 12,
      color: COLOURS.faint,
      showMaxLabel: false,
      formatter: (usd: number) => usdLabel(usd),
    },
    splitLine: { lineStyle: { color: COLOURS.grid } },
  };
}

/** The step lines of a panel; held + spent lies behind spent, so what shows of it is held. */
function panelSeries(panel: SpendPanel, index: number, scale: TimeScale): LineSeriesOption[] {
  const { unitMs, endMs } = scale;
  // What was spent stays spent: a course that ends early goes on level.
  const last = panel.points.at(-1);
  const course = last === undefined ? [] : [...panel.points, { ...last, atMs: endMs }];
  const axes = { type: 'line', symbol: 'none', xAxisIndex: index, yAxisIndex: index } as const;
  const area = (name: string, color: string, micro: (point: SpendPoint) => number) => ({
    ...axes,
    name,
    step: 'end' as const,
    color,
    lineStyle: { width: 1, color },
    areaStyle: { color, opacity: 1 },
    data: course.map((point) => [point.atMs / unitMs, micro(point) / MICRO_PER_USD]),
  });
  const budget = isBudgetDrawn(panel) ? (panel.capMicro ?? 0) / MICRO_PER_USD : null;
  return [
    area('held', COLOURS.held, (point) => point.spentMicro + point.heldMicro),
    area('spent', COLOURS.spent, (point) => point.spentMicro),
    {
      ...axes,
      name: 'budget',
      color: COLOURS.budget,
      lineStyle: { width: 2, type: 'dashed', color: COLOURS.budget },
      data:
        budget === null
          ? []
          : [
              [0, budget],
              [endMs / unitMs, budget],
            ],
      markLine: { silent: true, symbol: 'none', data: markLines(panel.marks, scale) },
    },
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

function timeUnitFor(endMs: number): { ms: number; name: string } {
  if (endMs <= 180_000) return { ms: 1_000, name: 'seconds' };
  if (endMs <= 3 * 3_600_000) return { ms: 60_000, name: 'minutes' };
  return { ms: 3_600_000, name: 'hours' };
}
