import type { ResourceLimits } from '../../events/commands.ts';
import { parentPathOf } from '../../events/names.ts';
import type { Draw } from './draw.ts';
import type { Job } from './job.ts';
import type { AgentPlan } from './plan.ts';

/** A node as the plan opens it. */
export interface SceneNode {
  readonly path: string;
  readonly tier: 'team' | 'swarm' | 'run' | 'step';
  readonly limits: ResourceLimits;
}

/** A request of the plan, for others that name it. */
export interface Asked {
  readonly id: string;
  readonly agent: string;
  readonly path: string;
  readonly atMs: number;
  readonly amounts: Readonly<Record<string, number>>;
  readonly job: JobDraft;
}

/** Something that was put on a node and can be taken off. */
export interface Laid {
  readonly id: string;
  readonly path: string;
  readonly atMs: number;
}

type WithoutNo<J> = J extends unknown ? Omit<J, 'no'> : never;
/** A job that has no number yet. */
export type JobDraft = WithoutNo<Job>;

/**
 * One team of a plan while the plan is made: what there is by then, so that later jobs can speak of
 * it. What really happens is another matter.
 */
export class Scene {
  readonly team: string;
  readonly draw: Draw;
  readonly agents: AgentPlan[] = [];
  readonly nodes: SceneNode[] = [];
  readonly asked: Asked[] = [];
  readonly freezes: Laid[] = [];
  readonly stops: Laid[] = [];
  readonly closed: string[] = [];
  #ids = 0;

  constructor(team: string, draw: Draw) {
    this.team = team;
    this.draw = draw;
  }

  /** An id that nothing else of the team has. */
  newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}${this.#ids}`;
  }

  ofTier(tier: SceneNode['tier']): SceneNode[] {
    return this.nodes.filter((node) => node.tier === tier);
  }

  /** The tightest limit that the plan sets over a path; null where there is none. */
  limitOf(path: string, resource: string): number | null {
    let tightest: number | null = null;
    for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
      const node = this.nodes.find((one) => one.path === at);
      const limit = node?.limits[resource]?.limit ?? null;
      if (limit !== null && (tightest === null || limit < tightest)) tightest = limit;
    }
    return tightest;
  }

  /** Agents of a role; never empty for those that every team has. */
  ofRole(role: AgentPlan['role']): AgentPlan[] {
    return this.agents.filter((agent) => agent.role === role);
  }

  /** The operator, who may do everything. */
  get operator(): { readonly agent: string; readonly team: string } {
    return { agent: 'operator', team: this.team };
  }

  /** Somebody who asks for resources beneath a path, mostly one who may. */
  asker(path: string): { readonly agent: string; readonly team: string } {
    const { draw, team } = this;
    const workers = this.agents.filter(({ role }) => role === 'agent' || role === 'lead');
    const allowed = workers.filter(
      ({ prefix }) => path === prefix || path.startsWith(`${prefix}/`),
    );
    const from = allowed.length > 0 && !draw.isHit(30) ? allowed : this.agents;
    return { agent: draw.pick(from).name, team };
  }

  /** A request planned so far, rather a recent one; undefined while there is none. */
  someAsked(beforeMs: number): Asked | undefined {
    const { draw } = this;
    const known = this.asked.filter(({ atMs }) => atMs < beforeMs);
    if (known.length === 0) return undefined;
    const recent = known.slice(-12);
    return draw.isHit(700) ? draw.pick(recent) : draw.pick(known);
  }
}
