import type { Plan } from '../plan/plan.ts';

/** Runs a plan and says whether it still shows the fault that is looked for. */
export type StillFails = (plan: Plan) => Promise<boolean>;

export interface Shrunk {
  readonly plan: Plan;
  /** Plans that were tried. */
  readonly triesCount: number;
}

/**
 * Finds a shorter plan that still fails: leaves out jobs and faults, then steps of jobs, and calms
 * the world, by delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input", 2002). What is left is not the shortest there is, but leaving out any one
 * part of it alone no longer fails, unless the tries ran out.
 *
 * @param triesMax plans that may be run for it
 */
export async function shrink(
  plan: Plan,
  stillFails: StillFails,
  triesMax: number,
): Promise<Shrunk> {
  let best = plan;
  let triesCount = 0;
  const keepsFailing = async (candidate: Plan): Promise<boolean> => {
    if (triesCount >= triesMax) return false;
    triesCount += 1;
    const fails = await stillFails(candidate);
    if (fails) best = candidate;
    return fails;
  };
  for (const simpler of SIMPLER) await keepsFailing(simpler(best));
  for (let before = 0; before !== partsOf(best) && triesCount < triesMax; ) {
    before = partsOf(best);
    await fewer(best.faults, (faults) => keepsFailing({ ...best, faults }));
    await fewer(best.jobs, (jobs) => keepsFailing({ ...best, jobs }));
    await fewerSteps(() => best, keepsFailing);
  }
  return { plan: best, triesCount };
}

/** Calmer surroundings, one at a time. */
const SIMPLER: readonly ((plan: Plan) => Plan)[] = [
  (plan) => ({ ...plan, faults: [] }),
  (plan) => ({ ...plan, rates: {} }),
  (plan) => ({ ...plan, world: { ...plan.world, projectors: 0 } }),
  (plan) => ({ ...plan, world: { ...plan.world, writers: 1 } }),
  (plan) => ({ ...plan, world: { ...plan.world, shards: 1 } }),
  (plan) => ({ ...plan, world: { ...plan.world, sizes: {} } }),
];

function partsOf({ jobs, faults }: Plan): number {
  return jobs.length + faults.length;
}

/** Leaves out ever smaller parts of a list as long as `fails` holds without them. */
async function fewer<Item>(
  list: readonly Item[],
  fails: (fewer: readonly Item[]) => Promise<boolean>,
): Promise<void> {
  let left = list;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < left.length; ) {
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(without)) left = without;
      else from += size;
    }
  }
}

/** Leaves out single steps of the work that is left. */
async function fewerSteps(best: () => Plan, fails: StillFails): Promise<void> {
  for (const { no } of best().jobs) {
    for (let at = stepsOf(best(), no).length - 1; at >= 0; at -= 1) {
      const steps = stepsOf(best(), no).filter((_, i) => i !== at);
      const jobs = best().jobs.map((job) =>
        job.no === no && job.kind === 'work' ? { ...job, steps } : job,
      );
      await fails({ ...best(), jobs });
    }
  }
}

function stepsOf(plan: Plan, no: number) {
  const job = plan.jobs.find((one) => one.no === no);
  return job?.kind === 'work' ? job.steps : [];
}
