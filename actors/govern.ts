import type { Answer, AnswerOf } from '../events/answers.ts';
import type { Command } from '../events/commands.ts';
import { isDecision } from '../events/decision-event.ts';
import type { BursarEvent } from '../events/events.ts';
import { answerOf } from './answer-of.ts';
import { insteadOf } from './answer-of-denial.ts';
import { alternativesTo } from './contests/alternatives.ts';
import type { Context, Decision } from './context.ts';
import { decide } from './decide.ts';
import { eventsDue } from './due.ts';
import { evolve } from './evolve.ts';
import { followUps } from './follow-ups.ts';
import type { Position, Team } from './team.ts';
import type { Due } from './timers.ts';

/** Receives each event the moment it is recorded, and says where the next one will stand. */
export interface Recorder {
  /** Where the next event will stand in the log. */
  readonly next: Position;
  record(event: BursarEvent): void;
  /** Events that follow belong together: a block may end here, but not among them. */
  begin(): void;
}

/**
 * One command from decision to settled state: decide, evolve, then everything that follows from
 * it. What grace 0 takes away and gives is part of the same decision.
 * @throws InvariantError, IllegalTransitionError: the team's memory is worth nothing any more
 */
export function govern(
  team: Team,
  command: Command,
  ctx: Omit<Context, 'at'>,
  shard: number,
  recorder: Recorder,
): Decision {
  recorder.begin();
  const { atMs, agent, digest } = ctx;
  team.watch.asked(team);
  const decision = decide(team, command, { atMs, agent, digest, at: recorder.next }, shard);
  team.watch.decided(team, command, decision.events.length > 0);
  if (command.op === 'request' && command.dryRun) {
    return { events: [], answer: wouldBe(team, decision) };
  }
  if (decision.events.length === 0) return decision;
  const all: BursarEvent[] = [];
  recordAll(team, decision.events, recorder, all);
  settleDown(team, atMs, recorder, all);
  if (decision.answer !== undefined || decision.repeats !== undefined) {
    return { ...decision, events: all };
  }
  const told =
    (command.op === 'request' ? lastDecision(decision.events, all) : undefined) ??
    decision.events[0];
  const answer = told && answerOf(told, atMs, leaseEndOf(team, told));
  return answer === undefined ? { events: all } : { events: all, answer };
}

/** Records what is due, then what follows from it. */
export function governDue(team: Team, due: Due, atMs: number, recorder: Recorder): void {
  const all: BursarEvent[] = [];
  recordAll(team, eventsDue(team, due, atMs, recorder.next), recorder, all);
  settleDown(team, atMs, recorder, all);
}

/** What fell due before, and is taken along with one decision: bounds the time that it takes. */
const OVERDUE_AT_ONCE = 128;

/**
 * Records what follows until nothing does; takes what falls due at this very instant with it. Of all
 * that fell due while nobody wrote so much is taken at once: the rest stays due.
 */
export function settleDown(
  team: Team,
  atMs: number,
  recorder: Recorder,
  all: BursarEvent[] = [],
): void {
  for (let taken = 0; ; ) {
    // What follows comes first: whoever can be served at this instant must not time out at it.
    const events = followUps(team, atMs, recorder.next);
    if (events.length > 0) {
      recordAll(team, events, recorder, all);
      continue;
    }
    if (taken === OVERDUE_AT_ONCE) return;
    const due = team.timers.takeDue(atMs, team.name);
    if (due === undefined) return;
    if (due.atMs < atMs) taken += 1;
    recordAll(team, eventsDue(team, due, atMs, recorder.next), recorder, all);
  }
}

function recordAll(
  team: Team,
  events: readonly BursarEvent[],
  recorder: Recorder,
  all: BursarEvent[],
): void {
  recorder.begin();
  for (const event of events) {
    const at = recorder.next;
    evolve(team, event, at);
    recorder.record(event);
    all.push(event);
  }
}

/** What became of a request in the end: with grace 0 the grant follows in the same decision. */
function lastDecision(
  decided: readonly BursarEvent[],
  all: readonly BursarEvent[],
): BursarEvent | undefined {
  let last = decided.find(isDecision);
  const id = last?.id;
  for (const event of all) if (isDecision(event) && event.id === id) last = event;
  return last;
}

/** When the lease that an event speaks of ends, as it stands now. */
export function leaseEndOf(team: Team, event: BursarEvent): number | undefined {
  if (event.type === 'AllocationGranted') return team.allocations.get(event.id)?.expiresAtMs;
  if (event.type === 'LeaseRenewed') return team.allocations.get(event.allocation)?.expiresAtMs;
  return undefined;
}

/** What a dry run answers; nothing of it was recorded. */
function wouldBe(team: Team, decision: Decision): Answer {
  const [first] = decision.events;
  if (first?.type === 'ApprovalRequested') {
    const { resource, requested, above, rule } = first;
    return { outcome: 'would_need_approval', resource, requested, above, rule };
  }
  const event = decision.events.find(isDecision);
  if (event === undefined) return decision.answer as Answer;
  const { rule, factors } = event;
  const alternatives = alternativesTo(team, event);
  const why = {
    rule,
    ...insteadOf(event),
    ...(factors === undefined ? {} : { factors }),
    ...(alternatives.length === 0 ? {} : { alternatives }),
  };
  switch (event.type) {
    case 'AllocationGranted':
      return {
        outcome: 'would_grant',
        granted: event.rates === undefined ? event.items : { ...event.items, ...event.rates },
        partial: event.partial ?? false,
        ...(event.reserve === undefined ? {} : { reserve: event.reserve }),
        ...why,
      };
    case 'RequestQueued': {
      const { account, position, expectedWaitMs } = event;
      return { outcome: 'would_queue', account, position, expectedWaitMs, ...why };
    }
    case 'PreemptionRequested': {
      const graceMs = event.graceEndsAtMs - event.atMs;
      return { outcome: 'would_preempt', victims: event.victims, graceMs, ...why };
    }
    case 'RequestDenied': {
      const denied = answerOf(event, event.atMs, undefined) as AnswerOf<'denied'>;
      return { ...denied, ...why };
    }
    default:
      return event satisfies never;
  }
}
