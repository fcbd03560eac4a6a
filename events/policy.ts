import { z } from 'zod';
import { BreakerRules } from './breaker-rules.ts';
import { DegradationRules } from './degradation-rules.ts';
import { ForecastRules } from './forecast-rules.ts';
import { LIMITS } from './limits.ts';
import { PoolRules } from './pools.ts';
import { PreemptionRules } from './preemption-rules.ts';
import { PriorityInput } from './priority.ts';
import { QueueAgeRules } from './queue-age-rules.ts';
import { RebalanceRules } from './rebalance-rules.ts';
import { RecoveryRules } from './recovery-rules.ts';
import { ReserveRules } from './reserve-rules.ts';
import { Amounts, Registry } from './resources.ts';
import { BusinessRules, CallerCaps, ToolRules } from './rules.ts';
import { ShedRules } from './shed-rules.ts';
import { Strategy } from './strategy.ts';

/** One rung of the emergency ladder: fires above `onPermille`, re-arms below `offPermille`. */
const Rung = z.strictObject({
  kind: z.enum(['notice', 'warning', 'critical', 'exhausted']),
  onPermille: z.int().min(1).max(1000),
  offPermille: z.int().min(0).max(999),
});

/** What a team may set about its own governing. Every field has a default. */
export const Policy = z.strictObject({
  /** May the children's limits add up to more than the parent's? */
  overcommit: z.enum(['allow', 'refuse']).default('allow'),
  /** Which missing nodes a request opens by itself. */
  autoOpen: z.enum(['none', 'steps', 'runs']).default('steps'),
  /** Highest base priority that an agent may claim unless its credential says otherwise. */
  priorityMax: PriorityInput.default(200),
  /** Bound put on an item that names no amount; without one it is denied `unbounded`. */
  bounds: Amounts.default({}),
  /** A waiting request gains `step` of priority in each `intervalMs` on one common grid. */
  aging: z
    .strictObject({
      intervalMs: z.int().min(1).default(10_000),
      step: z.int().min(0).default(10),
    })
    .default({ intervalMs: 10_000, step: 10 }),
  /**
   * Who comes next in a queue. `default`: effective priority, least slack, business impact, turns of
   * the runs by their weight, arrival. The others choose anew each time, among the first request of
   * each run, and each stage decides only where those before it are equal. `classic`: from how near it
   * borrows, effective priority, queue time. `fair`: whose branch does not borrow, the smaller
   * weighted share after the grant, effective priority, queue time. `budget`: effective priority,
   * whose run has used the least of its own limit, queue time. Emergencies come first in all of them.
   */
  queueing: z.enum(['default', 'classic', 'fair', 'budget']).default('default'),
  /**
   * Only with `queueing: default`: whether a request may be served before those who stand before it: `conservative`, where its
   * lease is over before any of them could start.
   */
  backfill: z.enum(['none', 'conservative']).default('conservative'),
  preemption: PreemptionRules.prefault({}),
  /**
   * Only with `queueing: default`: how room that comes free is divided among the divisible requests that wait first at equal
   * priority: `need` by what each asks, `fair` weighted max-min, `topUp` an equal share first and
   * what small asks leave by excess need. The weight is that of the run.
   */
  sharing: z.enum(['need', 'fair', 'topUp']).default('need'),
  /**
   * Strategies by scope and resource: `credits`, `*`, `acme/lab|credits`, `acme/lab|*`. The
   * innermost scope that contains the asking node wins, on it the named resource over `*`.
   */
  strategies: z.record(z.string(), Strategy).default({}),
  /** Emergency ladder for consumables of team and swarm. */
  ladder: z
    .array(Rung)
    .max(8)
    .default([
      { kind: 'notice', onPermille: 600, offPermille: 550 },
      { kind: 'warning', onPermille: 750, offPermille: 700 },
      { kind: 'critical', onPermille: 900, offPermille: 850 },
      { kind: 'exhausted', onPermille: 1000, offPermille: 990 },
    ]),
  /** Levels by which team and swarms degrade. Null: none. */
  degradation: DegradationRules.nullable().default(null),
  forecast: ForecastRules,
  /** When it is told that somebody waits long for a capacity. */
  queueAges: QueueAgeRules.default([]),
  /** Whether budgets that were divided over children follow their demand. */
  rebalance: RebalanceRules,
  /** Slow start after a stop, freeze or exhaustion. Null: at once. */
  recovery: RecoveryRules.nullable().default(null),
  /** Overrun of one settle above this freezes the run. Null: no bound. */
  overrunMax: Amounts.nullable().default(null),
  /** Resources that this team has beside those of every team. */
  resources: Registry.default({}),
  /** Capacities that several nodes share: which of them, and how load is spread over them. */
  pools: PoolRules.default({}),
  /** Which tools may be used where, by whom. */
  tools: ToolRules.default([]),
  /** Requests that need an approver, or may not be. */
  rules: BusinessRules.default([]),
  /** How long a request waits for an approver; then it is denied `approval_expired`. */
  approvalMs: z.int().min(1).max(LIMITS.approvalMsMax).default(LIMITS.approvalMsDefault),
  /** How far callers may go in what they say of their own requests. */
  caps: CallerCaps.default([]),
  /** What is shed of capacities under pressure. */
  shedding: ShedRules.default({}),
  /** What swarms set aside for emergencies. */
  reserves: ReserveRules.default({}),
  /** When the supply of a resource is taken away, and how it comes back (I-10). */
  breakers: BreakerRules.default([]),
  /** A settle or charge above this is implausible and not booked. Null: the root's limit. */
  settleMax: Amounts.nullable().default(null),
});
export type Policy = z.infer<typeof Policy>;

/** The policy of a team that has set none. */
export const DEFAULT_POLICY: Policy = Policy.parse({});
