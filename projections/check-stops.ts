type Amounts = Record<string, number>;
interface Stop {
  readonly path: string;
  readonly below: number | null;
}
interface Live {
  readonly path: string;
  readonly priority: number;
  readonly items: Amounts;
}

/**
 * Recounts stops from the events alone, without their schemas: while one is in force nothing of the
 * priorities that it stops is granted or grows beneath its node, and none of that lives when it
 * says that it is complete.
 */
export class StopCheck {
  /** Grants that a stop in force had nothing against, and denials for the sake of one. */
  readonly counts = { grantedBeside: 0, deniedByStop: 0 };
  readonly #stops = new Map<string, Stop>();
  readonly #live = new Map<string, Live>();

  /** @returns what the event does that a stop forbids */
  // biome-ignore lint/suspicious/noExplicitAny: events are read without their schemas
  take({ type, team, path, ask, priority, items, ...event }: any): string[] {
    const key = `${team} ${event.allocation ?? event.id}`;
    switch (type) {
      case 'Stopped':
        this.#stops.set(`${team} ${event.stop}`, { path, below: event.below });
        return [];
      case 'StopLifted':
        this.#stops.delete(`${team} ${event.stop}`);
        return [];
      case 'StopCompleted':
        return this.#left(team, event.stop);
      case 'NodeClosed':
        for (const [name, stop] of this.#stops) {
          if (isBeneath(stop.path, path)) this.#stops.delete(name);
        }
        return [];
      case 'AllocationGranted': {
        this.#live.set(key, { path: ask.path, priority, items });
        return this.#admit(event.id, ask.path, priority);
      }
      case 'AllocationResized': {
        const live = this.#live.get(key);
        if (live === undefined) return [];
        this.#live.set(key, { ...live, items: { ...live.items, ...items } });
        const grows = Object.keys(items).some((name) => items[name] > (live.items[name] ?? 0));
        return grows ? this.#admit(event.allocation, live.path, live.priority) : [];
      }
      case 'AllocationEnded':
        this.#live.delete(key);
        return [];
      case 'RequestDenied':
        if (event.reason === 'stopped') this.counts.deniedByStop += 1;
        return [];
      default:
        return [];
    }
  }

  #admit(id: string, path: string, priority: number): string[] {
    let isBeside = false;
    for (const [name, stop] of this.#stops) {
      if (!isBeneath(path, stop.path)) continue;
      if (isStopped(stop, priority)) return [`${id} is admitted beneath the stop ${name}`];
      isBeside = true;
    }
    if (isBeside) this.counts.grantedBeside += 1;
    return [];
  }

  #left(team: string, id: string): string[] {
    const name = `${team} ${id}`;
    const stop = this.#stops.get(name);
    if (stop === undefined) return [`the stop ${name} is complete and was never begun`];
    const left = [...this.#live.values()].filter(
      ({ path, priority }) => isBeneath(path, stop.path) && isStopped(stop, priority),
    );
    return left.length === 0 ? [] : [`the stop ${name} is complete while ${left.length} live`];
  }
}

function isStopped({ below }: Stop, priority: number): boolean {
  return below === null || priority < below;
}

function isBeneath(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}
