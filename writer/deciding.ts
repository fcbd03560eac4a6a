import { emergencyOf, isEmergency } from '../actors/emergencies/emergency.ts';
import { evolve } from '../actors/evolve.ts';
import { govern, governDue, type Recorder, settleDown } from '../actors/govern.ts';
import { levelTold } from '../actors/levels/told.ts';
import { phaseAfter } from '../actors/nodes/machines.ts';
import type { Position, Team } from '../actors/team.ts';
import type { Answer, Refusal } from '../events/answers.ts';
import type { Command } from '../events/commands.ts';
import { EVENT_VERSION } from '../events/event-kit.ts';
import type { BursarEvent } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import type { Host } from '../host/host.ts';
import type { BlockLine } from './block-line.ts';
import { breachFreezeReason, hasBreachFreeze } from './breach-freeze.ts';
import type { BrokenTeams } from './broken-teams.ts';
import type { WriterClock } from './clock.ts';
import type { LogSpace } from './log-space.ts';
import { noticesOf } from './notices.ts';
import type { ParsedCommand } from './parse-command.ts';
import { Recall } from './recall.ts';
import type { RecordedEvents } from './recorded-events.ts';
import type { ShardState } from './shard-state.ts';
import { ADMISSION, TokenBuckets } from './token-bucket.ts';

export interface DecidingParts {
  readonly shard: number;
  readonly state: ShardState;
  readonly line: BlockLine;
  readonly host: Host;
  readonly clock: WriterClock;
  readonly recorded: RecordedEvents;
  readonly space: LogSpace;
  readonly broken: BrokenTeams;
}

/** Ops that need new room in the log; refused when it is nearly full. */
const GROWS: ReadonlySet<string> = new Set(['request', 'open', 'resize', 'enrol', 'setPolicy']);
const READS: ReadonlySet<string> = new Set([
  'balance',
  'explain',
  'queue',
  'policy',
  'emergencies',
]);

/** Turns parsed commands into answers and recorded events, in the order in which they come. */
export class Deciding {
  readonly #parts: DecidingParts;
  readonly #buckets = new TokenBuckets();
  readonly #recall: Recall;
  readonly #recorder: Recorder;
  /** Positions of the events of the decision at work, in step with them. */
  #positions: Position[] = [];
  #team: Team | undefined;

