import { strict as must } from 'node:assert';
import { answerOf } from '../../actors/answer-of.ts';
import { evolve } from '../../actors/evolve.ts';
import { sweepAll } from '../../actors/follow-ups.ts';
import { govern, governDue, leaseEndOf, settleDown } from '../../actors/govern.ts';
import { LIVES } from '../../actors/nodes/machines.ts';
import { ActorRuntime } from '../../actors/nodes/node-actor.ts';
import { type NodeRuntime, plainRuntime } from '../../actors/runtime.ts';
import { newTeam, type Position, type Team } from '../../actors/team.ts';
import { type Due, TimerHeap } from '../../actors/timers.ts';
import type { Answer } from '../../events/answers.ts';
import { Command, type CommandInput } from '../../events/commands.ts';
import type { BursarEvent, EventOf, EventType } from '../../events/events.ts';
import { refuse } from '../../events/refusals.ts';
import { readEvent } from '../../events/upcast.ts';
import { zoneOffset } from '../../writer/zones.ts';
import { assert } from '../harness/suite.ts';
import { checkBooks, RoomWatch } from './books.ts';

/** An event and where it stands. */
export interface Recorded {
  readonly event: BursarEvent;
  readonly at: Position;
}

/** What a command came to: what was answered and everything that was recorded for it. */
export interface Shown {
  readonly answer: Answer;
  readonly events: readonly BursarEvent[];
}

/** Virtual time at which every team begins. */
export const START_MS = 1_000_000;

/**
 * One team without a broker and a log: a virtual clock, timers run as the writer runs them,
 * repeats answered from what was recorded. After every event the books are recounted (INV-1,
 * INV-4) and no room may have fallen below 0 but by use or a cut (INV-2).
 */
export class TeamRig {
  readonly team: Team;
  readonly timers: TimerHeap;
  readonly runtime: NodeRuntime;
  readonly recorded: Recorded[] = [];
  nowMs = START_MS;
  #seq = 1;
  #index = 0;
  readonly #digests = new Map<string, number>();
  readonly #room: RoomWatch;

  constructor(
    name = 'acme',
    runtime: NodeRuntime = new ActorRuntime(),
    lives: Team['lives'] = LIVES,
    timers = new TimerHeap(),
  ) {
    this.runtime = runtime;
    this.timers = timers;
    this.team = newTeam(name, this.timers, runtime, lives, undefined, zoneOffset);
    this.#room = new RoomWatch(this.team);
  }

