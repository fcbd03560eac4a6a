import { type Breach, InvariantError } from '../actors/checks/invariant-error.ts';

/** What is known of a team in which something that always holds did not. */
export interface BrokenTeam {
  readonly team: string;
  /** What failed last, in one line: the reason of the freeze. */
  readonly reason: string;
  /** Which invariant, where, what was expected and found; undefined for what none was written for. */
  readonly breach: Breach | undefined;
  readonly isSealed: boolean;
}

/**
 * Teams in which an invariant has failed. The first time a team is frozen, and what a freeze leaves
 * open goes on; if it fails again in spite of that, nothing of it is decided any more.
 */
export class BrokenTeams {
  readonly #teams = new Map<string, BrokenTeam>();

  note(team: string, error: unknown): void {
    const isOurs = error instanceof InvariantError;
    this.#teams.set(team, {
      team,
      reason: isOurs ? error.summary : error instanceof Error ? error.message : String(error),
      breach: isOurs ? error.breach : undefined,
      isSealed: this.#teams.has(team),
    });
  }

  /** Somebody has looked at it and taken the freeze off: what fails next fails for the first time. */
  forget(team: string): void {
    this.#teams.delete(team);
  }

  /** What failed last; undefined for a team in which nothing has. */
  reasonOf(team: string): string | undefined {
    return this.#teams.get(team)?.reason;
  }

  /** Whether it failed again after it had been frozen. */
  isSealed(team: string): boolean {
    return this.#teams.get(team)?.isSealed ?? false;
  }

  list(): BrokenTeam[] {
    return [...this.#teams.values()];
  }
}
