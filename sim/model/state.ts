import type { BursarEvent } from '../../events/events.ts';
import { DEFAULT_POLICY, type Policy } from '../../events/policy.ts';
import type { QueueAgeKind } from '../../events/queue-age-rules.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Role } from '../../events/roles.ts';
import { type Breakers, newBreakers } from './breakers.ts';
import type { Watched } from './forecasts.ts';
import type { Position } from './history.ts';
import type { Nodes } from './nodes.ts';
import type { Turns } from './turns.ts';

/** An allocation that lives. */
export interface Live {
  readonly id: string;
  readonly path: string;
  readonly agent: string;
  readonly ask: ResourceAllocationRequest;
  readonly priority: number;
  readonly grantedAtMs: number;
  /** Null: no deadline. */
  readonly deadlineAtMs: number | null;
  readonly attempt: number;
  /** How often its demand was evicted before. */
  readonly evictions: number;
  items: Record<string, number>;
  readonly reported: Record<string, number>;
  expiresAtMs: number;
  claimUntilMs: number | null;
  /** When its agent last said something of it. */
  heardAtMs: number;
  /** It was let past others and is not renewed beyond this. */
  endsByMs: number;
  /** The request that it was told to make room for. */
  yieldsTo: string | null;
  /** The reservation that it has drawn from, and what of its items; null once that is over. */
  reservation: string | null;
  drawn: Record<string, number>;
  /** What it held when windows over it ended, by resource, where that was more than before. */
  readonly marks: Record<string, { readonly atMs: number; readonly held: number }[]>;
  /** When it was asked for, and the claim that its grant kept for the rest. */
  readonly askedAtMs: number;
  readonly topUp: string | null;
}

/** Amounts that were reserved and are not over. */
export interface Reserved {
  readonly id: string;
  readonly path: string;
  readonly by: string;
  readonly items: Readonly<Record<string, number>>;
  /** Not drawn now. */
  readonly left: Record<string, number>;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** A request that waits, in a queue or for its victims. */
export interface Waiting {
  readonly id: string;
  readonly agent: string;
  readonly ask: ResourceAllocationRequest;
  readonly digest: number | undefined;
  readonly priority: number;
  readonly queuedAtMs: number;
  /** When it joined the queue in which it stands. */
  joinedAtMs: number;
  readonly deadlineAtMs: number | null;
  /** When the node where it works is closed by force; null: never. */
  readonly nodeEndsAtMs: number | null;
  readonly attempt: number;
  readonly evictions: number;
  /** Place in the log: who came first. */
  readonly arrival: number;
  account: { readonly path: string; readonly resource: string };
  /** Its turn there, and how far after it the next of its run comes. */
  pass: number;
  stride: bigint;
  untilMs: number;
  /** Victims that it waits for; empty in a plain queue. */
  victims: string[];
  /** Everybody who was told to yield to it, ended or not. */
  told: string[];
  graceEndsAtMs: number | null;
  isPreempting: boolean;
  earmarked: Record<string, number>;
  earmarkPath: string;
}

/** A request that waits for an approver. */
export interface Pending {
  readonly agent: string;
  readonly ask: ResourceAllocationRequest;
  readonly digest: number | undefined;
  readonly priority: number;
  readonly atMs: number;
  untilMs: number;
  hasAnswer: boolean;
}

/** What is left of an allocation that has ended. */
export interface Tombstone {
  readonly id: string;
  readonly agent: string;
  readonly ask: ResourceAllocationRequest;
  readonly held: Readonly<Record<string, number>>;
  readonly reported: Readonly<Record<string, number>>;
  readonly as: string;
  readonly endedAtMs: number;
  readonly deadlineAtMs: number | null;
  readonly priority: number;
  readonly attempt: number;
  readonly evictions: number;
  readonly grantedAtMs: number;
  readonly marks: Live['marks'];
  /** Where its use lies now. */
  liesAt: string;
  /** Booked in all. */
  booked: Record<string, number>;
  /** Settled by its agent, in time or late. */
  isSettled: boolean;
  /** An operator has said what was used. */
  isAdjusted: boolean;
}

/** A contest that was raised and has not ended. */
export interface Contested {
  readonly path: string;
  readonly resource: string;
  /** Number of events before it. */
  readonly raisedAfter: number;
}

export interface Credential {
  readonly role: Role;
  readonly prefix: string;
  readonly priorityMax: number | null;
}

/** The event that decided an id. */
export interface Decided {
  readonly event: BursarEvent;
  readonly at: Position;
}

/** Everything that is true of a team after some events. */
export interface State {
  readonly team: string;
  lastAtMs: number;
  /** The time of what is being judged. */
  nowMs: number;
  policy: Policy;
  /** How often one was set. */
  policyVersion: number;
  readonly nodes: Nodes;
  isTeamClosed: boolean;
  readonly live: Map<string, Live>;
  readonly waiting: Map<string, Waiting>;
  readonly approvals: Map<string, Pending>;
  readonly reservations: Map<string, Reserved>;
  readonly tombstones: Map<string, Tombstone>;
  readonly credentials: Map<string, Credential>;
  readonly contests: Map<string, Contested>;
  /** What is spent of accounts of team and swarm, by `path|resource`; where policy forecasts. */
  readonly watched: Map<string, Watched>;
  /** Queues that were told to be old, by `path|resource`, and as how old. */
  readonly lateQueues: Map<string, QueueAgeKind>;
  readonly breakers: Breakers;
  /** Of accounts for which somebody waits, by `path|resource`. */
  readonly turns: Map<string, Turns>;
  /** Last event that decided each id of a client or of the writer. */
  readonly ids: Map<string, Decided>;
  /** Number of events folded. */
  count: number;
  /** Grows whenever sums, queues or bars change: what was found at one number holds at it. */
  version: number;
}

export function newState(team: string): State {
  return {
    team,
    lastAtMs: 0,
    nowMs: 0,
    policy: DEFAULT_POLICY,
    policyVersion: 0,
    nodes: new Map(),
    isTeamClosed: false,
    live: new Map(),
    waiting: new Map(),
    approvals: new Map(),
    reservations: new Map(),
    tombstones: new Map(),
    credentials: new Map(),
    contests: new Map(),
    watched: new Map(),
    lateQueues: new Map(),
    breakers: newBreakers(),
    turns: new Map(),
    ids: new Map(),
    count: 0,
    version: 0,
  };
}