  /** The writer's side of governing. */
  readonly recorder = {
    next: { seq: 1, index: 0 } as Position,
    begin: () => {},
    record: (event: BursarEvent) => {
      // What cannot be read again from the log must not get into it.
      const stored = readEvent(structuredClone(event));
      this.recorded.push({ event: stored, at: this.recorder.next });
      this.#index += 1;
      must.ok(this.#index < 2_000, 'what follows from a command comes to an end');
      this.recorder.next = { seq: this.#seq, index: this.#index };
      this.recount(event);
    },
  };

  /** Recounts the books after an event; what the team watches by itself is watched in any case. */
  protected recount(event: BursarEvent): void {
    checkBooks(this.team);
    this.#room.afterEvent(event);
  }

  /** Lets time pass up to an instant; gives what was recorded meanwhile. */
  passTo(atMs: number): BursarEvent[] {
    must.ok(atMs >= this.nowMs, 'time does not run backwards');
    const before = this.recorded.length;
    while (this.timers.nextAtMs <= atMs) {
      this.nowMs = Math.max(this.nowMs, this.timers.nextAtMs);
      const due = this.timers.takeDue(this.nowMs);
      if (due !== undefined) this.fire(due);
    }
    this.nowMs = atMs;
    return this.recorded.slice(before).map(({ event }) => event);
  }

  pass(ms: number): BursarEvent[] {
    return this.passTo(this.nowMs + ms);
  }

  /** A writer that slept: everything due is recorded at one late instant. */
  oversleep(ms: number): BursarEvent[] {
    this.nowMs += ms;
    const before = this.recorded.length;
    for (;;) {
      const due = this.timers.takeDue(this.nowMs);
      if (due === undefined) break;
      this.fire(due);
    }
    return this.recorded.slice(before).map(({ event }) => event);
  }

  /** Records what is due now of this team. */
  fire(due: Due): void {
    must.equal(due.team, this.team.name);
    governDue(this.team, due, this.nowMs, this.recorder);
    this.#endBlock();
  }

  /** One command at an instant, by default now, of an agent, by default the operator. */
  when(input: CommandInput, agent = 'operator', atMs = this.nowMs): Shown {
    this.passTo(atMs);
    return this.decide(input, agent);
  }

  /** One command now, when nothing is due any more. */
  decide(input: CommandInput, agent: string): Shown {
    const atMs = this.nowMs;
    const command = Command.parse(input);
    const before = this.recorded.length;
    const ctx = { atMs, agent, digest: this.#digestOf(command, agent) };
    const decision = govern(this.team, command, ctx, 0, this.recorder);
    this.#endBlock();
    const events = this.recorded.slice(before).map(({ event }) => event);
    return { events, answer: this.#answerTo(decision, atMs) };
  }

  /** Records an event as a writer does that makes one itself. */
  record(event: BursarEvent): void {
    evolve(this.team, event, this.recorder.next);
    this.recorder.record(event);
    settleDown(this.team, event.atMs, this.recorder);
    this.#endBlock();
  }

  /** The team as a fresh process makes it from the recorded events. */
  replayed(runtime: NodeRuntime = plainRuntime): Team {
    const team = newTeam(this.team.name, new TimerHeap(), runtime);
    for (const { event, at } of this.recorded) evolve(team, structuredClone(event), at);
    return team;
  }

  /** A second process that takes over where this one stands. */
  takenOver(next = new TeamRig(this.team.name)): TeamRig {
    for (const { event, at } of this.recorded) {
      evolve(next.team, structuredClone(event), at);
      next.recorded.push({ event, at });
    }
    next.nowMs = this.nowMs;
    next.#seq = this.#seq;
    next.recorder.next = { seq: this.#seq, index: 0 };
    for (const [content, digest] of this.#digests) next.#digests.set(content, digest);
    next.#room.reset();
    sweepAll(next.team);
    settleDown(next.team, next.nowMs, next.recorder);
    next.#endBlock();
    return next;
  }

  /** Events of one type, oldest first. */
  eventsOf<T extends EventType>(type: T): EventOf<T>[] {
    return this.recorded.map(({ event }) => event).filter((e): e is EventOf<T> => e.type === type);
  }

  #answerTo(decision: ReturnType<typeof govern>, nowMs: number): Answer {
    if (decision.repeats !== undefined) {
      const event = this.#eventAt(decision.repeats);
      const answer = answerOf(event, nowMs, leaseEndOf(this.team, event));
      must.ok(answer !== undefined, `${event.type} answers a repeat`);
      return { ...answer, replayed: true } as Answer;
    }
    if (decision.conflictsWith !== undefined) {
      this.#eventAt(decision.conflictsWith);
      return refuse('id_conflict', 'the id was used for other content');
    }
    if (decision.explains !== undefined) {
      return { outcome: 'explained', events: [this.#eventAt(decision.explains.at)] };
    }
    must.ok(decision.answer !== undefined, 'every command has an answer');
    return decision.answer;
  }

  #eventAt(at: Position): BursarEvent {
    const found = this.recorded.find((one) => one.at.seq === at.seq && one.at.index === at.index);
    must.ok(found !== undefined, `an event stands at ${at.seq}-${at.index}`);
    return found.event;
  }

  #endBlock(): void {
    if (this.#index === 0) return;
    this.#seq += 1;
    this.#index = 0;
    this.recorder.next = { seq: this.#seq, index: 0 };
  }

  /** A number for each content: a hash without collisions. */
  #digestOf(command: Command, agent: string): number {
    const { id, v, firstSentMsAgo, ...content } = command;
    if ('dryRun' in content) content.dryRun = undefined;
    const text = `${agent}${canonical(content)}`;
    const known = this.#digests.get(text) ?? this.#digests.size + 1;
    this.#digests.set(text, known);
    return known;
  }
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A team of which these commands of the operator are true; none may have been refused. */
export function given(...commands: readonly CommandInput[]): TeamRig {
  return play(new TeamRig(), commands);
}

/** The same on a rig that is there. */
export function play(rig: TeamRig, commands: readonly CommandInput[]): TeamRig {
  for (const command of commands) {
    const { answer } = rig.when(command);
    must.ok(
      answer.outcome !== 'refused' && answer.outcome !== 'denied',
      `given ${JSON.stringify(command)}: ${JSON.stringify(answer)}`,
    );
  }
  return rig;
}

/** Holds what a command came to against what it should: named fields, and the types recorded. */
export function shows(
  shown: Shown,
  answer: Readonly<Record<string, unknown>>,
  types?: readonly EventType[],
): void {
  has(shown.answer, answer);
  if (types !== undefined) {
    assert.equal(
      shown.events.map(({ type }) => type),
      [...types],
    );
  }
}

/** Holds named fields of an answer, event or notice against what they should be. */
export function has(got: object | undefined, fields: Readonly<Record<string, unknown>>): void {
  const all = got as Readonly<Record<string, unknown>> | undefined;
  const seen: Record<string, unknown> = {};
  for (const field of Object.keys(fields)) seen[field] = all?.[field];
  assert.equal(seen, { ...fields }, JSON.stringify(got));
}

/** The only event of a type among some. */
export function the<T extends EventType>(events: readonly BursarEvent[], type: T): EventOf<T> {
  const found = events.filter((event): event is EventOf<T> => event.type === type);
  assert.is(found.length, 1, `one ${type} among ${events.map((event) => event.type).join(', ')}`);
  return found[0] as EventOf<T>;
}
