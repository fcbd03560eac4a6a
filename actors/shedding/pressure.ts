import { ALLOCATIONS } from '../../events/resources.ts';
import type { ShedRule } from '../../events/shed-rules.ts';
import type { Account } from '../accounts/account.ts';
import { typeIn } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** An account on which policy sheds load. Amounts in the resource's unit. */
export interface Pressed {
  readonly node: Node;
  readonly account: Account;
  readonly limit: number;
  readonly rule: ShedRule;
  /** What use is to come down to. */
  readonly offBound: number;
}

/** Notes an account whose use may have come under pressure. */
export function notePressure(team: Team, node: Node, resource: string): void {
  if (team.policy.shedding[resource] !== undefined) {
    team.agenda.pressures.set(`${node.path}|${resource}`, team.lastAtMs);
  }
}

/** The account of a swarm or run of which policy sheds; undefined where it sheds nothing. */
export function pressedAt(team: Team, path: string, resource: string): Pressed | undefined {
  const rule = team.policy.shedding[resource];
  const node = team.nodes.get(path);
  if (rule === undefined || (node?.tier !== 'swarm' && node?.tier !== 'run')) return undefined;
  const type = typeIn(team.resources, resource);
  if (type?.class !== 'capacity' || type.exclusive || resource === ALLOCATIONS) return undefined;
  const account = node.accounts.get(resource);
  if (account?.limit == null) return undefined;
  const { limit } = account;
  const offBound = Number((BigInt(limit) * BigInt(rule.offPermille)) / 1_000n);
  return { node, account, limit, rule, offBound };
}

/** Whether use has reached the bound from which on load is shed. */
export function isUnderPressure({ account, limit, rule }: Pressed): boolean {
  const { heldTree } = account;
  return heldTree > 0 && BigInt(heldTree) * 1_000n >= BigInt(limit) * BigInt(rule.onPermille);
}
