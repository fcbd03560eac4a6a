import { LIMITS } from '../../events/limits.ts';
import type { Account } from '../accounts/account.ts';
import type { Resources } from '../accounts/registry.ts';
import type { Holders } from '../allocations/holders.ts';
import type { Reservation } from '../allocations/reservation.ts';
import type { Branching } from '../branches/branching.ts';
import type { Divided } from '../distribution/divided.ts';
import type { Standing } from '../levels/standing.ts';
import type { WaitQueue } from '../queue/wait-queue.ts';
import type { RateGauge } from '../rates/rate-gauge.ts';
import type { Allocation } from '../team.ts';
import type { Life } from './machines.ts';

export type Tier = 'team' | 'swarm' | 'run' | 'step';

/** Where a node is in its life; what may happen in each phase is in machines.ts. */
export type Phase = 'open' | 'frozen' | 'closing' | 'closed';

/** A freeze in force on a node. */
export interface Freeze {
  readonly id: string;
  readonly by: string;
  readonly untilMs: number | null;
  readonly reason: string;
}

/** A stop in force on a node. */
export interface Stop {
  readonly id: string;
  /** Base priorities below this are stopped; null: all. */
  readonly below: number | null;
  /** What has not ended then is fenced; moved by an outage. */
  ackUntilMs: number;
  /** Live allocations concerned: at first, and those that have not ended. */
  readonly allocationCount: number;
  remainingCount: number;
  fencedCount: number;
  isComplete: boolean;
  /** Agents whose allocations these are, and those of whom one was fenced. */
  readonly agents: Set<string>;
  readonly fencedAgents: Set<string>;
  /** Whoever has acknowledged it, concerned or not. */
  readonly acknowledgedBy: Set<string>;
}

/**
 * One team, swarm, run or step: the context of its actor. What few nodes have (freezes, stops,
 * queues, closed names) is absent until there is one, because steps come by the thousand.
 */
export interface Node {
  readonly path: string;
  readonly tier: Tier;
  readonly parent: Node | undefined;
  /** The resources of its team. */
  readonly resources: Resources;
  /** What the machine of its tier allows. */
  readonly life: Life;
  readonly children: Set<Node>;
  readonly accounts: Map<string, Account>;
  /** Rates that it limits. */
  rates: Map<string, RateGauge> | undefined;
  /** Set by the node's actor alone. */
  phase: Phase;
  /** Counts the openings of the team: a path may be opened again. */
  readonly openingNo: number;
  /** Opened by a request; a step then closes with its last allocation. */
  isAuto: boolean;
  /** Its own live allocations, while it has any. */
  allocations: Set<Allocation> | undefined;
  /** Live allocations of its own, and with all descendants. */
  liveOwn: number;
  liveTree: number;
  /** Highest base priority that may be claimed here and beneath, or null. */
  priorityMax: number | null;
  /** Share beside its siblings, thousandths. */
  weightMilli: number;
  freezes: Map<string, Freeze> | undefined;
  stops: Map<string, Stop> | undefined;
  /** Requests that wait for a resource of this node. */
  queues: Map<string, WaitQueue> | undefined;
  /** Who holds what here and beneath, of resources that were contended for. */
  holders: Map<string, Holders> | undefined;
  /** Names of children that were closed by command; not used again. */
  closedNames: Set<string> | undefined;
  /** While closing by force: when the rest is fenced. */
  fenceAtMs: number | null;
  /** When it is closed by force, its own deadline or one above it; Infinity without one. */
  deadlineAtMs: number;
  /** It shares the limits of its parent with other branches. */
  isBranch: boolean;
  /** How it divides its limits over its branches, once it has had one. */
  branching: Branching | undefined;
  /** It is closing because that time has come. */
  isOverdue: boolean;
  /** How it has divided resources over its children, by resource. */
  divided: Map<string, Divided> | undefined;
  /** Its reservations, while it has any. */
  reservations: Set<Reservation> | undefined;
  /** Of a team or swarm that is or was in a crisis. */
  standing: Standing | undefined;
}

const NO_CHILDREN: Set<Node> = new Set();

/** A node that has just been opened. */
export function newNode(
  path: string,
  tier: Tier,
  parent: Node | undefined,
  resources: Resources,
  isAuto: boolean,
  priorityMax: number | null,
  openingNo: number,
  life: Life,
): Node {
  return {
    path,
    tier,
    parent,
    resources,
    life,
    children: tier === 'step' ? NO_CHILDREN : new Set(),
    accounts: new Map(),
    rates: undefined,
    phase: 'open',
    openingNo,
    isAuto,
    allocations: undefined,
    liveOwn: 0,
    liveTree: 0,
    priorityMax,
    weightMilli: LIMITS.weightMilliDefault,
    freezes: undefined,
    stops: undefined,
    queues: undefined,
    holders: undefined,
    closedNames: undefined,
    fenceAtMs: null,
    deadlineAtMs: parent?.deadlineAtMs ?? Infinity,
    isBranch: false,
    branching: undefined,
    isOverdue: false,
    divided: undefined,
    reservations: undefined,
    standing: undefined,
  };
}

/** The node's last name. */
export function nameOf(node: Node): string {
  return node.path.slice(node.path.lastIndexOf('/') + 1);
}
