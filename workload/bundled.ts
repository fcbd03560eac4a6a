import { type Budgets, type Caps, NO_BUDGETS } from './budgets.ts';
import { acrRun, chatdevPhases, type DrawnStep, tracelabSession } from './bundled-teams.ts';
import { MICRO_PER_USD } from './money.ts';
import { ACR, ORCA, PUBLISHED_SOURCES } from './published.ts';
import { drawFrom, type Random, seededRandom } from './random.ts';
import { newRowIds, parseRow, type Row, type RowForm } from './row.ts';

/** Seed of the demo; another one gives another workload of the same kind. */
const BUNDLED_SEED = 20_260_401;

/** Swarms and runs of the demo: about 3,000 steps over half an hour of recorded time. */
const SIZE = {
  coderSwarms: 4,
  coderRuns: 14,
  /** Calls that a swarm of coders may have under way at once: fewer than it has runs. */
  coderSlots: 5,
  projects: 20,
  researchSwarms: 3,
  sessions: 8,
} as const;

const TEAMS = { coders: 'coders', studio: 'studio', research: 'research' } as const;

/**
 * The workload of the demo: three made-up teams whose runs are drawn from the published figures
 * in published.ts. It is synthetic and must be called so; nothing of a data set is copied. The
 * same seed gives the same rows everywhere.
 */
function bundledRowForms({ seed = BUNDLED_SEED }: { seed?: number } = {}): RowForm[] {
  const random = seededRandom(seed);
  const rows = [...coders(random), ...studio(random), ...research(random)];
  // As a log has them: by completion.
  return rows.sort((a, b) => (a.t_ms ?? 0) - (b.t_ms ?? 0));
}

/** The same as rows, as if they had been read from a file of that name. */
export function bundledRows(options: { seed?: number } = {}): Row[] {
  const ids = newRowIds();
  return bundledRowForms(options).map((form, i) =>
    parseRow(JSON.stringify(form), { file: 'bundled workload', line: i + 1 }, ids),
  );
}

/** The bundled workload as text in the row form, for a file of one's own. */
export function bundledJsonLines(options: { seed?: number } = {}): string {
  return bundledRowForms(options)
    .map((form) => `${JSON.stringify(form)}\n`)
    .join('');
}

/**
 * Budgets for the bundled workload, tight enough that every tier refuses something and some have to
 * wait for a slot: it would cost about 28 USD (coders), 4 (studio) and 84 (research) without them.
 */
export function bundledBudgets(): Budgets {
  const paths: Record<string, Caps> = {
    [TEAMS.coders]: usd(20),
    [TEAMS.studio]: usd(4),
    [TEAMS.research]: usd(50),
  };
  for (const swarm of numbered(SIZE.coderSwarms, 'batch')) {
    paths[`${TEAMS.coders}/${swarm}`] = { ...usd(6), concurrency: SIZE.coderSlots };
  }
  for (const swarm of numbered(SIZE.researchSwarms, 'topic')) {
    paths[`${TEAMS.research}/${swarm}`] = usd(20);
    for (const run of numbered(SIZE.sessions, 'session')) {
      paths[`${TEAMS.research}/${swarm}/${run}`] = usd(4);
    }
  }
  return { tiers: { ...NO_BUDGETS.tiers, run: usd(1) }, paths };
}

function usd(amount: number): Caps {
  return { credits: amount * MICRO_PER_USD };
}

/** What the workload is and whose figures it is drawn from, for whoever looks at the demo. */
export function bundledDescription(): string {
  const sources = Object.values(PUBLISHED_SOURCES).map((source) => `  - ${source}`);
  return [
    'A synthetic workload: made-up teams, with costs, tokens, times and numbers of steps drawn from',
    'published figures of',
    ...sources,
  ].join('\n');
}

function coders(random: Random): RowForm[] {
  return numbered(SIZE.coderSwarms, 'batch').flatMap((swarm) => {
    const runs = numbered(SIZE.coderRuns, 'task').map((run) => ({ run, steps: acrRun(random) }));
    return pooled({ team: TEAMS.coders, swarm }, runs, ACR.runsAtOnce, random);
  });
}

/** One project after the other starts; within one, a phase starts when the last one ended. */
function studio(random: Random): RowForm[] {
  let startMs = 0;
  return numbered(SIZE.projects, 'project').flatMap((swarm) => {
    const phases = chatdevPhases(random);
    const runs = phases.map((steps, i) => ({ run: `phase-${i + 1}`, steps }));
    startMs += drawnGapMs(random);
    return pooled({ team: TEAMS.studio, swarm }, runs, 1, null, startMs);
  });
}

function research(random: Random): RowForm[] {
  return numbered(SIZE.researchSwarms, 'topic').flatMap((swarm) => {
    const runs = numbered(SIZE.sessions, 'session').map((run) => ({
      run,
      steps: tracelabSession(random),
    }));
    return pooled({ team: TEAMS.research, swarm }, runs, SIZE.sessions, random);
  });
}

type Place = { readonly team: string; readonly swarm: string };
type DrawnRun = { readonly run: string; readonly steps: readonly DrawnStep[] };

/** Lays runs on so many lanes; each starts a drawn gap after the last start, and on a free lane. */
function pooled(
  place: Place,
  runs: readonly DrawnRun[],
  lanes: number,
  random: Random | null,
  firstStartMs = 0,
): RowForm[] {
  const freeAtMs = new Array<number>(lanes).fill(firstStartMs);
  let arrivesAtMs = firstStartMs;
  return runs.flatMap(({ run, steps }) => {
    const lane = freeAtMs.indexOf(Math.min(...freeAtMs));
    let atMs = Math.max(freeAtMs[lane] ?? 0, arrivesAtMs);
    arrivesAtMs = atMs + (random === null ? 0 : drawnGapMs(random));
    const rows = steps.map(({ form, durationMs }, step) => {
      atMs += durationMs;
      return { t_ms: atMs, ...place, run, step, ...form, duration_ms: durationMs };
    });
    freeAtMs[lane] = atMs;
    return rows;
  });
}

function drawnGapMs(random: Random): number {
  return Math.round(drawFrom(ORCA.startGapSeconds, random) * 1_000);
}

function numbered(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
}
