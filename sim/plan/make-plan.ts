import { hireAgents } from './agents.ts';
import { commandCount } from './count.ts';
import { Draw } from './draw.ts';
import { drawFaults, drawMix, type FaultMix } from './draw-faults.ts';
import { callBy } from './governing.ts';
import type { Job } from './job.ts';
import { makeKnownPlan } from './known.ts';
import { PLAN_VERSION, type Plan, type WorldPlan } from './plan.ts';
import { drawPolicy } from './policies.ts';
import { type JobDraft, Scene } from './scene.ts';
import { drawTheme, type Theme } from './themes.ts';
import { plantTree } from './tree.ts';

/** By then the tree stands, ms. */
const READY_AT_MS = 1_500;
/** Between the end of the faults and that of the jobs, so that all work again in a whole world. */
const QUIET_PERMILLE = 150;
/** Names of teams; they fall on different shards. */
const TEAMS = ['acme', 'beta', 'gamma', 'delta'] as const;
/** One seed in so many has an outcome that is known beforehand. */
const KNOWN_EVERY = 20;

/** How large a plan is. */
interface Size {
  readonly commandsMax: number;
  readonly lastsMs: number;
  readonly teams: number;
  /** 0 to 3, see plantTree. */
  readonly tree: number;
  readonly workers: number;
}

/**
 * What happens in the run of a seed: a pure function of it.
 *
 * @param seed a whole number from 0
 */
export function makePlan(seed: number): Plan {
  const draw = Draw.of(seed);
  if (seed % KNOWN_EVERY === KNOWN_EVERY - 1) return makeKnownPlan(seed, draw.fork('known'));
  const size = drawSize(draw.fork('size'));
  const mix = drawMix(draw.fork('mix'));
  const theme = drawTheme(draw.fork('theme'));
  const scenes = TEAMS.slice(0, size.teams).map((team) => new Scene(team, draw.fork(team)));
  const drafts = scenes.flatMap((scene) => setUp(scene, size));
  fill(draw.fork('jobs'), drafts, scenes, size, theme);
  drafts.push(...closings(draw.fork('closings'), scenes, size));
  const agents = scenes.flatMap((scene) => scene.agents);
  const world = drawWorld(draw.fork('world'), mix, size);
  const faultsEndAtMs = Math.floor((size.lastsMs * (1_000 - QUIET_PERMILLE)) / 1_000);
  const window = { beginAtMs: READY_AT_MS, endAtMs: faultsEndAtMs };
  const { faults, rates } = drawFaults(draw.fork('faults'), mix, { world, agents, ...window });
  return {
    v: PLAN_VERSION,
    seed,
    theme: `${theme.name}; faults: ${mix}`,
    world,
    rates,
    agents,
    jobs: numbered(drafts),
    faults,
    faultsBeginAtMs: READY_AT_MS,
    faultsEndAtMs,
    jobsEndAtMs: size.lastsMs,
  };
}

/** Jobs in the order of their times, each with its number. */
function numbered(drafts: readonly JobDraft[]): Job[] {
  return [...drafts]
    .sort((a, b) => a.atMs - b.atMs)
    .map((draft, no): Job => ({ ...draft, no }) as Job);
}

function setUp(scene: Scene, size: Size): JobDraft[] {
  const { draw } = scene;
  const isOdd = draw.isHit(600);
  const jobs = [...plantTree(scene, size.tree), ...hireAgents(scene, size.workers, isOdd)];
  if (!draw.isHit(600)) return jobs;
  const policy = drawPolicy(scene, 0);
  return [...jobs, callBy(scene, READY_AT_MS / 2, { op: 'setPolicy', path: scene.team, policy })];
}

