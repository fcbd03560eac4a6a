import type { BursarEvent } from '../../events/events.ts';
import type { Account } from '../accounts/account.ts';
import { stamp } from '../context.ts';
import { accountOfKey, type Team } from '../team.ts';
import type { Due } from '../timers.ts';

/** What grants add to a limit, where that is no longer what was recorded. */
export function countGrants(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const account = team.nodes.get(path)?.accounts.get(resource);
  if (account?.grants == null) return [];
  const changes = changesOf(account, account.grants.granted, account.grants.carried);
  if (changes === undefined) return [];
  return [{ ...stamp('GrantsCounted', team, atMs), path, resource, ...changes }];
}

/** A grant begins, comes again or ends because its time has come. */
export function grantsDue(team: Team, due: Due, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(due.id);
  const account = team.nodes.get(path)?.accounts.get(resource);
  if (account?.grants?.nextChangeMs !== due.atMs) return [];
  const { granted, carried } = account.grants.after(due.atMs);
  const changes = changesOf(account, granted, carried) ?? { change: 0 };
  const dueAtMs = due.atMs;
  return [{ ...stamp('GrantsCounted', team, atMs), path, resource, ...changes, dueAtMs }];
}

function changesOf(account: Account, granted: number, carried: number) {
  const change = granted - account.granted;
  if (change === 0 && carried === account.carried) return undefined;
  return { change, ...(carried === account.carried ? {} : { carried }) };
}
