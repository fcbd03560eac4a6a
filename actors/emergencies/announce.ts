import type { BursarEvent } from '../../events/events.ts';
import { type Account, usePermille } from '../accounts/account.ts';
import { stamp } from '../context.ts';
import { accountKey, accountOfKey, type Team } from '../team.ts';
import { alertChangeOf, usageOf } from './alerts.ts';
import { hasLadder, ladderLimit, rungOf } from './ladder.ts';

/** What is to be told of an account's use: by thresholds of its own, else by the ladder. */
export function announce(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const node = team.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account === undefined) return [];
  if (account.alerts !== null) return announceAlert(team, path, resource, account, atMs);
  // What was told of a limit that is gone is over, so that another one is told of anew.
  const isTold = hasLadder(team, node, resource) || (account.limit === null && account.rung > 0);
  return isTold ? announceRungs(team, path, resource, account, atMs) : [];
}

/** One change at a time: what else there is to tell follows from the state after it. */
function announceAlert(
  team: Team,
  path: string,
  resource: string,
  account: Account,
  atMs: number,
): BursarEvent[] {
  const change = alertChangeOf(account);
  if (change === undefined) return [];
  team.agenda.rungs.add(accountKey(path, resource));
  if ('cleared' in change) {
    const { of, cleared: place, still } = change;
    const cleared = { ...stamp('AlertCleared', team, atMs), path, resource, of, place };
    const milder = account.alerts?.thresholds[still];
    return [milder === undefined ? cleared : { ...cleared, still, stillKind: milder.kind }];
  }
  const { raised: place } = change;
  const threshold = account.alerts?.thresholds[place];
  if (threshold === undefined) return [];
  const raised = { ...stamp('AlertRaised', team, atMs), path, resource, threshold, place };
  return [{ ...raised, usage: usageOf(account), limit: account.limit }];
}

/** Each rung is announced once on the way up and re-armed on the way down. */
function announceRungs(
  team: Team,
  path: string,
  resource: string,
  account: Account,
  atMs: number,
): BursarEvent[] {
  const limit = ladderLimit(account);
  const rung = rungOf(team.policy.ladder, account);
  const events: BursarEvent[] = [];
  const usePermilleNow = usePermille(usageOf(account), limit);
  for (let next = account.rung + 1; next <= rung; next += 1) {
    const kind = team.policy.ladder[next - 1]?.kind ?? 'notice';
    events.push({
      ...stamp('ThresholdCrossed', team, atMs),
      path,
      resource,
      kind,
      rung: next,
      usePermille: usePermilleNow,
      limit,
    });
  }
  for (let left = account.rung; left > rung; left -= 1) {
    events.push({ ...stamp('ThresholdRearmed', team, atMs), path, resource, rung: left });
  }
  return events;
}
