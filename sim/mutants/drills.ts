import type { Job, PlannedCommand } from '../plan/job.ts';
import { PLAN_VERSION, type Plan } from '../plan/plan.ts';

/** Between two commands, ms: each has its answer before the next. */
const APART_MS = 200;

/** What is held is one thing, what is spent another: the rate of spending is told of the latter. */
export const FORECAST_WITH_HOLDS = drill('spending is forecast while something is held', [
  open('acme', { credits: 1_000 }),
  policy({ forecast: { horizonMs: 7_200_000, windowMs: 6_000, leastSamples: 2 } }),
  { op: 'open', id: 's', path: 'acme/s0' },
  { op: 'open', id: 'r', path: 'acme/s0/r0' },
  hold('held', 'acme/s0/r0', { credits: 100 }),
  { op: 'charge', id: 'c1', path: 'acme/s0/r0', amounts: { credits: 10 } },
  { op: 'charge', id: 'c2', path: 'acme/s0/r0', amounts: { credits: 10 } },
]);

/** A little is asked without an approver, and grown to what needs one. */
export const GROWTH_ABOVE_A_RULE = drill('an allocation grows to what needs an approver', [
  open('acme', { credits: 1_000 }),
  policy({ rules: [{ path: 'acme', resource: 'credits', above: 20, effect: 'approve' }] }),
  { op: 'open', id: 's', path: 'acme/s0' },
  { op: 'open', id: 'r', path: 'acme/s0/r0' },
  hold('little', 'acme/s0/r0', { credits: 10 }),
  { op: 'resize', id: 'more', allocation: 'little', items: { credits: 30 } },
]);

/** Of three holders under pressure one is within a guarantee, one may not be taken, one may. */
export const SHEDDING_OF_THREE = drill('memory is shed', [
  open('acme', { memory: 1_000 }),
  policy({ shedding: { memory: { onPermille: 900, offPermille: 0, graceMs: 500, idleMs: null } } }),
  open('acme/s0', { memory: 100 }),
  { op: 'open', id: 'r0', path: 'acme/s0/r0', limits: { memory: { guarantee: 40 } } },
  { op: 'open', id: 'r1', path: 'acme/s0/r1' },
  hold('promised', 'acme/s0/r0', { memory: 35 }),
  { ...hold('unwilling', 'acme/s0/r1', { memory: 50 }), preemptible: false },
  hold('willing', 'acme/s0/r1', { memory: 5 }),
]);

/** After a freeze so much is given out at first, and no more. */
export const TWO_AFTER_A_FREEZE = drill('two ask while a slow start is under way', [
  open('acme', { credits: 1_000 }),
  policy({ recovery: { startPermille: 100, stepPermille: 100, everyMs: 60_000 } }),
  open('acme/s0', { credits: 1_000 }),
  { op: 'freeze', id: 'f', path: 'acme/s0' },
  { op: 'unfreeze', id: 'u', path: 'acme/s0', freeze: 'f' },
  hold('first', 'acme/s0', { credits: 60 }),
  hold('second', 'acme/s0', { credits: 60 }),
]);

function open(path: string, limits: Readonly<Record<string, number>>): PlannedCommand {
  const each = Object.entries(limits).map(([resource, limit]) => [resource, { limit }] as const);
  return { op: 'open', id: `o-${path.length}`, path, limits: Object.fromEntries(each) };
}

function policy(fields: Extract<PlannedCommand, { op: 'setPolicy' }>['policy']): PlannedCommand {
  return { op: 'setPolicy', id: 'p', path: 'acme', policy: fields };
}

function hold(id: string, path: string, amounts: Readonly<Record<string, number>>) {
  const each = Object.entries(amounts).map(([name, amount]) => [name, { amount }] as const);
  return { op: 'request', id, path, items: Object.fromEntries(each), ttlMs: 60_000 } as const;
}

/**
 * A run in a calm world: one operator does one thing after the other. What it shows comes about
 * seldom by chance.
 */
function drill(theme: string, commands: readonly PlannedCommand[]): Plan {
  const operator = { name: 'operator', team: 'acme', role: 'operator', prefix: 'acme' } as const;
  const client = { hasJournal: false, timeoutMs: 30_000, tryTimeoutMs: 2_000 };
  const endAtMs = (commands.length + 10) * APART_MS;
  return {
    v: PLAN_VERSION,
    seed: 0,
    theme,
    world: { shards: 1, writers: 1, projectors: 0, sizes: {}, logBytesMax: null, lookMs: 0 },
    rates: {},
    agents: [{ ...operator, ...client, inFlightMax: 2, batchMax: 256 }],
    jobs: commands.map((command, no): Job => {
      const by = { agent: operator.name, team: operator.team };
      return { no, atMs: no * APART_MS, ...by, kind: 'call', command };
    }),
    faults: [],
    faultsBeginAtMs: endAtMs,
    faultsEndAtMs: endAtMs,
    jobsEndAtMs: endAtMs,
  };
}
