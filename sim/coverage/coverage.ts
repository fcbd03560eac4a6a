import type { Answer } from '../../events/answers.ts';
import type { BursarEvent } from '../../events/events.ts';
import type { Call } from '../agents/call.ts';
import type { FaultKind } from '../plan/fault.ts';
import type { Plan } from '../plan/plan.ts';
import { ANSWERS, familyOf, type Op } from './answer-cells.ts';
import { CELLS, type Cell, cell } from './cells.ts';
import { situationsOf } from './event-cells.ts';
import { faultsInForce } from './faults-in-force.ts';
import { outcomesOf } from './outcome.ts';
import { classOf, Places } from './places.ts';

const LISTED: ReadonlySet<Cell> = new Set(CELLS);

/** Everything that a run shows. Times are virtual, ms since its world began. */
export interface Shown {
  readonly plan: Plan;
  /** When its agents began. */
  readonly beganAtMs: number;
  /** What was recorded, in the order of the log; of all shards. */
  readonly events: Iterable<BursarEvent>;
  readonly exchanges: Iterable<SeenExchange>;
  readonly calls: Iterable<Call>;
}

/** One command of a message to a writer, with every answer that it got. */
export interface SeenExchange {
  readonly team: string;
  /** As the subject has it. */
  readonly op: string;
  readonly sentAtMs: number;
  /** Undefined where no command could be read. */
  readonly command: object | undefined;
  readonly answers: readonly { readonly answer: Answer; readonly repliedAtMs: number }[];
}

type FaultsAt = (atMs: number) => readonly FaultKind[];

/** The situations that a run has reached, of those that are listed; sorted. */
export function cellsOf({ plan, beganAtMs, events, exchanges, calls }: Shown): Cell[] {
  const faultsAt = faultsInForce(plan, beganAtMs);
  const places = new Places();
  const reached = new Set<Cell>();
  for (const event of events) addEvent(reached, places, event);
  for (const exchange of exchanges) addExchange(reached, places, exchange, faultsAt);
  for (const call of calls) addCall(reached, call, faultsAt);
  return [...reached].filter((one) => LISTED.has(one)).sort();
}

function addEvent(reached: Set<Cell>, places: Places, event: BursarEvent): void {
  places.learn(event);
  for (const [type, kind] of situationsOf(event)) reached.add(cell('event', type, kind));
  if (event.type !== 'AllocationEnded') return;
  const known = places.classOf(event.team, event.allocation);
  if (known !== undefined) reached.add(cell('class', event.as, known));
}

function addExchange(
  reached: Set<Cell>,
  places: Places,
  { team, op: subjectOp, command, sentAtMs, answers }: SeenExchange,
  faultsAt: FaultsAt,
): void {
  const fields: Fields = { ...command };
  const op = typeof fields['op'] === 'string' ? fields['op'] : subjectOp;
  if (!isOp(op)) return;
  const known = classIn(places, team, op, fields);
  const { path } = fields;
  const tier = typeof path === 'string' ? places.tierOf(path) : undefined;
  for (const { answer, repliedAtMs } of answers) {
    for (const kind of [...faultsAt(sentAtMs), ...faultsAt(repliedAtMs)]) {
      reached.add(cell('fault', kind, familyOf(op)));
    }
    for (const outcome of outcomesOf(answer)) {
      reached.add(cell('answer', op, outcome));
      if (known !== undefined) reached.add(cell('class', `${op} ${outcome}`, known));
      if (tier !== undefined) reached.add(cell('tier', `${op} ${outcome}`, tier));
    }
  }
}

/** What a caller saw, and the faults in which its call began if an answer came of it. */
function addCall(reached: Set<Cell>, call: Call, faultsAt: FaultsAt): void {
  for (const seen of seenBy(call)) reached.add(cell('caller', seen, 'any'));
  const isAnswered = call.end?.kind === 'answer' || call.end?.kind === 'worked';
  if (!isAnswered || !isOp(call.op)) return;
  for (const kind of faultsAt(call.sentAtMs)) {
    reached.add(cell('fault', kind, familyOf(call.op)));
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isOp(op: string): op is Op {
  return Object.hasOwn(ANSWERS, op);
}

function classIn(places: Places, team: string, op: Op, { items, allocation }: Fields) {
  if (op === 'request' && typeof items === 'object' && items !== null) {
    return classOf(Object.keys(items));
  }
  return typeof allocation === 'string' ? places.classOf(team, allocation) : undefined;
}

/** What the caller saw, as the table of callers names it. */
function seenBy({ end, way }: Call): string[] {
  if (end === undefined) return [];
  const raw = (what: string) => (way === 'raw' ? `raw: ${what}` : what);
  switch (end.kind) {
    case 'error': {
      if (end.code !== 'unavailable') return [raw(end.code)];
      return [`unavailable, ${end.mayHaveHappened ? 'nobody knows' : 'not carried out'}`];
    }
    case 'answer':
      return end.answer.outcome === 'refused' ? [raw(end.answer.code)] : [];
    case 'left':
      return ['process gone'];
    case 'workFailed':
      return ['work failed'];
    case 'answers':
      return [];
    default:
      return [end.kind];
  }
}
