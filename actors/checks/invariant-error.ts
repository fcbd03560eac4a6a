import type { BursarEvent } from '../../events/events.ts';
import type { Position } from '../team.ts';

const READ_THE_LOG =
  '`bursar audit verify` says whether the log is whole, `bursar projections check` what its events ' +
  'come to beside what the writer has';
const LOOK_AT_THE_DECISION =
  '`bursar audit replay PATH` shows what led to it, `bursar audit explain ID` the decisions on an id';
const KEEP_THE_LOG =
  'keep the log as it is: `bursar audit verify` names the message, docs/invariants.md what to do';

/** What always holds, and what a person looks at where it does not. Each is told of in docs/invariants.md. */
export const INVARIANTS = {
  'INV-1': { says: 'the kept books equal the recounted ones', advice: READ_THE_LOG },
  'INV-2': { says: 'nothing is admitted that does not fit', advice: LOOK_AT_THE_DECISION },
  'INV-3': { says: 'an allocation ends once', advice: LOOK_AT_THE_DECISION },
  'INV-4': { says: 'held is what live allocations hold', advice: READ_THE_LOG },
  'INV-5': { says: 'spent is what is booked here and beneath', advice: READ_THE_LOG },
  'INV-6': { says: 'a refusal changes nothing', advice: LOOK_AT_THE_DECISION },
  'INV-7': { says: 'an id is decided once', advice: LOOK_AT_THE_DECISION },
  'INV-8': { says: 'what leaves a node arrives at its parent', advice: READ_THE_LOG },
  'INV-9': { says: 'nothing is admitted beneath a freeze or stop', advice: LOOK_AT_THE_DECISION },
  'INV-10': { says: 'time never falls and nothing ends early', advice: LOOK_AT_THE_DECISION },
  'INV-11': { says: 'the log is one chain and makes the live state', advice: KEEP_THE_LOG },
  'INV-12': { says: 'every settle that was answered is in the log', advice: KEEP_THE_LOG },
  'INV-13': { says: 'what is booked is booked once on every tier', advice: READ_THE_LOG },
  'INV-14': { says: 'a preemption is legal by its right', advice: LOOK_AT_THE_DECISION },
  'INV-15': { says: 'a threshold is announced once', advice: LOOK_AT_THE_DECISION },
  'INV-16': {
    says: 'memory is bounded',
    advice: 'docs/invariants.md names the limit and its owner',
  },
  'INV-17': { says: 'no grant exceeds a rate', advice: LOOK_AT_THE_DECISION },
  'INV-18': { says: 'what grows by itself meets its own claim', advice: LOOK_AT_THE_DECISION },
  'INV-19': {
    says: 'a level of degradation admits no less than its priority',
    advice: LOOK_AT_THE_DECISION,
  },
  'INV-20': { says: 'the emergency reserve is for emergencies', advice: LOOK_AT_THE_DECISION },
  'INV-21': {
    says: 'a slow start gives out no more than its interval allows',
    advice: LOOK_AT_THE_DECISION,
  },
  'INV-22': { says: 'a breaker lets through its probes alone', advice: LOOK_AT_THE_DECISION },
} as const;

export type InvariantId = keyof typeof INVARIANTS;
type Found = number | string | boolean | null;

/** What was found and what should have been, at which place. Amounts are in the resource's unit. */
export interface Breach {
  readonly invariant: InvariantId;
  readonly team: string;
  readonly path: string;
  readonly resource?: string;
  /** What was looked at, as a phrase: `committed`, `the lease of q1`. */
  readonly what: string;
  readonly expected: Found;
  readonly found: Found;
  /** The event at which it was seen; a decision that recorded nothing has none. */
  readonly event?: BursarEvent['type'];
  /** Where that event would stand, or the place in the log to which the background audit had come. */
  readonly at?: Position;
}

/**
 * Something that always holds does not. The decision at work is dropped with all that is not
 * durable, and the team is frozen (writer/shard.ts); the message says where to look next.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly code = 'invariant_failed';
  readonly retryable = false;
  readonly breach: Breach;

  constructor(breach: Breach) {
    super(`${summaryOf(breach)}. Next: ${INVARIANTS[breach.invariant].advice}.`);
    this.breach = breach;
  }

  /** What failed and where, in one line: the reason of the freeze that follows. */
  get summary(): string {
    return summaryOf(this.breach);
  }
}

function summaryOf({
  invariant,
  path,
  resource,
  what,
  expected,
  found,
  event,
  at,
}: Breach): string {
  const place = resource === undefined ? path : `${path} (${resource})`;
  const by = event === undefined ? '' : `, by ${event}`;
  const where = at === undefined ? '' : ` at ${at.seq}-${at.index}`;
  const { says } = INVARIANTS[invariant];
  return `${invariant} (${says}) failed on ${place}${by}${where}: ${what} is ${found}, not ${expected}`;
}

/** Throws the error of a breach at an event. */
export function breached(
  event: BursarEvent,
  at: Position,
  breach: Omit<Breach, 'team' | 'event' | 'at'>,
): never {
  throw new InvariantError({ ...breach, team: event.team, event: event.type, at });
}
