import type { EventOf } from '../../events/events.ts';
import { addDue } from '../accounts/climb.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import { accountOf } from '../nodes/node-change.ts';
import { accountKey, type Team } from '../team.ts';
import { notePressure } from './pressure.ts';

/** Holders have been asked to shrink: what is too much at the end of it is taken. */
export function shrinkRequested(team: Team, event: EventOf<'ShrinkRequested'>): void {
  const { path, resource, untilMs } = event;
  accountOf(nodeOf(team, path), resource).shedUntilMs = untilMs;
  addDue(team, untilMs, 'shed', accountKey(path, resource));
}

/** What was too much has been given or taken; they may be asked again. */
export function sheddingEnded(team: Team, event: EventOf<'SheddingEnded'>): void {
  const node = nodeOf(team, event.path);
  accountOf(node, event.resource).shedUntilMs = null;
  notePressure(team, node, event.resource);
}
