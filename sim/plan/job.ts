import type { CommandInput } from '../../events/commands.ts';

/** A command with the id that it is to have; reads have none. */
export type PlannedCommand = CommandInput;
/** The command of one op. */
export type PlannedCommandOf<Op extends CommandInput['op']> = Extract<CommandInput, { op: Op }>;

interface Header {
  /** Number in its plan; stays when others are left out. */
  readonly no: number;
  readonly atMs: number;
  /** Who does it: an agent of the plan, by name and team. */
  readonly agent: string;
  readonly team: string;
}

/** One command by the real client, tried again by it until it has its answer or the time is over. */
export interface CallJob extends Header {
  readonly kind: 'call';
  readonly command: PlannedCommand;
  /** Called again with the same id until there is an answer, however long that takes. */
  readonly isPersistent?: true;
}

/** What is done about a request when its outcome is known. */
export interface Step {
  /** After the outcome of the request. */
  readonly afterMs: number;
  readonly command: PlannedCommand;
  /** Also where the request was denied, has failed, or still waits. */
  readonly isUnconditional?: true;
  readonly isPersistent?: true;
}

/** A request by the real client, seen to its outcome, and what its agent does with it then. */
export interface WorkJob extends Header {
  readonly kind: 'work';
  /** With its id, by which the steps name the allocation. */
  readonly request: PlannedCommandOf<'request'> & { readonly id: string };
  /**
   * - `outcome`: waits as the client does, which claims what comes out of a queue
   * - `answer`: takes the first answer and never asks again
   */
  readonly until: 'outcome' | 'answer';
  /** The agent changes its mind after this time, ms. */
  readonly giveUpAfterMs?: number;
  /** Nothing at all: the agent forgets what it was granted. */
  readonly steps: readonly Step[];
  readonly isPersistent?: true;
}

/** Work under a lease that the client keeps (withAllocation). */
export interface HoldJob extends Header {
  readonly kind: 'hold';
  readonly request: PlannedCommandOf<'request'> & { readonly id: string };
  /** How long the work takes unless it is told to end. */
  readonly workMs: number;
  /** Cumulative use told on the way, at equal distances. */
  readonly reports: readonly Readonly<Record<string, number>>[];
  readonly actual: PlannedCommandOf<'settle'>['actual'];
  /** The work throws instead of ending well. */
  readonly hasFault?: true;
  /** Goes on although it was told to end. */
  readonly isDeaf?: true;
}

/** Commands that are given to the client in the same instant: they travel together. */
export interface BatchJob extends Header {
  readonly kind: 'batch';
  readonly commands: readonly PlannedCommand[];
}

/** The client listens to the emergencies of its team for a while. */
export interface WatchJob extends Header {
  readonly kind: 'watch';
  readonly forMs: number;
  /** Log position after which to list. */
  readonly since: number;
}

/** A message past the client: whatever bytes somebody may send. */
export interface RawJob extends Header {
  readonly kind: 'raw';
  readonly message: RawMessage;
  /** Times at which the same bytes are sent again, ms after the first. */
  readonly againAfterMs: readonly number[];
  /** How long each waits for its answer. */
  readonly timeoutMs: number;
}

export interface RawMessage {
  /** Token of the subject: of whose name, which team, what op. Default those of the job. */
  readonly subjectAgent?: string;
  readonly subjectTeam?: string;
  readonly subjectOp: string;
  /** Sent to the writers of this shard directly, past the broker's mapping. */
  readonly shard?: number;
  readonly form: 'msgpack' | 'json';
  /** Of the message; default what the form says. */
  readonly contentType?: string;
  /** What is encoded; or the bytes themselves, base64. */
  readonly content: { readonly body: unknown } | { readonly bytes: string };
  /** Length of a string field that is added, to make it too large. */
  readonly paddingBytes?: number;
}

/** What an agent does, and when. No job needs another one: what it names may not exist. */
export type Job = CallJob | WorkJob | HoldJob | BatchJob | WatchJob | RawJob;
