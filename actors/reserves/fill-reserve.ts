import type { BursarEvent } from '../../events/events.ts';
import { stamp } from '../context.ts';
import { accountOfKey, type Team } from '../team.ts';
import { reserveChange, reserveTarget } from './reserve.ts';

/** What is to be recorded next of reserves whose limit, policy or room has changed. */
export function fillReserves(team: Team, atMs: number): BursarEvent[] {
  const { reserves } = team.agenda;
  for (const key of reserves) {
    reserves.delete(key);
    const events = fillReserve(team, key, atMs);
    if (events.length > 0) return events;
  }
  return NOTHING;
}

/** The same of those above their target: they are given up before anything else is told. */
export function giveUpReserves(team: Team, atMs: number): BursarEvent[] {
  for (const key of team.agenda.reserves) {
    const { path, resource } = accountOfKey(key);
    const node = team.nodes.get(path);
    const account = node?.accounts.get(resource);
    if (node === undefined || account === undefined || account.reserved === 0) continue;
    if (account.reserved <= reserveTarget(team, node, resource, account.limit)) continue;
    const events = fillReserve(team, key, atMs);
    if (events.length > 0) return events;
  }
  return NOTHING;
}

const NOTHING: BursarEvent[] = [];

function fillReserve(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const node = team.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account === undefined) return NOTHING;
  const found = reserveChange(team, node, resource, account);
  if (found === undefined) return NOTHING;
  const { target, change } = found;
  const left = account.reserved + change;
  return [{ ...stamp('ReserveChanged', team, atMs), path, resource, target, change, left }];
}
