import { ConflictType, type DenialReason } from '../../events/reasons.ts';
import { FAULT_KINDS } from '../plan/fault.ts';
import {
  ANSWERS,
  commonOutcomes,
  FAMILIES,
  OPS_IN_ORDER,
  type Op,
  refused,
} from './answer-cells.ts';
import { EVENT_SITUATIONS } from './event-cells.ts';

/** A situation: `<table> | <what> | <where>`, in words that a person reads. */
export type Cell = string;

export function cell(table: string, what: string, where: string): Cell {
  return `${table} | ${what} | ${where}`;
}

/** What a request asks for: resources of one kind, or of several. */
export const CLASSES = ['consumable', 'tool', 'capacity', 'slot', 'bundle'] as const;
export type Class = (typeof CLASSES)[number];

/** Where a node is: as the tree has it, a run within a run, a step that opened by itself. */
export const TIERS = ['team', 'swarm', 'run', 'nested run', 'step', 'auto step'] as const;
export type TierCell = (typeof TIERS)[number];

/** Answers to requests that mean something else for each class. */
const BY_CLASS = [
  ...['granted', 'partial', 'queued', 'preempting'],
  ...['would_grant', 'would_queue', 'would_preempt'],
  ...['frozen', 'stopped', 'closing', 'unbounded', 'never_fits', 'queued_ahead'].map(denied),
];
/** Classes whose shortage has this reason; a bundle may be short of anything. */
const SHORT_OF: Readonly<Partial<Record<DenialReason, readonly Class[]>>> = {
  insufficient_credits: ['consumable', 'bundle'],
  insufficient_time: ['consumable', 'bundle'],
  insufficient_memory: ['capacity', 'bundle'],
  concurrency_limit_reached: ['capacity', 'slot', 'bundle'],
  tool_limit_reached: ['tool', 'bundle'],
  exclusive_access_required: ['slot', 'bundle'],
};
/** What becomes of an allocation, for each class. */
const ENDS_BY_CLASS: Readonly<Record<string, readonly Class[]>> = {
  'settle settled': CLASSES,
  'settle settled late': CLASSES,
  'settle settled estimated': ['consumable', 'tool', 'bundle'],
  'settle settled overrun': ['consumable', 'tool', 'bundle'],
  'release released': CLASSES,
  'release ended': CLASSES,
  'renew renewed': CLASSES,
  'resize resized': CLASSES,
  'resize refused does_not_fit': CLASSES,
  'report reported': ['consumable', 'tool', 'bundle'],
  'report reported overrun': ['consumable', 'tool', 'bundle'],
  'settle refused implausible_amount': ['consumable', 'tool', 'bundle'],
  expired: CLASSES,
  preempted: CLASSES,
  fenced: CLASSES,
  unclaimed: CLASSES,
};

/** Answers of commands on nodes, for each tier. */
const BY_TIER: Readonly<Record<string, readonly TierCell[]>> = {
  'request granted': TIERS,
  'request queued': TIERS,
  'request denied': TIERS,
  'charge charged': TIERS,
  'open opened': ['team', 'swarm', 'run', 'nested run', 'step'],
  'close closing': ['team', 'swarm', 'run', 'nested run', 'step'],
  'close closed': ['team', 'swarm', 'run', 'nested run', 'step'],
  'setLimits limits_set': ['team', 'swarm', 'run', 'nested run', 'step'],
  'topUp topped_up': ['team', 'swarm', 'run', 'nested run'],
  'freeze frozen': ['team', 'swarm', 'run', 'nested run', 'step'],
  'unfreeze unfrozen': ['team', 'swarm', 'run', 'nested run', 'step'],
  'stop stopped': ['team', 'swarm', 'run', 'nested run', 'step'],
  'acknowledgeStop acknowledged': ['team', 'swarm', 'run', 'nested run', 'step'],
  'recover recovered': ['team', 'swarm', 'run', 'nested run', 'step'],
  'balance balance': TIERS,
};

/** What a caller may see besides answers. */
const SEEN_BY_CALLERS = [
  'unavailable, not carried out',
  'unavailable, nobody knows',
  'aborted',
  'lease_lost',
  'preempted',
  'stopped',
  'journaled',
  'worked',
  'work failed',
  'watched',
  'process gone',
  'raw: timeout',
  'raw: no_responders',
  'raw: disconnected',
  'raw: permission_denied',
  'raw: oversize',
  'raw: unknown_op',
  'raw: not_available',
];

/** All situations that runs are to reach, table by table. Each is listed once. */
export const CELLS: readonly Cell[] = [
  ...OPS_IN_ORDER.flatMap(answersOf),
  ...BY_CLASS.flatMap((what) => CLASSES.map((one) => cell('class', `request ${what}`, one))),
  ...ConflictType.options.flatMap((reason) =>
    (SHORT_OF[reason] ?? []).map((one) => cell('class', `request ${denied(reason)}`, one)),
  ),
  ...crossed('class', ENDS_BY_CLASS),
  ...crossed('tier', BY_TIER),
  ...FAULT_KINDS.flatMap((kind) =>
    Object.keys(FAMILIES).map((family) => cell('fault', kind, family)),
  ),
  ...SEEN_BY_CALLERS.map((what) => cell('caller', what, 'any')),
  ...Object.entries(EVENT_SITUATIONS).flatMap(([type, kinds]) =>
    kinds.map((kind) => cell('event', type, kind)),
  ),
];

function answersOf(op: Op): Cell[] {
  const { outcomes, refusals } = ANSWERS[op];
  const all = [...outcomes, ...refusals.map(refused), ...commonOutcomes(op)];
  return [...new Set(all)].map((outcome) => cell('answer', op, outcome));
}

function crossed(table: string, rows: Readonly<Record<string, readonly string[]>>): Cell[] {
  return Object.entries(rows).flatMap(([what, wheres]) =>
    wheres.map((where) => cell(table, what, where)),
  );
}

function denied(reason: string): string {
  return `denied ${reason}`;
}
