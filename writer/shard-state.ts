import type { InvariantError } from '../actors/checks/invariant-error.ts';
import { evolve } from '../actors/evolve.ts';
import { sweepAll } from '../actors/follow-ups.ts';
import { ActorRuntime } from '../actors/nodes/node-actor.ts';
import { newTeam, type Position, type Team } from '../actors/team.ts';
import { TimerHeap } from '../actors/timers.ts';
import type { BursarEvent } from '../events/events.ts';
import { hasBreachFreeze } from './breach-freeze.ts';
import { zoneOffset } from './zones.ts';

/** All teams of one shard, as the log makes them. Thrown away and rebuilt on any doubt. */
export class ShardState {
  readonly timers = new TimerHeap();
  readonly runtime = new ActorRuntime();
  readonly #teams = new Map<string, Team>();
  /** Time of the newest event of any team; logical time of the shard never falls below it. */
  lastAtMs = 0;
  /**
   * What the replay found wrong with a team's events, the first of each: by a version of bursar that
   * had a fault. Forgotten where an operator has lifted a freeze of the whole team since.
   */
  readonly breaches = new Map<string, InvariantError>();

  /** The team of a name; made empty when nothing is recorded of it. */
  team(name: string): Team {
    let team = this.#teams.get(name);
    if (team === undefined) {
      team = newTeam(name, this.timers, this.runtime, undefined, undefined, zoneOffset);
      this.#teams.set(name, team);
    }
    return team;
  }

  /** The team of a name, if anything is recorded of it. */
  find(name: string): Team | undefined {
    return this.#teams.get(name);
  }

  teams(): IterableIterator<Team> {
    return this.#teams.values();
  }

  /** Forgets a team of which nothing was recorded: asking must not cost memory. */
  forgetIfEmpty(team: Team): void {
    const isEmpty = team.lastAtMs === 0 && team.nodes.size === 0 && team.credentials.size === 0;
    if (isEmpty) this.#teams.delete(team.name);
  }

  /** Applies a recorded event during replay. */
  replay(event: BursarEvent, at: Position): void {
    const team = this.team(event.team);
    const wasFrozen = event.type === 'Unfrozen' && hasBreachFreeze(team);
    evolve(team, event, at, (error) => {
      if (!this.breaches.has(event.team)) this.breaches.set(event.team, error);
    });
    if (wasFrozen && !hasBreachFreeze(team)) this.breaches.delete(event.team);
    this.lastAtMs = event.atMs;
  }

  /** After a replay: what followed from the last events may not have been recorded yet. */
  sweep(): void {
    for (const team of this.#teams.values()) sweepAll(team);
  }
}