/** Adds jobs until there are commands enough. */
function fill(
  draw: Draw,
  drafts: JobDraft[],
  scenes: readonly Scene[],
  size: Size,
  { makers }: Theme,
): void {
  let count = commandCount({ jobs: drafts as Job[] });
  const averageMs = (size.lastsMs - READY_AT_MS) / (size.commandsMax / 2.6);
  let atMs = READY_AT_MS;
  while (count < size.commandsMax) {
    const made = draw.weighted(makers)(draw.pick(scenes), atMs);
    const jobs = [...made, ...again(draw, made)].map((job) => {
      return job.atMs > size.lastsMs ? { ...job, atMs: size.lastsMs } : job;
    });
    drafts.push(...jobs);
    count += commandCount({ jobs: jobs as Job[] });
    // Some things are done in the same instant.
    if (!draw.isHit(350)) atMs += draw.int(0, Math.floor(averageMs * 3));
    if (atMs > size.lastsMs) atMs = READY_AT_MS + draw.int(0, size.lastsMs - READY_AT_MS);
  }
}

/** A caller who forgets that it has called: the same command, id and all, once more. */
function again(draw: Draw, jobs: readonly JobDraft[]): JobDraft[] {
  const calls = jobs.filter(({ kind }) => kind === 'call' && draw.isHit(60));
  return calls.map((job) => ({ ...job, atMs: job.atMs + draw.int(0, 2_000) }));
}

/** The team is over: everything in it ends, and what comes late finds it closed. */
function closings(draw: Draw, scenes: readonly Scene[], size: Size): JobDraft[] {
  if (!draw.isHit(120)) return [];
  return scenes.flatMap((scene) => {
    const { team } = scene;
    const atMs = size.lastsMs - 700;
    const asked = scene.asked.slice(-8);
    const close = { op: 'close', path: team, force: true, graceMs: draw.pick([0, 200]) } as const;
    const ends = asked.flatMap(({ id: allocation }): JobDraft[] => [
      callBy(scene, size.lastsMs - 100, { op: 'settle', allocation, actual: { credits: 1 } }),
      callBy(scene, size.lastsMs, {
        op: 'adjust',
        id: scene.newId('c'),
        allocation,
        actual: { credits: 2 },
      }),
    ]);
    const freeze = { op: 'freeze', path: team, forMs: 100 } as const;
    return [callBy(scene, atMs, close), callBy(scene, atMs + draw.int(5, 150), freeze), ...ends];
  });
}

function drawSize(draw: Draw): Size {
  const kind = draw.weighted([
    [8, 'tiny'],
    [77, 'usual'],
    [15, 'large'],
  ] as const);
  if (kind === 'tiny') {
    return {
      commandsMax: draw.int(30, 120),
      lastsMs: draw.int(4_000, 20_000),
      teams: 1,
      tree: 1,
      workers: 2,
    };
  }
  const isLarge = kind === 'large';
  return {
    commandsMax: isLarge ? draw.int(1_050, 1_450) : draw.int(680, 1_000),
    lastsMs: draw.pick([9_000, 16_000, 25_000, 40_000, 65_000]),
    teams: isLarge ? draw.int(2, 4) : draw.int(1, 3),
    tree: draw.int(1, isLarge ? 3 : 2),
    workers: draw.int(2, 5),
  };
}

function drawWorld(draw: Draw, mix: FaultMix, size: Size): WorldPlan {
  const isSmall = size.teams === 1 && draw.isHit(500);
  const sizes = {
    blocksKeptMax: draw.pick([0, 1, 2]),
    eventsKeptMax: draw.pick([0, 1, 20]),
    lineLengthMax: draw.pick([1, 2, 16]),
  };
  const isFull = draw.isHit(mix === 'none' ? 200 : 80);
  return {
    shards: isSmall ? 1 : draw.int(1, 3),
    writers: mix === 'none' && draw.isHit(500) ? 1 : draw.int(isSmall ? 1 : 2, 3),
    projectors: draw.weighted([
      [35, 0],
      [45, 1],
      [20, 2],
    ]),
    sizes: draw.isHit(400) ? sizes : {},
    logBytesMax: isFull && size.commandsMax > 200 ? draw.int(25, 110) * 1_000 : null,
    lookMs: draw.pick([0, 0, 0.01, 0.3]),
  };
}
