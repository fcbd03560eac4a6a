import { freeName } from './ids.ts';
import { mostAtOnce } from './overlap.ts';
import type { Row } from './row.ts';

/** One step as it is to be replayed; the row keeps what the log knew of it. */
export type PlannedStep = {
  readonly row: Row;
  /** Node name, unique in its run: the row's own, or its place in the run. */
  readonly step: string;
  /** Recorded start, ms on the clock of the plan. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Pause between the end of the run's previous step and this one; 0 for the first. */
  readonly gapBeforeMs: number;
};

/** One agent's run: its steps follow one another. */
export type PlannedRun = {
  readonly team: string;
  readonly swarm: string;
  readonly run: string;
  /** `team/swarm/run`. */
  readonly path: string;
  /** When its first step starts, ms on the clock of the plan. */
  readonly startMs: number;
  /** When its last recorded step ended. */
  readonly endMs: number;
  /** False where the log had no times: the run starts at 0, its steps follow at once. */
  readonly hasClock: boolean;
  readonly steps: readonly PlannedStep[];
};

/** A workload in closed loop: who starts when, and what each run does one after the other. */
export type Plan = {
  /** By start, then by first appearance in the file. */
  readonly runs: readonly PlannedRun[];
  readonly rowCount: number;
  /** Node names, in order of appearance; swarms as `team/swarm`. */
  readonly teams: readonly string[];
  readonly swarms: readonly string[];
  /** From the first start to the last end as recorded, ms. */
  readonly spanMs: number;
  /** Most runs with a clock that were under way at once. */
  readonly peakOverlap: number;
  readonly clocklessRuns: number;
  /** Steps whose record starts before the previous one of the run ended; they follow at once. */
  readonly overlappingSteps: number;
};

/** How the clocks of several swarms relate: each file row counts from the start of its swarm. */
export type SwarmOrder = 'together' | 'one-after-another';

/** Reads all rows and plans them. Rejects with what the rows' source rejects with. */
export async function planRows(
  rows: AsyncIterable<Row> | Iterable<Row>,
  { swarmOrder = 'together' }: { swarmOrder?: SwarmOrder } = {},
): Promise<Plan> {
  const grouped = new Map<string, Row[]>();
  for await (const row of rows) {
    const path = `${row.team}/${row.swarm}/${row.run}`;
    const group = grouped.get(path);
    if (group === undefined) grouped.set(path, [row]);
    else group.push(row);
  }
  const recorded = [...grouped].map(([path, group]) => runOf(path, group));
  const offsets = swarmOffsets(recorded, swarmOrder);
  const runs = recorded.map((run) => shifted(run, offsets.get(swarmPathOf(run)) ?? 0));
  runs.sort((a, b) => a.startMs - b.startMs);
  return {
    runs,
    rowCount: runs.reduce((count, run) => count + run.steps.length, 0),
    teams: [...new Set(recorded.map((run) => run.team))],
    swarms: [...new Set(recorded.map(swarmPathOf))],
    spanMs: runs.reduce((end, run) => Math.max(end, run.endMs), 0),
    peakOverlap: mostAtOnce(runs.filter((run) => run.hasClock)),
    clocklessRuns: runs.filter((run) => !run.hasClock).length,
    overlappingSteps: recorded.reduce((count, run) => count + run.overlappingSteps, 0),
  };
}

type RecordedRun = PlannedRun & { readonly overlappingSteps: number };

function runOf(path: string, group: readonly Row[]): RecordedRun {
  const [first] = group;
  if (first === undefined) throw new Error(`run ${path} has no rows`);
  const steps: PlannedStep[] = [];
  const names = new Set<string>();
  let overlappingSteps = 0;
  let previousEndMs: number | null = null;
  const firstStartMs = group.map(startMsOf).find((startMs) => startMs !== null) ?? 0;
  for (const row of inRecordedOrder(group)) {
    const durationMs = durationMsOf(row);
    const startMs: number = startMsOf(row) ?? previousEndMs ?? firstStartMs;
    const pauseMs = previousEndMs === null ? 0 : startMs - previousEndMs;
    if (pauseMs < 0) overlappingSteps += 1;
    const step = freeName(row.step ?? String(steps.length), names);
    steps.push({ row, step, startMs, durationMs, gapBeforeMs: Math.max(pauseMs, 0) });
    previousEndMs = Math.max(previousEndMs ?? startMs, startMs + durationMs);
  }
  return {
    team: first.team,
    swarm: first.swarm,
    run: first.run,
    path,
    startMs: steps[0]?.startMs ?? 0,
    endMs: previousEndMs ?? 0,
    hasClock: group.some((row) => row.tMs !== null),
    steps,
    overlappingSteps,
  };
}

function durationMsOf(row: Row): number {
  return row.durationMs ?? row.gapMs ?? 0;
}

/** A row stamps the completion of its step. */
function startMsOf(row: Row): number | null {
  return row.tMs === null ? null : row.tMs - durationMsOf(row);
}

/** By completion, then file order. A row without a time stays behind the one before it. */
function inRecordedOrder(group: readonly Row[]): Row[] {
  let lastMs = Number.NEGATIVE_INFINITY;
  const keyed = group.map((row) => {
    lastMs = row.tMs ?? lastMs;
    return { row, atMs: lastMs };
  });
  return keyed.sort((a, b) => (a.atMs === b.atMs ? 0 : a.atMs - b.atMs)).map(({ row }) => row);
}

/** What to add to the times of each swarm so that the plan starts at 0. */
function swarmOffsets(runs: readonly RecordedRun[], order: SwarmOrder): Map<string, number> {
  const spans = new Map<string, { startMs: number; endMs: number }>();
  for (const run of runs.filter((candidate) => candidate.hasClock)) {
    const span = spans.get(swarmPathOf(run)) ?? { startMs: run.startMs, endMs: run.endMs };
    span.startMs = Math.min(span.startMs, run.startMs);
    span.endMs = Math.max(span.endMs, run.endMs);
    spans.set(swarmPathOf(run), span);
  }
  let firstMs = Number.POSITIVE_INFINITY;
  for (const span of spans.values()) firstMs = Math.min(firstMs, span.startMs);
  let nextMs = 0;
  const offsets = new Map<string, number>();
  for (const [swarm, span] of spans) {
    offsets.set(swarm, order === 'together' ? -firstMs : nextMs - span.startMs);
    nextMs += span.endMs - span.startMs;
  }
  return offsets;
}

function shifted(run: RecordedRun, byMs: number): PlannedRun {
  const { overlappingSteps: _, ...planned } = run;
  if (byMs === 0 || !run.hasClock) return planned;
  return {
    ...planned,
    startMs: run.startMs + byMs,
    endMs: run.endMs + byMs,
    steps: run.steps.map((step) => ({ ...step, startMs: step.startMs + byMs })),
  };
}

function swarmPathOf(run: { team: string; swarm: string }): string {
  return `${run.team}/${run.swarm}`;
}
