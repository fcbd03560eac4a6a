import type { Watch } from '../actors/checks/invariants.ts';
import { govern, type Recorder } from '../actors/govern.ts';
import { LIVES } from '../actors/nodes/machines.ts';
import { ActorRuntime } from '../actors/nodes/node-actor.ts';
import { newTeam, type Team } from '../actors/team.ts';
import { TimerHeap } from '../actors/timers.ts';
import type { Command } from '../events/commands.ts';
import type { BursarEvent } from '../events/events.ts';

/** A team in memory that decides commands, and where its events would stand. */
export class Desk {
  readonly team: Team;
  readonly #recorder: Recorder;
  atMs = Date.now();
  #seq = 1;
  #index = 0;

  /** @param watch other than the one that the product has, to see what that one costs */
  constructor(team: string, onEvent: (event: BursarEvent) => void, watch?: Watch) {
    this.team = newTeam(team, new TimerHeap(), new ActorRuntime(), LIVES, watch);
    const nextPosition = () => ({ seq: this.#seq, index: this.#index });
    this.#recorder = {
      get next() {
        return nextPosition();
      },
      begin() {},
      record: (event) => {
        this.#index += 1;
        onEvent(event);
      },
    };
  }

  /** @throws Error where the command is refused */
  govern(command: Command, agent: string, digest: number): readonly BursarEvent[] {
    const ctx = { atMs: this.atMs, agent, digest };
    const { events, answer } = govern(this.team, command, ctx, 0, this.#recorder);
    if (events.length > 0) return events;
    throw new Error(`${command.op} was refused: ${JSON.stringify(answer)}`);
  }

  /** A block of the real writer holds about a millisecond of work. */
  endBlock(): void {
    this.atMs += 1;
    this.#seq += 1;
    this.#index = 0;
  }
}
