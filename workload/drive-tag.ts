import { NodeName } from '../events/names.ts';
import type { Budgets, Caps } from './budgets.ts';
import { TagError } from './drive-errors.ts';
import type { Plan } from './plan.ts';

/** The same workload and budgets with `-<tag>` behind each swarm's name. Throws TagError. */
export function tagged(
  tag: string,
  plan: Plan,
  budgets: Budgets,
): { readonly plan: Plan; readonly budgets: Budgets } {
  const rename = (swarm: string) => taggedName(tag, swarm);
  const renamePath = (path: string) => {
    const [team = '', swarm, ...rest] = path.split('/');
    return swarm === undefined ? path : [team, rename(swarm), ...rest].join('/');
  };
  const paths: Record<string, Caps> = {};
  for (const [path, caps] of Object.entries(budgets.paths)) paths[renamePath(path)] = caps;
  return {
    plan: {
      ...plan,
      swarms: plan.swarms.map(renamePath),
      runs: plan.runs.map((run) => ({
        ...run,
        swarm: rename(run.swarm),
        path: renamePath(run.path),
      })),
    },
    budgets: { ...budgets, paths },
  };
}

/** A swarm's name with `-<tag>` behind it. Throws TagError. */
export function taggedName(tag: string, swarm: string): string {
  if (!NodeName.safeParse(tag).success) throw new TagError(tag, 'use A–Z a–z 0–9 _ -');
  const renamed = `${swarm}-${tag}`;
  if (NodeName.safeParse(renamed).success) return renamed;
  throw new TagError(tag, `with it the swarm ${swarm} would have more than 64 characters`);
}
