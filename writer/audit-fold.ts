import { InvariantError } from '../actors/checks/invariant-error.ts';
import type { Position } from '../actors/team.ts';
import type { BursarEvent, EventOf } from '../events/events.ts';
import { isWithin } from '../events/names.ts';
import { balances } from '../projections/balances.ts';
import type { Balances, TeamBooks } from '../projections/books.ts';
import { UnfitEventError } from '../projections/projection.ts';
import {
  forgetRoots,
  noteRoots,
  sharesWindow,
  type WindowRoots,
} from '../projections/window-roots.ts';

/**
 * The log as the audit has read it: the books of the independent projection, and the rungs of the
 * ladder that were announced (INV-15).
 */
export class AuditFold {
  readonly #balances: Balances = balances.initial();
  /** By path and resource: the rung that was announced last. */
  readonly #rungs = new Map<string, number>();
  readonly #windows: WindowRoots = new Set();

  teams(): IterableIterator<[team: string, books: TeamBooks]> {
    return this.#balances.entries();
  }

  booksOf(team: string): TeamBooks | undefined {
    return this.#balances.get(team);
  }

  /** @throws InvariantError: INV-11 for an event that does not follow, INV-15 */
  take(event: BursarEvent, at: Position): void {
    if (event.type === 'ThresholdCrossed') this.#announce(event, at, event.rung - 1, event.rung);
    if (event.type === 'ThresholdRearmed') this.#announce(event, at, event.rung, event.rung - 1);
    if (event.type === 'NodeOpened' || event.type === 'LimitsSet') this.#limited(event);
    if (event.type === 'WindowOpened') this.#startAnew(event);
    if (event.type === 'NodeClosed') this.#forget(event);
    try {
      balances.evolve(this.#balances, event, at);
    } catch (error) {
      if (!(error instanceof UnfitEventError || error instanceof RangeError)) throw error;
      throw new InvariantError({
        invariant: 'INV-11',
        team: event.team,
        path: 'path' in event ? event.path : event.team,
        what: 'what the log says next',
        expected: 'something that follows',
        found: error.message,
        event: event.type,
        at,
      });
    }
  }

  #announce(
    event: EventOf<'ThresholdCrossed' | 'ThresholdRearmed'>,
    at: Position,
    expected: number,
    next: number,
  ): void {
    const { team, type, path, resource } = event;
    const key = `${path}|${resource}`;
    const found = this.#rungs.get(key) ?? 0;
    this.#rungs.set(key, next);
    if (found === expected) return;
    const what = 'the rung that was announced before';
    const place = { invariant: 'INV-15', team, path, resource, what } as const;
    throw new InvariantError({ ...place, expected, found, event: type, at });
  }

  /** Where thresholds are set anew, no rung holds any more. */
  #limited(event: EventOf<'NodeOpened' | 'LimitsSet'>): void {
    noteRoots(this.#windows, event);
    for (const [resource, { thresholds }] of Object.entries(event.limits ?? {})) {
      if (thresholds !== undefined) this.#rungs.delete(`${event.path}|${resource}`);
    }
  }

  /** In a new window nothing was announced yet. */
  #startAnew(event: EventOf<'WindowOpened'>): void {
    for (const key of this.#rungs.keys()) {
      if (sharesWindow(this.#windows, event, key)) this.#rungs.delete(key);
    }
  }

  /** What opens again on a path begins without an announcement. */
  #forget({ path }: EventOf<'NodeClosed'>): void {
    forgetRoots(this.#windows, path);
    for (const key of this.#rungs.keys()) {
      if (isWithin(key.slice(0, key.indexOf('|')), path)) this.#rungs.delete(key);
    }
  }
}
