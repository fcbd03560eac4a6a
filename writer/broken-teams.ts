/**
 * Teams in which an invariant has failed. The first time a team is frozen, and what a freeze leaves
 * open goes on; if it fails again in spite of that, nothing of it is decided any more.
 */
export class BrokenTeams {
  readonly #teams = new Map<string, { readonly reason: string; readonly count: number }>();

  note(team: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#teams.set(team, { reason, count: (this.#teams.get(team)?.count ?? 0) + 1 });
  }

  /** What failed last; undefined for a team in which nothing has. */
  reasonOf(team: string): string | undefined {
    return this.#teams.get(team)?.reason;
  }

  /** Whether it failed again after it had been frozen. */
  isSealed(team: string): boolean {
    return (this.#teams.get(team)?.count ?? 0) > 1;
  }
}
