import type { Answer } from '../events/answers.ts';
import { EVENT_VERSION } from '../events/event-kit.ts';
import type { BursarEvent, EventType } from '../events/events.ts';
import type { Position, Team } from './team.ts';

/** What a decider is told besides the state and the command. */
export interface Context {
  /** The writer's logical time, ms since 1970. */
  readonly atMs: number;
  /** The agent as the broker vouches for it: its token in the subject. */
  readonly agent: string;
  /** 53 bits of the hash of the command's content; undefined where the writer made the id. */
  readonly digest: number | undefined;
  /** Where the first event of this decision will stand. */
  readonly at: Position;
}

/** What a decider says. Facts to record, or an answer that changes nothing. */
export interface Decision {
  readonly events: readonly BursarEvent[];
  /** For reads and refusals; what events mean as an answer is in answer-of.ts. */
  readonly answer?: Answer;
  /** The answer is the one recorded here: this command is a repeat. */
  readonly repeats?: Position;
  /** The recorded story of an id is asked for. */
  readonly explains?: { readonly id: string; readonly at: Position };
  /** The id was used there for other content. */
  readonly conflictsWith?: Position;
}

/** A decision that records nothing. */
export function answered(answer: Answer): Decision {
  return { events: [], answer };
}

/** A decision to record. */
export function recorded(...events: BursarEvent[]): Decision {
  return { events };
}

/** The fields that every event of a team at an instant has. */
export function stamp<T extends EventType>(type: T, team: Team, atMs: number) {
  return { type, v: EVENT_VERSION, team: team.name, atMs } as const;
}

/** A name made by the writer: from the place in the log, so replay makes the same. */
export function nameAt(team: Team, prefix: 'w' | 'c' | 't', at: Position, offset = 0): string {
  let name = `${prefix}-${at.seq}-${at.index + offset}`;
  while (team.ids.has(name)) name += '.';
  return name;
}
