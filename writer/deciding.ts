import { answerOf } from '../actors/answer-of.ts';
import { emergencyOf, isEmergency } from '../actors/emergency.ts';
import { evolve } from '../actors/evolve.ts';
import { govern, governDue, leaseEndOf, type Recorder, settleDown } from '../actors/govern.ts';
import type { Position, Team } from '../actors/team.ts';
import type { Answer } from '../events/answers.ts';
import { type BursarEvent, EVENT_VERSION } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import type { BlockLine } from './block-line.ts';
import type { WriterClock } from './clock.ts';
import { conflictField } from './conflict-field.ts';
import type { LogSpace } from './log-space.ts';
import { noticesOf } from './notices.ts';
import type { ParsedCommand } from './parse-command.ts';
import type { RecordedEvents } from './recorded-events.ts';
import type { ShardState } from './shard-state.ts';
import { ADMISSION, TokenBuckets } from './token-bucket.ts';

export interface DecidingParts {
  readonly shard: number;
  readonly state: ShardState;
  readonly line: BlockLine;
  readonly clock: WriterClock;
  readonly recorded: RecordedEvents;
  readonly space: LogSpace;
  readonly broken: ReadonlyMap<string, string>;
}

/** Ops that need new room in the log; refused when it is nearly full. */
const GROWS: ReadonlySet<string> = new Set(['request', 'open', 'resize', 'enrol', 'setPolicy']);
const READS: ReadonlySet<string> = new Set([
  'balance',
  'status',
  'explain',
  'queue',
  'emergencies',
]);

/** Turns parsed commands into answers and recorded events, in the order in which they come. */
export class Deciding {
  readonly #parts: DecidingParts;
  readonly #buckets = new TokenBuckets();
  readonly #recorder: Recorder;
  /** Positions of the events of the decision at work, in step with them. */
  #positions: Position[] = [];
  #team: Team | undefined;

