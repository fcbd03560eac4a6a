import { alternativesTo } from '../actors/contests/alternatives.ts';
import { evolve } from '../actors/evolve.ts';
import { plainRuntime } from '../actors/runtime.ts';
import { newTeam, type Team } from '../actors/team.ts';
import { TimerHeap } from '../actors/timers.ts';
import type { Alternative } from '../events/answers.ts';
import type { DecisionEvent } from '../events/decision-event.ts';
import type { Recorded } from '../projections/projection.ts';

/**
 * The teams of a shard as the governor had them in memory, made again from the log alone: give it
 * every event in order, and ask before a decision what else could have been done.
 */
export class TeamsReplayed {
  readonly #teams = new Map<string, Team>();
  /** Teams whose log does not fit together from some event on. */
  readonly #unfit = new Set<string>();

  /** What could have been done about a request at the moment of its decision. */
  alternativesTo(decision: DecisionEvent): Alternative[] {
    const team = this.#teams.get(decision.team);
    return team === undefined || this.#unfit.has(team.name) ? [] : alternativesTo(team, decision);
  }

  take({ event, at }: Recorded): void {
    if (this.#unfit.has(event.team)) return;
    let team = this.#teams.get(event.team);
    if (team === undefined) {
      team = newTeam(event.team, new TimerHeap(), plainRuntime);
      this.#teams.set(event.team, team);
    }
    try {
      // What a fault of an older version recorded is true all the same.
      evolve(team, event, at, () => {});
    } catch {
      this.#unfit.add(event.team);
    }
  }
}
