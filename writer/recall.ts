import { answerOf } from '../actors/answer-of.ts';
import { leaseEndOf } from '../actors/govern.ts';
import type { Position, Team } from '../actors/team.ts';
import type { Answer } from '../events/answers.ts';
import type { BursarEvent } from '../events/events.ts';
import { refuse } from '../events/refusals.ts';
import type { BlockLine } from './block-line.ts';
import { conflictField } from './conflict-field.ts';
import type { ParsedCommand } from './parse-command.ts';
import type { RecordedEvents } from './recorded-events.ts';

/** Answers out of what was recorded: at once where it is in memory, else out of the log. */
export class Recall {
  readonly #shard: number;
  readonly #line: BlockLine;
  readonly #recorded: RecordedEvents;

  constructor(parts: {
    readonly shard: number;
    readonly line: BlockLine;
    readonly recorded: RecordedEvents;
  }) {
    this.#shard = parts.shard;
    this.#line = parts.line;
    this.#recorded = parts.recorded;
  }

  /** The answer of an earlier time, word for word but for the lease that is left now. */
  repeat(team: Team, at: Position, nowMs: number): Answer | Promise<Answer> {
    const shard = this.#shard;
    return this.#withEvent(at, (event): Answer => {
      if (event === undefined) return refuse('outcome_unknown', 'its record cannot be found');
      const found = answerOf(event, nowMs, leaseEndOf(team, event));
      if (found === undefined) return refuse('outcome_unknown', 'its record is no answer');
      return {
        ...found,
        replayed: true,
        decidedMsAgo: nowMs - event.atMs,
        evidence: { shard, seq: at.seq, index: at.index },
      } as Answer;
    });
  }

  /** Says in what a command differs from what its id was used for. */
  conflict(parsed: ParsedCommand, at: Position, agent: string): Answer | Promise<Answer> {
    return this.#withEvent(at, (event): Answer => {
      const { command } = parsed;
      const field = event === undefined ? 'content' : conflictField(command, event, agent);
      const { id } = command;
      const differs = field === 'content' ? '' : `; ${field} differs`;
      // A settle is known by its allocation too, whatever id it has.
      const isEnd = command.op === 'settle' && event !== undefined && !isOf(event, id);
      const message = isEnd
        ? `${command.allocation} was settled before with other content${differs}: correct it by adjust`
        : `${id ?? 'it'} was used for other content${differs}`;
      return refuse('id_conflict', message, { field, ...(id === undefined ? {} : { id }) });
    });
  }

  /** The events of the block in which an id was decided, as far as they concern it. */
  async explain(asked: { readonly id: string; readonly at: Position }): Promise<Answer> {
    const { seq, index } = asked.at;
    const events =
      this.#line.uncommitted(seq)?.events ?? (await this.#recorded.block(seq))?.events ?? [];
    const found = events[index];
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

  #withEvent(
    at: Position,
    use: (event: BursarEvent | undefined) => Answer,
  ): Answer | Promise<Answer> {
    const uncommitted = this.#line.uncommitted(at.seq);
    if (uncommitted !== undefined) return use(uncommitted.events[at.index]);
    return this.#recorded.event(at).then(use);
  }
}

function isOf(event: BursarEvent, id: string | undefined): boolean {
  return 'id' in event && event.id === id;
}
