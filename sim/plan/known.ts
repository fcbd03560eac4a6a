import type { Draw } from './draw.ts';
import { drawFaults, type FaultMix } from './draw-faults.ts';
import type { Expected } from './expected.ts';
import type { CallJob, Job, Step, WorkJob } from './job.ts';
import { type AgentPlan, PLAN_VERSION, type Plan, type WorldPlan } from './plan.ts';

const TEAM = 'acme';
const RUN = 'acme/s0/r0';
const READY_AT_MS = 1_500;
/** Longer than any run: nothing expires. */
const LEASE_MS = 86_400_000;

type Shape = (draw: Draw, agents: readonly AgentPlan[]) => { jobs: Job[]; expected: Expected };

/** A plan whose end is known beforehand, whatever faults it meets that leave the log as it is. */
export function makeKnownPlan(seed: number, draw: Draw): Plan {
  const agents = ['operator', 'ann', 'bob', 'cyd'].map((name) => agentNamed(draw, name));
  const [name, shape] = draw.pick<readonly [string, Shape]>([
    ['known: units of a limit', unitsOfLimit],
    ['known: sums of settles', sumsOfSettles],
    ['known: charges sent again', chargesSentAgain],
  ]);
  const { jobs, expected } = shape(draw, agents);
  const lastMs = jobs.reduce((last, { atMs }) => Math.max(last, atMs), READY_AT_MS);
  const world = knownWorld(draw);
  const mix = draw.pick<FaultMix>(['none', 'one kind', 'few', 'everything', 'crash points']);
  const window = { beginAtMs: READY_AT_MS, endAtMs: lastMs + 2_000 };
  const { faults, rates } = drawFaults(draw.fork('faults'), mix, { world, agents, ...window });
  return {
    v: PLAN_VERSION,
    seed,
    theme: `${name}; faults: ${mix}`,
    world,
    rates,
    agents,
    jobs,
    // Whoever is gone or has waited in vain leaves open what would have been.
    faults: faults.filter(({ kind }) => kind !== 'crashClient'),
    faultsBeginAtMs: READY_AT_MS,
    faultsEndAtMs: window.endAtMs,
    jobsEndAtMs: lastMs,
    expected,
  };
}

/** Requests of one unit on a limit of n: n are granted, the others denied; each unit is spent. */
function unitsOfLimit(draw: Draw, agents: readonly AgentPlan[]) {
  const limit = draw.int(0, 150);
  const asked = draw.int(limit + 1, limit + 250);
  const resource = draw.pick(['credits', 'tool_calls']);
  const requests = draw.times(asked, (i): Omit<WorkJob, 'no'> => {
    const spend = {
      op: 'settle',
      id: `s${i}`,
      allocation: `r${i}`,
      actual: { [resource]: 1 },
    } as const;
    return workOf(draw, agents, i, { [resource]: { amount: 1 } }, [
      { afterMs: draw.int(0, 2_000), command: spend, isPersistent: true },
    ]);
  });
  const expected: Expected = {
    because: `${asked} requests of 1 on a limit of ${limit}, each grant spent`,
    grantCount: limit,
    denialCount: asked - limit,
    lines: [{ path: TEAM, resource, heldTree: 0, spentTree: limit }],
  };
  return { jobs: inOrder([...opening(agents, { [resource]: { limit } }), ...requests]), expected };
}

/** No limit, and every use is known: what is spent is their sum. */
function sumsOfSettles(draw: Draw, agents: readonly AgentPlan[]) {
  let spent = 0;
  const count = draw.int(150, 350);
  const requests = draw.times(count, (i): Omit<WorkJob, 'no'> => {
    const used = draw.int(0, 1_000_000);
    spent += used;
    const settle = {
      op: 'settle',
      id: `s${i}`,
      allocation: `r${i}`,
      actual: { credits: used },
    } as const;
    const step = { afterMs: draw.int(0, 1_000), command: settle, isPersistent: true } as const;
    const isTwice = draw.isHit(200);
    const steps = isTwice ? [step, { ...step, afterMs: step.afterMs + 30 }] : [step];
    return workOf(draw, agents, i, { credits: { amount: draw.int(0, 1_000_000) } }, steps);
  });
  const expected: Expected = {
    because: `${count} requests without a limit, each settled with what is known`,
    grantCount: count,
    denialCount: 0,
    lines: [{ path: TEAM, resource: 'credits', heldTree: 0, spentTree: spent }],
  };
  return { jobs: inOrder([...opening(agents, {}), ...requests]), expected };
}

