import type { BursarEvent } from '../../events/events.ts';
import { depthOf } from '../../events/names.ts';
import { kindOfResource } from '../plan/resources.ts';
import type { Class, TierCell } from './cells.ts';

/** What is known of the nodes and requests of a run, to say where a command belongs. */
export class Places {
  readonly #tiers = new Map<string, TierCell>();
  readonly #classes = new Map<string, Class>();

  /** Learns of nodes and requests from what was recorded. */
  learn(event: BursarEvent): void {
    if (event.type === 'NodeOpened') this.#tiers.set(event.path, tierOf(event.path, event.tier));
    if (!('ask' in event)) return;
    const known = classOf(Object.keys(event.ask.items));
    if (known !== undefined) this.#classes.set(`${event.team} ${event.id}`, known);
    if (event.type !== 'AllocationGranted') return;
    for (const { path, tier } of event.opened ?? []) {
      this.#tiers.set(path, tier === 'step' ? 'auto step' : tierOf(path, tier));
    }
  }

  classOf(team: string, id: string): Class | undefined {
    return this.#classes.get(`${team} ${id}`);
  }

  tierOf(path: string): TierCell | undefined {
    return this.#tiers.get(path);
  }
}

/** The class of a bundle of resources; undefined where one is in no registry. */
export function classOf(resources: readonly string[]): Class | undefined {
  const kinds = new Set(resources.map(kindOfResource));
  if (kinds.size === 0 || kinds.has(undefined)) return undefined;
  const [only] = kinds;
  return kinds.size > 1 || resources.length > 1 ? 'bundle' : only;
}

function tierOf(path: string, tier: 'team' | 'swarm' | 'run' | 'step'): TierCell {
  return tier === 'run' && depthOf(path) > 3 ? 'nested run' : tier;
}
