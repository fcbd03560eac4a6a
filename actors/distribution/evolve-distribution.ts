import type { EventOf } from '../../events/events.ts';
import { guaranteeClimb, type ResourceClimb } from '../accounts/account.ts';
import { climb, noteChanged } from '../accounts/climb.ts';
import { branchesDue } from '../branches/branching.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import type { Team } from '../team.ts';
import { grantsRebased } from '../windows/evolve-grants.ts';
import { noteDivided } from './divided.ts';

/** The limits or guarantees of children as their parent has divided them. */
export function distributed(team: Team, event: EventOf<'Distributed'>): void {
  const changes = new Map<string, ResourceClimb[]>();
  for (const { resource, shares } of event.divisions) {
    for (const { child, is, lend } of shares) {
      const path = `${event.path}/${child}`;
      const account = nodeOf(team, path).accounts.get(resource);
      const before = account ?? { guarantee: 0, lend: 0 };
      const guarantee = event.sets === 'guarantee' ? is : before.guarantee;
      const change = guaranteeClimb(resource, {
        guarantee,
        lend: lend === null ? null : before.lend,
      });
      changes.set(path, [...(changes.get(path) ?? []), change]);
    }
  }
  noteDivided(team, nodeOf(team, event.path), event);
  for (const [path, climbs] of changes) climb(team, nodeOf(team, path), 'limited', event, climbs);
  for (const [path, climbs] of changes) {
    const node = nodeOf(team, path);
    for (const { resource } of climbs) {
      grantsRebased(team, node, resource, event.atMs);
      noteChanged(team, node, resource, false);
    }
    branchesDue(team, node);
  }
}
