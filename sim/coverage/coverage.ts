import { JSON_TYPE } from '../../bus/bus.ts';
import { Answer } from '../../events/answers.ts';
import { decode } from '../../events/codec.ts';
import type { BursarEvent } from '../../events/events.ts';
import type { Call } from '../agents/call.ts';
import type { FaultKind } from '../plan/fault.ts';
import type { Plan } from '../plan/plan.ts';
import type { TranscriptEntry } from '../world/transcript.ts';
import { ANSWERS, familyOf, type Op } from './answer-cells.ts';
import { CELLS, type Cell, cell } from './cells.ts';
import { situationsOf } from './event-cells.ts';
import { faultsInForce } from './faults-in-force.ts';
import { outcomesOf } from './outcome.ts';
import { classOf, Places } from './places.ts';

const LISTED: ReadonlySet<Cell> = new Set(CELLS);
const MESSAGE_BYTES_MAX = 1_048_576;

/** Everything that a run shows. */
export interface Shown {
  /** What was recorded, in the order of the log; of all shards. */
  readonly events: Iterable<BursarEvent>;
  readonly messages: Iterable<TranscriptEntry>;
  readonly calls: Iterable<Call>;
  readonly plan: Plan;
  /** When its agents began; virtual, ms. */
  readonly beganAtMs: number;
}

type FaultsAt = (atMs: number) => readonly FaultKind[];

/** The situations that a run has reached, of those that are listed; sorted. */
export function cellsOf({ events, messages, calls, plan, beganAtMs }: Shown): Cell[] {
  const faultsAt = faultsInForce(plan, beganAtMs);
  const places = new Places();
  const reached = new Set<Cell>();
  for (const event of events) {
    places.learn(event);
    for (const [type, kind] of situationsOf(event)) reached.add(cell('event', type, kind));
    if (event.type !== 'AllocationEnded') continue;
    const known = places.classOf(event.team, event.allocation);
    if (known !== undefined) reached.add(cell('class', event.as, known));
  }
  for (const message of messages) {
    for (const one of exchangesOf(message)) addAnswer(reached, places, one, faultsAt);
  }
  for (const call of calls) addCall(reached, call, faultsAt);
  return [...reached].filter((one) => LISTED.has(one)).sort();
}

/** What a caller saw, and the faults in which its call began if an answer came of it. */
export function addCall(reached: Set<Cell>, call: Call, faultsAt: FaultsAt): void {
  for (const seen of seenBy(call)) reached.add(cell('caller', seen, 'any'));
  const isAnswered = call.end?.kind === 'answer' || call.end?.kind === 'worked';
  if (!isAnswered || !Object.hasOwn(ANSWERS, call.op)) return;
  const family = familyOf(call.op as Op);
  for (const kind of faultsAt(call.sentAtMs)) reached.add(cell('fault', kind, family));
}

/** A command as it was sent, and one answer to it. */
export interface Exchange {
  readonly team: string;
  readonly op: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly answer: Answer;
  readonly sentAtMs: number;
  readonly repliedAtMs: number;
}

/** The situations that one command and its answer are in. */
export function addAnswer(
  reached: Set<Cell>,
  places: Places,
  { team, op, fields, answer, sentAtMs, repliedAtMs }: Exchange,
  faultsAt: FaultsAt,
): void {
  if (!Object.hasOwn(ANSWERS, op)) return;
  const isRefused = answer.outcome === 'refused';
  const family = familyOf(op as Op);
  for (const kind of [...faultsAt(sentAtMs), ...faultsAt(repliedAtMs)]) {
    reached.add(cell('fault', kind, family));
  }
  const known = classIn(places, team, fields);
  const { path } = fields;
  const tier = typeof path === 'string' ? places.tierOf(path) : undefined;
  for (const outcome of outcomesOf(answer)) {
    reached.add(cell('answer', op, outcome));
    if (known !== undefined) reached.add(cell('class', `${op} ${outcome}`, known));
    if (tier !== undefined && !isRefused) reached.add(cell('tier', `${op} ${outcome}`, tier));
  }
  if (answer.outcome !== 'denied') return;
  reached.add(cell('answer', op, 'denied'));
  if (tier !== undefined) reached.add(cell('tier', `${op} denied`, tier));
}

function classIn(places: Places, team: string, fields: Exchange['fields']) {
  const { items, allocation, op } = fields;
  if (op === 'request' && typeof items === 'object' && items !== null) {
    return classOf(Object.keys(items));
  }
  return typeof allocation === 'string' ? places.classOf(team, allocation) : undefined;
}

/** Each command of a message with each answer to it that left a writer. */
export function* exchangesOf(message: TranscriptEntry): Generator<Exchange> {
  const { team, op, sentAtMs } = message;
  const body = mapOf(read(message.bytes, message.contentType));
  const commands = op === 'batch' ? body['commands'] : [body];
  for (const reply of message.replies) {
    const payload = mapOf(read(reply.bytes, reply.contentType));
    const answers = payload['outcome'] === 'batch' ? payload['answers'] : [payload];
    if (!Array.isArray(commands) || !Array.isArray(answers)) continue;
    for (const [i, one] of answers.entries()) {
      const answer = Answer.safeParse(one);
      if (!answer.success) continue;
      const given = mapOf(commands[i]);
      const named = typeof given['op'] === 'string' ? given['op'] : op;
      const fields = { ...given, op: named };
      const { repliedAtMs } = reply;
      yield { team, op: named, fields, answer: answer.data, sentAtMs, repliedAtMs };
    }
  }
}

function read(bytes: Uint8Array, contentType: string | undefined): unknown {
  try {
    const isJson = contentType?.toLowerCase().startsWith(JSON_TYPE) === true;
    return isJson ? JSON.parse(new TextDecoder().decode(bytes)) : decode(bytes, MESSAGE_BYTES_MAX);
  } catch {
    return undefined;
  }
}

function mapOf(value: unknown): Record<string, unknown> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, unknown>) : {};
}

/** What the caller saw, as the table of callers names it. */
export function seenBy({ end, way }: Call): string[] {
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