  constructor(parts: DecidingParts) {
    this.#parts = parts;
    const { line } = parts;
    this.#recall = new Recall(parts);
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
    for (const [team, error] of state.breaches) {
      if (broken.reasonOf(team) === undefined) broken.note(team, error);
    }
    const nowMs = clock.nowMs();
    const gapMs = lastBlockAtMs === undefined ? 0 : nowMs - lastBlockAtMs;
    const byMs = gapMs > LIMITS.outageMs ? Math.min(gapMs, LIMITS.outageMsMax) : 0;
    state.sweep();
    for (const team of this.#sound()) {
      if (byMs > 0 && team.allocations.size + team.waiting.size > 0) {
        this.#recordOwn(team, { ...this.#stamp(team, nowMs), type: 'LeasesExtended', byMs });
      }
      const reason = broken.reasonOf(team.name);
      if (reason !== undefined) this.#freeze(team, nowMs, reason);
    }
    this.recordDue();
    for (const team of this.#sound()) settleDown(team, clock.nowMs(), this.#recorder);
  }

  /** Records everything that has fallen due by now. */
  recordDue(nowMs = this.#parts.clock.nowMs()): void {
    const { state, line, broken } = this.#parts;
    while (state.timers.nextAtMs <= nowMs && !line.isCrowded) {
      const due = state.timers.takeDue(nowMs);
      if (due === undefined) return;
      if (broken.isSealed(due.team)) continue;
      this.#team = state.team(due.team);
      governDue(this.#team, due, nowMs, this.#recorder);
    }
  }

  /** Decides one command. A promise only where the log has to be read. */
  answerTo(parsed: ParsedCommand, teamName: string, agent: string): Answer | Promise<Answer> {
    const answer = this.#decide(parsed, teamName, agent);
    // As things stand after it, whatever it answers and whenever that was decided.
    const team = this.#parts.state.find(teamName);
    const told = team === undefined ? {} : levelTold(team, parsed.command);
    if (told.level === undefined) return answer;
    const tell = (one: Answer): Answer => ({ ...one, ...told });
    return answer instanceof Promise ? answer.then(tell) : tell(answer);
  }

  #decide(parsed: ParsedCommand, teamName: string, agent: string): Answer | Promise<Answer> {
    const { command, digest } = parsed;
    const { clock, state, shard } = this.#parts;
    // One instant for both: what falls due between two looks at the clock would come too late.
    const atMs = clock.nowMs();
    this.recordDue(atMs);
    const team = state.team(teamName);
    this.#team = team;
    this.#positions = [];
    const refusal = this.#refusalOf(team, command, agent);
    if (refusal !== undefined) {
      state.forgetIfEmpty(team);
      return refusal;
    }
    const decision = govern(team, command, { atMs, agent, digest }, shard, this.#recorder);
    state.forgetIfEmpty(team);
    if (decision.repeats !== undefined) return this.#recall.repeat(team, decision.repeats, atMs);
    if (decision.conflictsWith !== undefined) {
      return this.#recall.conflict(parsed, decision.conflictsWith, agent);
    }
    if (decision.explains !== undefined) return this.#recall.explain(decision.explains);
    const answer = decision.answer as Answer;
    const isRecorded = this.#positions.length > 0;
    // What is turned down must not fill the log.
    if (answer.outcome === 'denied' || (answer.outcome === 'refused' && isRecorded)) {
      this.#buckets.charge(agent, ADMISSION.denialCost);
    }
    if (!isRecorded) return answer;
    const at = this.#positionOf(decision.events, answer);
    const isIdempotent = command.id !== undefined || 'allocation' in command;
    return {
      ...answer,
      ...(isIdempotent ? {} : { idempotent: false as const }),
      evidence: { shard, seq: at.seq, index: at.index },
    };
  }

  /** What stands before every decision: too much at once, no space, a team that is not sound. */
  #refusalOf(team: Team, command: Command, agent: string): Refusal | undefined {
    const { host, space, line, broken } = this.#parts;
    const waitMs = this.#buckets.take(agent, 1, host.steadyMs());
    if (waitMs > 0) return overloaded(`${agent} sends too much`, waitMs);
    if (READS.has(command.op)) return undefined;
    // Asking for its status claims a grant: that is recorded.
    if (line.isCrowded) return overloaded('the log is behind', CROWDED_WAIT_MS);
    if (broken.isSealed(team.name)) {
      const reason = broken.reasonOf(team.name);
      return refuse('internal', `nothing of ${team.name} is decided: it failed again: ${reason}`);
    }
    // What was decided before is answered again: that takes no room.
    const isKnown = command.id !== undefined && team.ids.has(command.id);
    if (space.isNearlyFull && GROWS.has(command.op) && !isKnown) {
      return refuse('log_nearly_full', `the log is filled to ${space.permille} ‰`);
    }
    return undefined;
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

  #record(event: BursarEvent): void {
    const { line, shard, broken } = this.#parts;
    const at = line.next;
    this.#positions.push(at);
    const block = line.record(event);
    const team = this.#team as Team;
    if (event.type === 'Unfrozen' && event.path === team.name && !hasBreachFreeze(team)) {
      broken.forget(team.name);
    }
    for (const notice of noticesOf(team, event)) block.releases.notices.push(notice);
    if (isEmergency(event)) block.releases.emergencies.push(emergencyOf(event, shard, at));
  }

  #recordOwn(team: Team, event: BursarEvent): void {
    this.#parts.line.begin();
    evolve(team, event, this.#parts.line.next);
    this.#record(event);
  }

  /** Teams that may be worked on; each becomes the team at work. */
  *#sound(): Generator<Team> {
    const { state, broken } = this.#parts;
    for (const team of state.teams()) {
      if (broken.isSealed(team.name)) continue;
      this.#team = team;
      yield team;
    }
  }

  #freeze(team: Team, nowMs: number, reason: string): void {
    const root = team.nodes.get(team.name);
    if (root === undefined || phaseAfter(root, 'frozen') === undefined) return;
    if (hasBreachFreeze(team)) return;
    const { seq, index } = this.#parts.line.begin();
    this.#recordOwn(team, {
      ...this.#stamp(team, nowMs),
      type: 'Frozen',
      path: team.name,
      freeze: `w-${seq}-${index}`,
      reason: breachFreezeReason(reason),
    });
  }

  #stamp(team: Team, atMs: number) {
    return { v: EVENT_VERSION, team: team.name, atMs } as const;
  }
}

const CROWDED_WAIT_MS = 50;
function overloaded(message: string, retryAfterMs: number): Refusal {
  return refuse('overloaded', message, { retryAfterMs });
}
