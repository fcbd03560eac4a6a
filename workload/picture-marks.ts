import type { EmergencySeen } from './outcome.ts';

/** Colours of the picture, for a light background. */
export const COLOURS = {
  background: '#ffffff',
  text: '#1f2933',
  faint: '#6b7785',
  grid: '#e4e8ee',
  spent: '#3873c4',
  held: '#f0a830',
  budget: '#c62828',
  mark: '#1f2933',
} as const;

/** One time axis for all panels: its unit, its end, and how wide it is drawn. */
export type TimeScale = {
  readonly unitMs: number;
  readonly endMs: number;
  readonly widthPx: number;
};

/** Width of a letter of a mark's label, generously. */
const LETTER_PX = 7.5;
/** How far a label may stand out of its panel. */
const MARGIN_PX = 30;

/** A vertical line at the first emergency of each kind; more would cover the course. */
export function markLines(marks: readonly EmergencySeen[], scale: TimeScale): object[] {
  const firsts = marks
    .filter((mark, i) => marks.findIndex(({ kind }) => kind === mark.kind) === i)
    .sort((a, b) => a.atMs - b.atMs);
  const groups: EmergencySeen[][] = [];
  for (const mark of firsts) {
    const group = groups.at(-1);
    if (group !== undefined && wouldTouch(group, mark, scale)) group.push(mark);
    else groups.push([mark]);
  }
  return groups.flatMap((group) => group.map((mark, i) => markLine(mark, i, group, scale)));
}

/** Marks whose labels would touch share one, at the first of them. */
function wouldTouch(
  group: readonly EmergencySeen[],
  next: EmergencySeen,
  { endMs, widthPx }: TimeScale,
): boolean {
  const distancePx = ((next.atMs - (group[0]?.atMs ?? 0)) / endMs) * widthPx;
  return distancePx < (labelOf(group).length + next.kind.length + 2) * LETTER_PX;
}

function markLine(
  { atMs }: EmergencySeen,
  place: number,
  group: readonly EmergencySeen[],
  { unitMs, endMs, widthPx }: TimeScale,
): object {
  const label = labelOf(group);
  const isCutOff = (atMs / endMs) * widthPx + label.length * LETTER_PX > widthPx + MARGIN_PX;
  return {
    xAxis: atMs / unitMs,
    lineStyle: { color: COLOURS.mark, width: 1, type: 'dotted' },
    label: {
      show: place === 0,
      formatter: label,
      position: 'end',
      align: isCutOff ? 'right' : 'left',
      fontSize: 12,
      color: COLOURS.mark,
    },
  };
}

function labelOf(group: readonly EmergencySeen[]): string {
  return group.map(({ kind }) => kind).join(', ');
}
