import type { AccountName, EventOf } from '../../events/events.ts';
import { waitingDenial } from '../allocations/denial.ts';
import { holdersOf } from '../allocations/holders.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import { type Allocation, accountKey, type Team } from '../team.ts';
import type { Waiting } from './wait-queue.ts';

/**
 * Breaks a circle of allocations that wait for more of what the others hold (semantics §7). From an
 * account the graph is followed from holders to the accounts where their claims wait; where nobody
 * in it would end by itself, the claim of the lowest priority, of these the youngest, is denied: its
 * allocation works on with what it has. Nothing else waits and holds, so there are no other circles.
 * Costs one look at an account that anybody holds who waits for no more, O(holders) in a circle.
 */
export function breakDeadlock(
  team: Team,
  account: AccountName,
  atMs: number,
): EventOf<'RequestDenied'>[] {
  let loser: Waiting | undefined;
  for (const claim of stuckFrom(team, account)) {
    if (loser === undefined || compareLosers(claim, loser) < 0) loser = claim;
  }
  if (loser === undefined) return [];
  const denial = waitingDenial(team, loser, 'deadlock', loser.account.path, atMs);
  return [{ ...denial, rule: 'deadlock' }];
}

/** The claims of all holders that are reached from an account, if none of them has hope. */
function stuckFrom(team: Team, account: AccountName): Iterable<Waiting> {
  const claims = new Map<string, Waiting>();
  const seen = new Set<string>();
  const accounts = [account];
  for (const { path, resource } of accounts) {
    const key = accountKey(path, resource);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const holder of holdersOf(nodeOf(team, path), resource).byEnd) {
      const claim = claimThatHolds(team, holder);
      if (claim === undefined || !waitsForOthers(team, claim)) return NONE;
      claims.set(claim.id, claim);
      accounts.push(claim.account);
    }
  }
  return claims.values();
}

const NONE: readonly Waiting[] = [];

/** The claim for which a holder keeps what it has; undefined where it will end without. */
function claimThatHolds(team: Team, { topUp, yieldsTo }: Allocation): Waiting | undefined {
  return topUp === null || yieldsTo !== null ? undefined : team.waiting.get(topUp);
}

/** Whether somebody else holds what a claim waits for; else it waits for a limit, or for time. */
function waitsForOthers(team: Team, { account, ask }: Waiting): boolean {
  const { byEnd } = holdersOf(nodeOf(team, account.path), account.resource);
  for (const { id } of byEnd) if (id !== ask.topsUp) return true;
  return false;
}

function compareLosers(a: Waiting, b: Waiting): number {
  return a.priority - b.priority || b.arrival - a.arrival;
}
