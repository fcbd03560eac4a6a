import type { BalanceLine } from '../events/balance-line.ts';
import type { BreakerView } from '../events/breaker-view.ts';
import type { CrisisView } from '../events/crisis-view.ts';
import { priorityName } from '../events/priority.ts';
import { countOf, durationText } from '../workload/number-text.ts';
import { breakerLines } from './breaker-text.ts';
import { ratesTable, type ShownRate } from './rate-text.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';
import { termTexts } from './term-text.ts';
import { showAmount, showAmounts, showTime } from './values.ts';

/** As much of a balance as is shown, from the writer or from a projection. */
export type ShownBalance = {
  readonly path: string;
  readonly tier: string;
  readonly phase: string;
  readonly freezes: readonly string[];
  readonly stops: readonly string[];
  readonly liveAllocations: number;
  readonly lines: readonly BalanceLine[];
  readonly rates?: readonly ShownRate[] | undefined;
  readonly children: readonly string[];
  /** From the writer as durations from now, from a projection as times. */
  readonly deadlineInMs?: number | null | undefined;
  readonly deadlineAtMs?: number | null;
  readonly branchOf?: string | undefined;
  readonly branchBy?: string | undefined;
  readonly breakers?: readonly BreakerView[] | undefined;
  readonly reservations?: readonly ShownReservation[] | undefined;
  readonly crisis?: CrisisView | undefined;
};

type ShownReservation = {
  readonly id: string;
  readonly left: Readonly<Record<string, number>>;
  readonly items: Readonly<Record<string, number>>;
} & (
  | { readonly startsInMs: number; readonly endsInMs: number }
  | { readonly startsAtMs: number; readonly endsAtMs: number }
);

/** Children named in one balance; the rest is counted. */
const CHILDREN_SHOWN_MAX = 12;

/** The balance of one node as a table. */
export function balanceText(balance: ShownBalance, paint: Colours): string {
  const { path, tier, lines, liveAllocations, children } = balance;
  const head = `${paint.bold(path)}  ${tier}, ${phaseText(balance, paint)}, ${countOf(liveAllocations, 'live allocation')}`;
  const shown = children.slice(0, CHILDREN_SHOWN_MAX).join(', ');
  const more =
    children.length > CHILDREN_SHOWN_MAX ? `, … ${countOf(children.length, 'node')} in all` : '';
  return [
    head,
    ...branchText(balance),
    ...deadlineText(balance),
    ...crisisText(balance.crisis),
    lines.length === 0 ? '  nothing limited, held or spent' : linesTable(lines, paint),
    ...(balance.rates === undefined ? [] : [ratesTable(balance.rates, paint)]),
    ...lines.flatMap(termTexts),
    ...(balance.reservations ?? []).map(reservationText),
    ...breakerLines(balance.breakers ?? [], paint),
    ...(children.length === 0 ? [] : [paint.dim(`beneath it: ${shown}${more}`)]),
  ].join('\n');
}

/** How a team or swarm fares, where that is not as usual. */
function crisisText(crisis: CrisisView | undefined): string[] {
  if (crisis === undefined || crisis.state === 'normal') return [];
  const { state, level, admits, risesInMs } = crisis;
  const rises = risesInMs === null ? '' : `, rises in ${durationText(risesInMs)}`;
  const lines = [`  ${state}, level ${level}${rises}`];
  if (admits === undefined) return lines;
  const { admit, partialPermilleMax, newRuns, toolsDenied, reserve, refused, modelHint } = admits;
  const terms = [
    admit === null ? 'any priority' : `priority ${priorityName(admit)} and above`,
    ...(partialPermilleMax === null ? [] : [`parts of at most ${partialPermilleMax / 10} %`]),
    ...(newRuns ? [] : ['no new runs']),
    ...(toolsDenied.length === 0 ? [] : [`no ${toolsDenied.join(', ')}`]),
    ...(reserve ? ['the reserve for critical work'] : []),
    refused === 'queue' ? 'the rest waits' : 'the rest is denied',
    ...(modelHint === undefined ? [] : [`hint: ${modelHint}`]),
  ];
  return [...lines, `  admits ${terms.join('; ')}`];
}

function branchText({ branchOf, branchBy }: ShownBalance): string[] {
  return [
    ...(branchOf === undefined ? [] : [`  a branch: its limits are its share of ${branchOf}`]),
    ...(branchBy === undefined ? [] : [`  its limits are shared by its branches: ${branchBy}`]),
  ];
}

function deadlineText({ deadlineInMs, deadlineAtMs }: ShownBalance): string[] {
  if (deadlineInMs != null) return [`  closes by force in ${durationText(deadlineInMs)}`];
  return deadlineAtMs == null ? [] : [`  closes by force at ${showTime(deadlineAtMs)}`];
}

function reservationText(reservation: ShownReservation): string {
  const { id, left, items } = reservation;
  const when =
    'endsInMs' in reservation
      ? `in ${durationText(reservation.startsInMs)} until in ${durationText(reservation.endsInMs)}`
      : `from ${showTime(reservation.startsAtMs)} to ${showTime(reservation.endsAtMs)}`;
  return `  reserved as ${id}: ${showAmounts(left)} left of ${showAmounts(items)}, ${when}`;
}

/** `open`, or what is in force on the node. */
export function phaseText(
  { phase, freezes, stops }: Pick<ShownBalance, 'phase' | 'freezes' | 'stops'>,
  paint: Colours,
): string {
  const notes = [
    ...freezes.map((freeze) => paint.cyan(`frozen by ${freeze}`)),
    ...stops.map((stop) => paint.red(`stopped by ${stop}`)),
  ];
  return notes.length === 0 ? phase : [phase, ...notes].join(', ');
}

/** What is out of the ordinary on a line. */
function notesOf(line: BalanceLine, paint: Colours): string {
  const { resource, short, lent = 0, borrowed = 0, booked = 0, guarantee } = line;
  return [
    ...(short ? [paint.red('short')] : []),
    ...(lent > 0 ? [`lends ${showAmount(resource, lent)}`] : []),
    ...(borrowed > 0 && guarantee > 0 ? [`borrows ${showAmount(resource, borrowed)}`] : []),
    ...(booked > 0 ? [`${showAmount(resource, booked)} reserved`] : []),
  ].join(', ');
}

function linesTable(lines: readonly BalanceLine[], paint: Colours): string {
  const head = [
    'resource',
    'limit',
    'over the path',
    'held',
    'spent',
    'available',
    'guarantee',
    '',
  ];
  const rows = lines.map((line) => {
    const show = (amount: number | null, none: string) =>
      amount === null ? none : showAmount(line.resource, amount);
    return [
      line.resource,
      show(line.limit, 'none'),
      show(line.effectiveLimit, 'none'),
      show(line.heldTree, ''),
      show(line.spentTree, ''),
      show(line.effectiveAvailable, 'unbounded'),
      line.guarantee === 0 ? '–' : show(line.guarantee, ''),
      notesOf(line, paint),
    ];
  });
  return tableText(
    head,
    rows,
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    paint,
  );
}
