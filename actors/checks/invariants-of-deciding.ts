import type { Command } from '../../events/commands.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Team } from '../team.ts';
import { InvariantError } from './invariant-error.ts';
import { isUntouched } from './second-books.ts';

/**
 * INV-6: how a team stands before a command is decided, to be held against how it stands after it,
 * before anything is recorded. Deciding changes nothing, whatever comes of it; a request that was
 * refused has left the books of its path alone. O(1), for a refused request O(depth × resources).
 */
export class Standing {
  #allocations = 0;
  #tombstones = 0;
  #waiting = 0;
  #approvals = 0;
  #nodes = 0;
  #timers = 0;
  #arrivals = 0;
  #notedEver = 0;
  #openings = 0;
  #lastAtMs = 0;

  note(team: Team): void {
    this.#allocations = team.allocations.size;
    this.#tombstones = team.tombstones.size;
    this.#waiting = team.waiting.size;
    this.#approvals = team.approvals.size;
    this.#nodes = team.nodes.size;
    this.#timers = team.timers.size;
    this.#arrivals = team.arrivals;
    this.#notedEver = team.notedEver;
    this.#openings = team.openings;
    this.#lastAtMs = team.lastAtMs;
  }

  /** @throws InvariantError */
  check(team: Team, command: Command, isRecorded: boolean): void {
    if (!this.#isStill(team)) throw changed(team, command, 'what the team keeps');
    if (isRecorded || command.op !== 'request') return;
    const anchor = deepestOpen(team, command.path);
    for (const resource in command.items) {
      if (anchor === undefined || isUntouched(anchor, resource)) continue;
      throw changed(team, command, `the books of ${resource}`);
    }
  }

  #isStill(team: Team): boolean {
    return (
      this.#allocations === team.allocations.size &&
      this.#tombstones === team.tombstones.size &&
      this.#waiting === team.waiting.size &&
      this.#approvals === team.approvals.size &&
      this.#nodes === team.nodes.size &&
      this.#timers === team.timers.size &&
      this.#arrivals === team.arrivals &&
      this.#notedEver === team.notedEver &&
      this.#openings === team.openings &&
      this.#lastAtMs === team.lastAtMs
    );
  }
}

function changed(team: Team, command: Command, what: string): InvariantError {
  return new InvariantError({
    invariant: 'INV-6',
    team: team.name,
    path: 'path' in command && command.path !== undefined ? command.path : team.name,
    what: `${what}, after ${command.op} was decided and before anything of it was recorded,`,
    expected: 'as before',
    found: 'another',
  });
}