/** Charges, many of them several times under the same id: each counts once. */
function chargesSentAgain(draw: Draw, agents: readonly AgentPlan[]) {
  let spent = 0;
  const count = draw.int(120, 300);
  const charges = draw.times(count, (i) => {
    const amount = draw.int(0, 1_000);
    spent += amount;
    const times = draw.pick([1, 1, 2, 3, 10]);
    const command = { op: 'charge', id: `c${i}`, path: RUN, amounts: { credits: amount } } as const;
    const at = timeOf(draw, i);
    return draw.times(times, (n): Omit<CallJob, 'no'> => {
      const atMs = at + n * draw.pick([0, 7, 200]);
      return { kind: 'call', atMs, agent: 'operator', team: TEAM, command, isPersistent: true };
    });
  });
  const expected: Expected = {
    because: `${count} charges, many sent several times under one id`,
    lines: [{ path: RUN, resource: 'credits', heldTree: 0, spentTree: spent }],
  };
  return { jobs: inOrder([...opening(agents, {}), ...charges.flat()]), expected };
}

function workOf(
  draw: Draw,
  agents: readonly AgentPlan[],
  i: number,
  items: WorkJob['request']['items'],
  steps: readonly Step[],
): Omit<WorkJob, 'no'> {
  const { name: agent } = draw.pick(agents);
  const request = {
    op: 'request',
    id: `r${i}`,
    path: `${RUN}/w${i % 5}`,
    items,
    ttlMs: LEASE_MS,
  } as const;
  const atMs = timeOf(draw, i);
  return {
    kind: 'work',
    atMs,
    agent,
    team: TEAM,
    request,
    until: 'outcome',
    steps,
    isPersistent: true,
  };
}

/** Some together, some apart. */
function timeOf(draw: Draw, i: number): number {
  return READY_AT_MS + Math.floor(i / 6) * 150 + draw.pick([0, 0, 10, 90]);
}

function opening(agents: readonly AgentPlan[], limits: Record<string, { limit: number }>) {
  const call = (atMs: number, command: CallJob['command']): Omit<CallJob, 'no'> => ({
    kind: 'call',
    atMs,
    agent: 'operator',
    team: TEAM,
    command,
    isPersistent: true,
  });
  const enrolled = agents.filter(({ name }) => name !== 'operator');
  return [
    call(0, { op: 'open', id: 'o0', path: TEAM, limits }),
    ...enrolled.map(({ name }) =>
      call(100, { op: 'enrol', id: `e-${name}`, agent: name, role: 'agent', prefix: TEAM }),
    ),
    call(200, { op: 'open', id: 'o1', path: 'acme/s0' }),
    call(400, { op: 'open', id: 'o2', path: RUN }),
  ];
}

function inOrder(drafts: readonly (Omit<CallJob, 'no'> | Omit<WorkJob, 'no'>)[]): Job[] {
  return [...drafts].sort((a, b) => a.atMs - b.atMs).map((draft, no): Job => ({ ...draft, no }));
}

function knownWorld(draw: Draw): WorldPlan {
  return {
    shards: draw.int(1, 2),
    writers: draw.int(1, 3),
    projectors: draw.int(0, 1),
    sizes: {},
    logBytesMax: null,
    lookMs: 0,
  };
}

function agentNamed(draw: Draw, name: string): AgentPlan {
  return {
    name,
    team: TEAM,
    role: name === 'operator' ? 'operator' : 'agent',
    prefix: TEAM,
    hasJournal: true,
    timeoutMs: draw.pick([8_000, 30_000]),
    tryTimeoutMs: draw.pick([500, 2_000]),
    inFlightMax: 2,
    batchMax: draw.pick([1, 32, 256]),
  };
}
