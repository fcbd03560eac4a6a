import type { PlannedCommand } from './job.ts';
import type { AgentPlan } from './plan.ts';
import type { JobDraft, Scene } from './scene.ts';

/** Names of those who do the work. */
const WORKERS = ['ann', 'bob', 'cyd', 'dan', 'eve'] as const;
/** When the operator enrols them: the team has to be open by then, ms. */
const ENROL_AT_MS = 100;

/**
 * Plans the agents of a team, and the jobs of its operator that enrol them.
 * @param workerCount 1 to 5
 */
export function hireAgents(scene: Scene, workerCount: number, isOdd: boolean): JobDraft[] {
  const { draw, team, agents } = scene;
  const hire = (name: string, role: AgentPlan['role'], prefix: string) => {
    agents.push({
      name,
      team,
      role,
      prefix,
      hasJournal: draw.isHit(700),
      timeoutMs: draw.pick([3_000, 8_000, 30_000]),
      tryTimeoutMs: draw.pick([200, 500, 2_000]),
      inFlightMax: draw.int(1, 3),
      batchMax: draw.pick([1, 4, 32, 256]),
    });
  };
  hire('operator', 'operator', team);
  for (const name of WORKERS.slice(0, workerCount)) {
    const isNarrow = name === 'cyd' || name === 'eve';
    hire(name, 'agent', isNarrow ? draw.pick(scene.ofTier('swarm')).path : team);
  }
  if (isOdd) {
    hire('lea', 'lead', draw.pick(scene.ofTier('swarm')).path);
    hire('aud', 'auditor', team);
    hire('app', 'approver', team);
    hire('ops', 'operator', team);
    hire('nob', 'none', team);
  }
  return enrolments(scene);
}

function enrolments(scene: Scene): JobDraft[] {
  const { agents, draw, team } = scene;
  return agents
    .filter(({ name, role }) => name !== 'operator' && role !== 'none')
    .map(({ name, role, prefix }): JobDraft => {
      const priorityMax =
        name === 'ann'
          ? 'emergency'
          : draw.maybe(300, () => draw.pick(['low', 'critical', 250, 1_000] as const));
      const command: PlannedCommand = {
        op: 'enrol',
        id: scene.newId('e'),
        agent: name,
        role: role === 'none' ? 'agent' : role,
        prefix,
        ...(priorityMax === undefined ? {} : { priorityMax }),
      };
      return {
        kind: 'call',
        atMs: ENROL_AT_MS,
        agent: 'operator',
        team,
        command,
        isPersistent: true,
      };
    });
}
