import type { Answer } from '../../events/answers.ts';
import type { Command } from '../../events/commands.ts';
import type { BursarEvent } from '../../events/events.ts';

/** Where an event stands in the log of its shard. */
export interface Position {
  readonly seq: number;
  readonly index: number;
}

/** A durable event, where it stands, and the virtual time at which its block was stored, ms. */
export interface Recorded {
  readonly event: BursarEvent;
  readonly at: Position;
  /** Time of the world, not of the writer's clock; absent: the event's own time. */
  readonly storedAtMs?: number;
}

/** A command that was sent, parsed. Commands of a batch are one each. */
export interface Sent {
  readonly agent: string;
  readonly command: Command;
  /** Virtual time at which it left its sender, ms. */
  readonly sentAtMs: number;
}

/** An answer that came back, and to which sending. */
export interface Given {
  readonly to: Sent;
  readonly answer: Answer;
  /** Virtual time at which it left the writer or arrived, ms. */
  readonly answeredAtMs: number;
}

/** Everything that is known of one team in one run. */
export interface TeamHistory {
  readonly team: string;
  /** All durable events of the team, in the order of the log. */
  readonly events: readonly Recorded[];
  /** Every command that was sent, each sending once; absent where the log alone is judged. */
  readonly sent?: readonly Sent[];
  readonly answers?: readonly Given[];
  /**
   * How much older than its sending the state may be at which an answer looked, ms: a writer that
   * was paused may serve books of up to a second ago. Default 0.
   */
  readonly staleMs?: number;
}

/** Something that the semantics do not allow. */
export interface Violation {
  /** `INV-<n>`, or the section of the semantics: `S §6.2`. */
  readonly rule: string;
  readonly message: string;
  readonly position?: Position;
  /** The request, allocation, command or node that it is about. */
  readonly id?: string;
}
