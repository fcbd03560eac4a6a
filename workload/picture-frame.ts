import { LineChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
} from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { COLOURS, type TimeScale } from './picture-marks.ts';

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif';
const WIDTH_PX = 1_100;
const HEADER_PX = 92;
const PANEL = { heightPx: 310, leftPx: 84, rightPx: 40, topPx: 56, bottomPx: 56 } as const;

/** One panel of a picture, in whatever unit its values have. */
export type FramedPanel = {
  readonly title: string;
  /** Top of its value axis. */
  readonly top: number;
  readonly series: (index: number, scale: TimeScale) => object[];
};

/** A picture of courses over time, one beside and beneath the other. */
export type FramedPicture = {
  readonly title: string;
  /** Names of the series, for the legend. */
  readonly names: readonly string[];
  /** Last time of all courses, ms. */
  readonly endMs: number;
  readonly panels: readonly FramedPanel[];
  readonly valueLabel: (value: number) => string;
};

/** Draws the picture on a light background, needing no browser. Returns the text of the SVG. */
export function framedSvg(picture: FramedPicture): string {
  const columns = picture.panels.length > 3 ? 2 : 1;
  const rows = Math.max(1, Math.ceil(picture.panels.length / columns));
  const height = HEADER_PX + rows * PANEL.heightPx;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height });
  try {
    chart.setOption(optionOf(picture, columns));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function optionOf(picture: FramedPicture, columns: number): EChartsCoreOption {
  const { panels, endMs, valueLabel } = picture;
  const unit = timeUnitFor(endMs);
  const places = panels.map((_, i) => placeOf(i, columns));
  const scale = { unitMs: unit.ms, endMs, widthPx: placeOf(0, columns).width };
  return {
    animation: false,
    backgroundColor: COLOURS.background,
    textStyle: { fontFamily: FONT, color: COLOURS.text },
    title: [
      heading(picture.title),
      ...panels.map(({ title }, i) => panelHeading(title, places[i] ?? placeOf(i, columns))),
    ],
    legend: panels.length === 0 ? [] : legendOf(picture.names),
    grid: places,
    xAxis: panels.map((_, i) => timeAxis(i, endMs / unit.ms, unit.name)),
    yAxis: panels.map(({ top }, i) => valueAxis(i, top, valueLabel)),
    series: panels.flatMap(({ series }, i) => series(i, scale)),
  };
}

/** One area of a panel, as steps. `values`: time in ms, value. */
export function areaSeries(
  index: number,
  { unitMs }: TimeScale,
  { name, color }: { readonly name: string; readonly color: string },
  values: readonly (readonly [atMs: number, value: number])[],
): object {
  return {
    ...axesOf(index),
    name,
    step: 'end' as const,
    color,
    lineStyle: { width: 1, color },
    areaStyle: { color, opacity: 1 },
    data: values.map(([atMs, value]) => [atMs / unitMs, value]),
  };
}

/** The dashed line of a bound, from end to end; null draws none but keeps its marks. */
export function boundSeries(
  index: number,
  { unitMs, endMs }: TimeScale,
  name: string,
  bound: number | null,
  marks: readonly object[] = [],
): object {
  const { budget: color } = COLOURS;
  const line = [
    [0, bound],
    [endMs / unitMs, bound],
  ];
  return {
    ...axesOf(index),
    name,
    color,
    lineStyle: { width: 2, type: 'dashed', color },
    data: bound === null ? [] : line,
    markLine: { silent: true, symbol: 'none', data: marks },
  };
}

function axesOf(index: number) {
  return { type: 'line', symbol: 'none', xAxisIndex: index, yAxisIndex: index } as const;
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

function legendOf(names: readonly string[]): object {
  return {
    top: 50,
    left: PANEL.leftPx - 4,
    itemWidth: 22,
    selectedMode: false,
    textStyle: { fontSize: 13, color: COLOURS.text },
    data: names.map((name) => ({ name, icon: 'rect' })),
  };
}

function panelHeading(text: string, place: Place): object {
  return {
    text,
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

function valueAxis(index: number, top: number, label: (value: number) => string): object {
  return {
    type: 'value',
    gridIndex: index,
    min: 0,
    max: top,
    axisLabel: { fontSize: 12, color: COLOURS.faint, showMaxLabel: false, formatter: label },
    splitLine: { lineStyle: { color: COLOURS.grid } },
  };
}

function timeUnitFor(endMs: number): { ms: number; name: string } {
  if (endMs <= 180_000) return { ms: 1_000, name: 'seconds' };
  if (endMs <= 3 * 3_600_000) return { ms: 60_000, name: 'minutes' };
  return { ms: 3_600_000, name: 'hours' };
}
