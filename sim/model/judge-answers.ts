import type { Answer, AnswerOf } from '../../events/answers.ts';
import { type Told, toldBy } from './answer-of-event.ts';
import type { Findings } from './bench.ts';
import { canonical, isSame } from './content.ts';
import { idOf } from './fold.ts';
import type { Given, Recorded, Sent } from './history.ts';

interface Decision {
  readonly recorded: Recorded;
  readonly told: Told;
}

/** Decisions by what an answer could say of them. */
export class DecisionIndex {
  readonly #byTold = new Map<string, Decision[]>();
  readonly #byPlace = new Map<string, Recorded>();
  readonly #ids = new Map<string, Recorded[]>();

  constructor(events: readonly Recorded[]) {
    for (const recorded of events) {
      const { event, at } = recorded;
      this.#byPlace.set(`${at.seq}-${at.index}`, recorded);
      for (const told of toldBy(event)) push(this.#byTold, keyOf(told), { recorded, told });
      const id = idOf(event);
      if (id !== undefined) push(this.#ids, id, recorded);
    }
  }

  about(outcome: string, subject: string): readonly Decision[] {
    return this.#byTold.get(keyOf({ outcome, subject })) ?? [];
  }

  at(place: { readonly seq: number; readonly index: number }): Recorded | undefined {
    return this.#byPlace.get(`${place.seq}-${place.index}`);
  }

  withId(id: string): readonly Recorded[] {
    return this.#ids.get(id) ?? [];
  }
}

function keyOf({ outcome, subject }: { outcome: string; subject: string }): string {
  return `${outcome} ${subject}`;
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/**
 * Holds every answer that decides something against the log: there is an event that says the
 * same, at the place that it names as evidence, stored when the answer left. Refused commands have
 * left nothing; the same event is always told in the same words.
 */
export function judgeAnswers(
  answers: readonly Given[],
  sent: readonly Sent[],
  index: DecisionIndex,
  findings: Findings,
): void {
  const words = new Map<Recorded, string>();
  for (const given of answers) {
    const { answer, to } = given;
    if (answer.outcome === 'emergencies') judgeEmergencies(answer, index, findings);
    const subject = subjectOf(answer);
    if (subject === undefined || isDryRun(given)) continue;
    const found = matching(given, subject, index);
    const id = to.command.id ?? subject;
    const find = (rule: string, message: string) =>
      findings.add(rule, `answer to ${to.agent}: ${message}`, found?.at, id);
    if (found === undefined) {
      const rule = answer.outcome === 'settled' ? 'INV-12' : 'S §6.3';
      find(
        rule,
        `no event says that ${subject} is ${answer.outcome} as told: ${canonical(answer)}`,
      );
      continue;
    }
    if ((found.storedAtMs ?? found.event.atMs) > given.answeredAtMs) {
      find('S §6.9', 'it left before it was stored');
    }
    const said = timeless(answer);
    const before = words.get(found);
    if (before === undefined) words.set(found, said);
    else if (before !== said && isFinal(answer)) {
      find('INV-7', `said ${said}, before ${before}`);
    }
  }
  judgeRefused(answers, sent, index, findings);
}

/** S §8: each emergency is told of an event at the place in its id. */
function judgeEmergencies(
  { emergencies }: AnswerOf<'emergencies'>,
  index: DecisionIndex,
  findings: Findings,
): void {
  for (const { id, path, atMs } of emergencies) {
    const [, seq, place] = id.split('-').map(Number);
    const found = index.at({ seq: seq ?? 0, index: place ?? 0 })?.event;
    if (found === undefined || found.atMs !== atMs || !('path' in found) || found.path !== path) {
      findings.add('S §8', `no event stands behind the emergency ${id}`, undefined, path);
    }
  }
}

function isDryRun({ to }: Given): boolean {
  return to.command.op === 'request' && to.command.dryRun === true;
}

/** The event that an answer tells of: the one at its evidence, or any that says the same. */
function matching(given: Given, subject: string, index: DecisionIndex): Recorded | undefined {
  const { answer } = given;
  const shown = answer as unknown as Readonly<Record<string, unknown>>;
  const fits = index
    .about(answer.outcome, subject)
    .filter(({ told }) =>
      Object.entries(told.fields).every(([field, value]) => isSame(shown[field], value)),
    );
  if (!('evidence' in answer) || answer.evidence === undefined) {
    const own = fits.find(({ recorded }) => idOf(recorded.event) === given.to.command.id);
    return (own ?? fits[0])?.recorded;
  }
  const place = index.at(answer.evidence);
  return fits.find(({ recorded }) => recorded === place)?.recorded;
}

/** By what an answer is matched with an event; undefined for reads and refusals. */
function subjectOf(answer: Answer): string | undefined {
  switch (answer.outcome) {
    case 'granted':
    case 'partial':
    case 'denied':
    case 'queued':
    case 'preempting':
      return answer.id;
    case 'settled':
    case 'released':
    case 'renewed':
    case 'resized':
    case 'reported':
    case 'adjusted':
      return answer.allocation;
    case 'cancelled':
      return answer.request;
    case 'charged':
    case 'opened':
    case 'closing':
    case 'closed':
    case 'limits_set':
    case 'topped_up':
    case 'frozen':
    case 'unfrozen':
    case 'stopped':
    case 'recovered':
    case 'distributed':
    case 'breaker_opened':
    case 'breaker_closed':
      return answer.path;
    case 'transferred':
      return answer.from;
    case 'reserved':
    case 'reservation_ended':
      return answer.reservation;
    case 'enrolled':
    case 'dismissed':
      return answer.agent;
    case 'acknowledged':
      return answer.stop;
    case 'policy_set':
      return '';
    default:
      return undefined;
  }
}

function isFinal({ outcome }: Answer): boolean {
  return outcome !== 'queued' && outcome !== 'preempting';
}

const OF_THE_MOMENT = new Set([
  ...[
    'startsInMs',
    'endsInMs',
    'expiresInMs',
    'timeoutInMs',
    'graceMs',
    'ackInMs',
    'retryInMs',
    'replayed',
    'decidedMsAgo',
    'level',
    'modelHint',
  ],
  ...['evidence', 'idempotent', 'id'],
]);

/** An answer without what is of the moment. */
function timeless(answer: Answer): string {
  return canonical(
    Object.fromEntries(Object.entries(answer).filter(([field]) => !OF_THE_MOMENT.has(field))),
  );
}

/** Refusals after which something may be durable all the same. */
const OPEN_ENDED = new Set([
  'id_conflict',
  'implausible_amount',
  'unavailable',
  'not_owner',
  'internal',
]);

/** INV-6: what was refused and never answered otherwise has left nothing behind. */
function judgeRefused(
  answers: readonly Given[],
  sent: readonly Sent[],
  index: DecisionIndex,
  findings: Findings,
): void {
  const outcomes = new Map<string, Set<string>>();
  for (const { to, answer } of answers) {
    const { id } = to.command;
    if (id === undefined) continue;
    const key = `${to.agent} ${id}`;
    const seen = outcomes.get(key) ?? new Set();
    seen.add(answer.outcome === 'refused' ? `refused ${answer.code}` : answer.outcome);
    outcomes.set(key, seen);
  }
  const answered = new Set(answers.map(({ to }) => to));
  // A try without an answer may be the one that left something behind.
  const isOpen = new Set(
    sent.filter((one) => !answered.has(one)).map((one) => `${one.agent} ${one.command.id}`),
  );
  for (const { to, answer } of answers) {
    const { id } = to.command;
    if (id === undefined || answer.outcome !== 'refused' || OPEN_ENDED.has(answer.code)) continue;
    const seen = outcomes.get(`${to.agent} ${id}`);
    if (seen === undefined || seen.size > 1 || isOpen.has(`${to.agent} ${id}`)) continue;
    for (const { event, at } of index.withId(id)) {
      if (!('by' in event) || event.by !== to.agent) continue;
      // The record of the refusal itself: it holds the id, and changes nothing else.
      if (event.type === 'SettleMissed') continue;
      findings.add('INV-6', `${event.type}, though its command was refused ${answer.code}`, at, id);
    }
  }
}
