import type { BursarEvent } from '../../events/events.ts';
import { stamp } from '../context.ts';
import { accountOfKey, type Team } from '../team.ts';
import { reserveChange, reserveTarget } from './reserve.ts';

/** What is to be recorded of the reserve of an account, after its limit, policy or room changed. */
export function fillReserve(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const node = team.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account === undefined) {
    team.shortReserves.delete(key);
    return [];
  }
  const found = reserveChange(team, node, resource, account);
  if (found === undefined) return [];
  const { target, change } = found;
  const left = account.reserved + change;
  return [{ ...stamp('ReserveChanged', team, atMs), path, resource, target, change, left }];
}

/** The same of one that is above its target: it is given up before anything else is told. */
export function giveUpReserve(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const node = team.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account === undefined || account.reserved === 0) return [];
  const target = reserveTarget(team, node, resource, account.limit);
  return account.reserved > target ? fillReserve(team, key, atMs) : [];
}