  constructor(parts: DecidingParts) {
    this.#parts = parts;
    const { line } = parts;
    const record = (event: BursarEvent) => this.#record(event);
    this.#recorder = {
      get next() {
        return line.next;
      },
      begin: () => {
        line.begin();
      },
      record,
    };
  }

  /** The team of the decision at work: after a throw, the one to look at. */
  get teamAtWork(): string | undefined {
    return this.#team?.name;
  }

  /**
   * After a replay: leases are moved by the outage, broken teams frozen, and what had followed
   * from the last events is found and recorded.
   * @param lastBlockAtMs time of the newest block; undefined if there is none
   */
  takeOver(lastBlockAtMs: number | undefined): void {
    const { state, clock, broken } = this.#parts;
    const nowMs = clock.nowMs();
    const gapMs = lastBlockAtMs === undefined ? 0 : nowMs - lastBlockAtMs;
    state.sweep();
    for (const team of state.teams()) {
      this.#team = team;
      if (gapMs > LIMITS.outageMs && team.allocations.size + team.waiting.size > 0) {
        const byMs = Math.min(gapMs, LIMITS.outageMsMax);
        this.#recordOwn(team, { ...this.#stamp(team, nowMs), type: 'LeasesExtended', byMs });
      }
      const reason = broken.get(team.name);
      const root = team.nodes.get(team.name);
      if (reason !== undefined && root !== undefined && root.phase === 'open') {
        const { seq, index } = this.#parts.line.begin();
        this.#recordOwn(team, {
          ...this.#stamp(team, nowMs),
          type: 'Frozen',
          path: team.name,
          freeze: `w-${seq}-${index}`,
          reason: `an invariant failed: ${reason}`.slice(0, 200),
        });
      }
    }
    this.recordDue();
    for (const team of state.teams()) {
      this.#team = team;
      settleDown(team, clock.nowMs(), this.#recorder);
    }
  }

  /** Records everything that has fallen due. */
  recordDue(): void {
    const { state, clock, line } = this.#parts;
    const nowMs = clock.nowMs();
    while (state.timers.nextAtMs <= nowMs && !line.isCrowded) {
      const due = state.timers.takeDue(nowMs);
      if (due === undefined) return;
      this.#team = state.team(due.team);
      governDue(this.#team, due, nowMs, this.#recorder);
    }
  }

  /** Decides one command. A promise only where the log has to be read. */
  answerTo(parsed: ParsedCommand, teamName: string, agent: string): Answer | Promise<Answer> {
    const { command, digest } = parsed;
    const { clock, space, line, broken, state, shard } = this.#parts;
    const isRead = READS.has(command.op);
    const waitMs = this.#buckets.take(agent, 1, performance.now());
    if (waitMs > 0) return overloaded(`${agent} sends too much`, waitMs);
    if (line.isCrowded && !isRead) return overloaded('the log is behind', CROWDED_WAIT_MS);
    if (space.isNearlyFull && GROWS.has(command.op)) {
      return refuse('log_nearly_full', `the log is filled to ${space.permille} ‰`);
    }
    const reason = broken.get(teamName);
    if (reason !== undefined && !isRead)
      return refuse('internal', `an invariant failed: ${reason}`);
    this.recordDue();
    const team = state.team(teamName);
    this.#team = team;
    this.#positions = [];
    const atMs = clock.nowMs();
    const decision = govern(team, command, { atMs, agent, digest }, shard, this.#recorder);
    state.forgetIfEmpty(team);
    if (decision.repeats !== undefined) return this.#repeat(team, decision.repeats, atMs);
    if (decision.conflictsWith !== undefined) {
      return this.#conflict(parsed, decision.conflictsWith, agent);
    }
    if (decision.explains !== undefined) return this.#explain(decision.explains);
    const answer = decision.answer as Answer;
    if (answer.outcome === 'denied') this.#buckets.charge(agent, ADMISSION.denialCost);
    if (this.#positions.length === 0) return answer;
    const at = this.#positionOf(decision.events, answer);
    const isIdempotent = command.id !== undefined || 'allocation' in command;
    return {
      ...answer,
      ...(isIdempotent ? {} : { idempotent: false as const }),
      evidence: { shard, seq: at.seq, index: at.index },
    };
  }

  /** Where the event stands that the answer speaks of. */
  #positionOf(events: readonly BursarEvent[], answer: Answer): Position {
    const id = 'id' in answer ? answer.id : undefined;
    for (let i = events.length - 1; id !== undefined && i > 0; i -= 1) {
      const event = events[i] as BursarEvent;
      if ('id' in event && event.id === id) {
        return this.#positions[i] as Position;
      }
    }
    return this.#positions[0] as Position;
  }

  #repeat(team: Team, at: Position, nowMs: number): Answer | Promise<Answer> {
    const answer = (event: BursarEvent | undefined): Answer => {
      if (event === undefined) return refuse('outcome_unknown', 'its record cannot be found');
      const found = answerOf(event, nowMs, leaseEndOf(team, event));
      if (found === undefined) return refuse('outcome_unknown', 'its record is no answer');
      const { shard } = this.#parts;
      return {
        ...found,
        replayed: true,
        decidedMsAgo: nowMs - event.atMs,
        evidence: { shard, seq: at.seq, index: at.index },
      } as Answer;
    };
    return this.#withEvent(at, answer);
  }

  #conflict(parsed: ParsedCommand, at: Position, agent: string): Answer | Promise<Answer> {
    return this.#withEvent(at, (event): Answer => {
      const field = event === undefined ? 'content' : conflictField(parsed.command, event, agent);
      const { id } = parsed.command;
      const message = `${id ?? 'it'} was used for other content; ${field} differs`;
      return refuse('id_conflict', message, { field, ...(id === undefined ? {} : { id }) });
    });
  }

  async #explain(asked: { readonly id: string; readonly at: Position }): Promise<Answer> {
    const { line, recorded } = this.#parts;
    const { seq } = asked.at;
    const events = line.uncommitted(seq)?.events ?? (await recorded.block(seq))?.events ?? [];
    const found = events[asked.at.index];
    const contests = new Set<string>();
    for (const event of events) {
      if (event.type === 'ContentionDetected' && event.request === asked.id)
        contests.add(event.contest);
    }
    const concerned = events.filter(
      (event) =>
        event === found ||
        ('id' in event && event.id === asked.id) ||
        ('allocation' in event && event.allocation === asked.id) ||
        ('contest' in event && contests.has(event.contest)),
    );
    return { outcome: 'explained', events: concerned };
  }

  /** Hands over a recorded event: at once where it is in memory. */
  #withEvent(
    at: Position,
    use: (event: BursarEvent | undefined) => Answer,
  ): Answer | Promise<Answer> {
    const { line, recorded } = this.#parts;
    const uncommitted = line.uncommitted(at.seq);
    if (uncommitted !== undefined) return use(uncommitted.events[at.index]);
    return recorded.event(at).then(use);
  }

  #record(event: BursarEvent): void {
    const { line, shard } = this.#parts;
    const at = line.next;
    this.#positions.push(at);
    const block = line.record(event);
    const team = this.#team as Team;
    for (const notice of noticesOf(team, event)) block.releases.notices.push(notice);
    if (isEmergency(event)) block.releases.emergencies.push(emergencyOf(event, shard, at));
  }

  #recordOwn(team: Team, event: BursarEvent): void {
    this.#parts.line.begin();
    evolve(team, event, this.#parts.line.next);
    this.#record(event);
  }

  #stamp(team: Team, atMs: number) {
    return { v: EVENT_VERSION, team: team.name, atMs } as const;
  }
}

const CROWDED_WAIT_MS = 50;

function overloaded(message: string, retryAfterMs: number): Answer {
  return refuse('overloaded', message, { retryAfterMs });
}
