import { taggedName } from '../drive-tag.ts';
import { freeName } from '../ids.ts';
import { mostAtOnce, type Span } from '../overlap.ts';
import type { Trial, TrialTimes } from './trial.ts';

/** One trial as it is to be driven. */
export type PlannedTrial = {
  /** `team/swarm/run`. */
  readonly path: string;
  readonly swarmPath: string;
  readonly priority: TrialPriority;
  /** Null: nothing can be driven of it. */
  readonly times: TrialTimes | null;
  /** Wall-time limit of its agent, ms as recorded; null: the record has none to go by. */
  readonly limitMs: number | null;
  readonly isKilled: boolean;
};

/** One pool of places. */
export type PlannedSwarm = {
  readonly path: string;
  readonly team: string;
  /** Most trials that the record has under way at once. */
  readonly poolSlots: number;
  readonly trials: readonly PlannedTrial[];
};

/** A log of whole runs: who asks for a place in which pool, and what it does there. */
export type TrialPlan = {
  /** In order of appearance; their trials in the order in which the record started them. */
  readonly swarms: readonly PlannedSwarm[];
  readonly teams: readonly string[];
  readonly rowCount: number;
  /** Of the swarm that took longest, ms. */
  readonly spanMs: number;
};

/** What the first trial of a task asks with, those between, and the last. */
export const TRIAL_PRIORITIES = ['high', 'normal', 'low'] as const;
export type TrialPriority = (typeof TRIAL_PRIORITIES)[number];

/**
 * Plans a log of whole runs. What the log does not say is taken from what it shows:
 *
 * - the pool of a swarm is the most trials that it had under way at once;
 * - the limit of an agent that was killed is the time at which it was killed, that of another the
 *   longest time at which any agent was killed on the same task;
 * - the first trial of each task asks with priority `high`, the last with `low`, the others and
 *   those without a number with `normal`: an answer to each task comes before repeats.
 *
 * Rejects with what the rows' source rejects with, and TagError.
 *
 * @param tag put behind the name of each swarm
 */
export async function planTrials(
  trials: AsyncIterable<Trial> | Iterable<Trial>,
  { tag }: { readonly tag?: string | undefined } = {},
): Promise<TrialPlan> {
  const bySwarm = new Map<string, Trial[]>();
  const killedAtMs = new Map<string, number>();
  let rowCount = 0;
  for await (const trial of trials) {
    rowCount += 1;
    const name = tag === undefined ? trial.swarm : taggedName(tag, trial.swarm);
    const path = `${trial.team}/${name}`;
    const swarm = bySwarm.get(path) ?? [];
    bySwarm.set(path, swarm);
    swarm.push(trial);
    if (!trial.isKilled || trial.times === null) continue;
    const latestMs = Math.max(killedAtMs.get(trial.task) ?? 0, trial.times.agentMs);
    killedAtMs.set(trial.task, latestMs);
  }
  const swarms = [...bySwarm].map(([path, group]) => swarmOf(path, group, killedAtMs));
  return {
    swarms,
    teams: [...new Set(swarms.map(({ team }) => team))],
    rowCount,
    spanMs: Math.max(0, ...[...bySwarm.values()].map(spanMsOf)),
  };
}

function swarmOf(
  path: string,
  group: readonly Trial[],
  killedAtMs: ReadonlyMap<string, number>,
): PlannedSwarm {
  const names = new Set<string>();
  const inOrder = [...group].sort((a, b) => startMsOf(a) - startMsOf(b));
  const trials = inOrder.map((trial): PlannedTrial => {
    const { run, task, times, isKilled } = trial;
    const limitMs = isKilled ? times?.agentMs : killedAtMs.get(task);
    return {
      path: `${path}/${freeName(run, names)}`,
      swarmPath: path,
      priority: priorityOf(trial),
      times,
      limitMs: limitMs ?? null,
      isKilled,
    };
  });
  const team = path.slice(0, path.indexOf('/'));
  const poolSlots = Math.max(1, mostAtOnce(spansOf(group)));
  return { path, team, poolSlots, trials };
}

function priorityOf({ attempt }: Trial): TrialPriority {
  if (attempt === null) return 'normal';
  if (attempt.number <= 1) return 'high';
  return attempt.number >= attempt.of ? 'low' : 'normal';
}

function spanMsOf(group: readonly Trial[]): number {
  const spans = spansOf(group);
  const firstMs = spans.reduce((first, { startMs }) => Math.min(first, startMs), Infinity);
  const lastMs = spans.reduce((last, { endMs }) => Math.max(last, endMs), -Infinity);
  return Math.max(0, lastMs - firstMs);
}

function spansOf(group: readonly Trial[]): Span[] {
  return group.flatMap(({ times }) =>
    times === null ? [] : [{ startMs: times.startMs, endMs: times.startMs + times.totalMs }],
  );
}

/** Those without times stay behind the others. */
function startMsOf({ times }: Trial): number {
  return times?.startMs ?? Number.MAX_SAFE_INTEGER;
}
