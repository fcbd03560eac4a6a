import type { Policy } from '../../events/policy.ts';
import type { ReserveRule } from '../../events/reserve-rules.ts';
import type { Account } from '../accounts/account.ts';
import { roomFor } from '../accounts/admission.ts';
import type { Node } from '../nodes/node.ts';
import { accountOfKey, type Team } from '../team.ts';

/**
 * What is to be changed about an emergency reserve (semantics §4). It is a sum of its swarm's own,
 * `reserved`, so every tier above has set it aside too, and who draws from it needs room beneath the
 * swarm alone. Amounts in the resource's unit.
 */
export interface ReserveChange {
  /** What it is to be, by policy and the limit in force. */
  readonly target: number;
  /** Added, or given up where it is above its target. */
  readonly change: number;
}

/** Whether a policy keeps anything for emergencies. */
export function keepsReserves({ reserves }: Policy): boolean {
  for (const _ in reserves) return true;
  return false;
}

/**
 * What the reserve of an account is to be: never more than half of the limit, nothing without one.
 * @param limit the limit in force, or the one that is about to be
 */
export function reserveTarget(
  { policy: { reserves } }: Team,
  { path, tier }: Pick<Node, 'path' | 'tier'>,
  resource: string,
  limit: number | null,
): number {
  const rule = tier === 'swarm' ? ruleFor(reserves, path, resource) : undefined;
  if (rule === undefined || limit === null) return 0;
  const half = Math.floor(limit / 2);
  return Math.min(half, 'amount' in rule ? rule.amount : permilleOf(limit, rule.permille));
}

/** The rule for a swarm: the one that names it goes before the one for all. */
export function ruleFor(
  reserves: Policy['reserves'],
  path: string,
  resource: string,
): ReserveRule | undefined {
  return reserves[`${path}|${resource}`] ?? reserves[resource];
}

/**
 * What has to be recorded of a reserve: it follows its target down at once, and up as far as there
 * is room on its tier and above.
 */
export function reserveChange(
  team: Team,
  node: Node,
  resource: string,
  account: Account,
): ReserveChange | undefined {
  if (node.phase === 'closing') return undefined;
  const target = reserveTarget(team, node, resource, account.limit);
  const missing = target - account.reserved;
  const change = missing > 0 ? roomFor(node, resource, missing) : missing;
  return change === 0 && target === account.reserveTarget ? undefined : { target, change };
}

/** Notes reserves that a change may let fill or make follow: of the account itself, or beneath. */
export function noteReserves(team: Team, { path, tier }: Node, resource: string): void {
  if (tier === 'swarm') team.agenda.reserves.add(`${path}|${resource}`);
  if (tier !== 'team') return;
  for (const key of team.shortReserves) {
    if (accountOfKey(key).resource === resource) team.agenda.reserves.add(key);
  }
}

/** Rounded down, exact over the whole range. */
function permilleOf(limit: number, permille: number): number {
  return Number((BigInt(limit) * BigInt(permille)) / 1000n);
}
