import { isWithin } from '../../events/names.ts';
import type { Role } from '../../events/roles.ts';
import type { Team } from '../team.ts';
import { roleOf } from './authority.ts';

/** Where a rule of the policy holds, and for whom where it is not everybody. */
interface Concern {
  readonly path: string;
  readonly agents?: readonly string[] | undefined;
  readonly roles?: readonly Role[] | undefined;
}

/** Whether a rule of the policy is about what an agent asks for on a path. */
export function concernsCaller(team: Team, agent: string, path: string, rule: Concern): boolean {
  if (!isWithin(path, rule.path)) return false;
  const { agents, roles } = rule;
  if (agents === undefined && roles === undefined) return true;
  if (agents?.includes(agent)) return true;
  const role = roleOf(team, agent);
  return role !== undefined && (roles?.includes(role) ?? false);
}
