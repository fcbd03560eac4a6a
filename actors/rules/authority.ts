import type { Refusal } from '../../events/answers.ts';
import type { Command } from '../../events/commands.ts';
import { isWithin } from '../../events/names.ts';
import { ExecutionPriority, type Priority } from '../../events/priority.ts';
import { refuse } from '../../events/refusals.ts';
import type { Role } from '../../events/roles.ts';
import type { Node } from '../nodes/node.ts';
import type { Credential, Team } from '../team.ts';

type Op = Command['op'];

/** The operator's token. The broker lets nobody else use it; no enrolment is needed. */
const OPERATOR = 'operator';
/** The auditor's token, for reads. */
const AUDITOR = 'auditor';

const READS: readonly Op[] = ['balance', 'status', 'explain', 'queue', 'policy', 'emergencies'];
const AGENT: readonly Op[] = [
  'request',
  'cancel',
  'settle',
  'release',
  'renew',
  'report',
  'resize',
  'open',
  'close',
  'acknowledgeStop',
  ...READS,
];

const LEAD: readonly Op[] = [
  'topUp',
  'voidGrant',
  'setLimits',
  'resetWindow',
  'transfer',
  'distribute',
  'reserve',
  'cancelReservation',
];

/** What may be done to nodes beneath the prefix, but not to the node of the prefix: it is given. */
const BENEATH: ReadonlySet<Op> = new Set([
  'open',
  'close',
  'topUp',
  'voidGrant',
  'setLimits',
  'resetWindow',
  'transfer',
  'reserve',
]);

/** What each role may do; `operator` everything (semantics §5, Authority). */
const MAY: Readonly<Record<Exclude<Role, 'operator'>, ReadonlySet<Op>>> = {
  agent: new Set(AGENT),
  lead: new Set([...AGENT, ...LEAD]),
  approver: new Set<Op>([...READS, 'approve', 'decline']),
  auditor: new Set(READS),
};

/** The credential by which an agent acts in a team, or undefined. */
function credentialOf(team: Team, agent: string): Credential | undefined {
  // First, so that no enrolment can lock the operator out.
  if (agent === OPERATOR) {
    return { role: 'operator', prefix: team.name, priorityMax: ExecutionPriority.emergency };
  }
  if (agent === AUDITOR) return { role: 'auditor', prefix: team.name, priorityMax: null };
  return team.credentials.get(agent);
}

/** The role in which an agent acts in a team, or undefined. */
export function roleOf(team: Team, agent: string): Role | undefined {
  return credentialOf(team, agent)?.role;
}

/** Whether the prefix of an agent's credential covers a path. */
export function coversPath(team: Team, agent: string, path: string): boolean {
  const credential = credentialOf(team, agent);
  return credential !== undefined && isWithin(path, credential.prefix);
}

/** Refuses what the role or the path prefix of an agent does not cover; undefined if it may. */
export function refusalOf(team: Team, agent: string, command: Command): Refusal | undefined {
  const credential = credentialOf(team, agent);
  if (credential === undefined) {
    return refuse('not_permitted', `${agent} is not enrolled in team ${team.name}`);
  }
  const { role, prefix } = credential;
  if (role === 'operator') return undefined;
  if (!MAY[role].has(command.op)) {
    return refuse('not_permitted', `the role ${role} of ${agent} does not cover ${command.op}`);
  }
  if (command.op === 'transfer') {
    const { from, to } = command;
    const outside = [from, to].find((path) => path === prefix || !isWithin(path, prefix));
    if (outside === undefined) return undefined;
    return refuse('not_permitted', `${agent} transfers beneath ${prefix}; ${outside} is not`);
  }
  const path = 'path' in command ? command.path : undefined;
  if (path === undefined || isWithin(path, prefix)) {
    if (path !== prefix || !BENEATH.has(command.op)) return undefined;
    return refuse('not_permitted', `${agent} may ${command.op} beneath ${prefix}, not itself`);
  }
  // A stop of a node above concerns everybody beneath it.
  if (command.op === 'acknowledgeStop' && isWithin(prefix, path)) return undefined;
  return refuse('not_permitted', `${agent} acts beneath ${prefix}; ${path} is outside`);
}

/** Whether an agent may know of what was asked by `owner`, on `path` where that is known. */
export function maySee(
  team: Team,
  agent: string,
  owner: string | undefined,
  path: string | undefined,
): boolean {
  const credential = credentialOf(team, agent);
  if (credential === undefined) return false;
  if (owner === agent || credential.role === 'operator') return true;
  return isWithin(path ?? team.name, credential.prefix);
}

/** Whether an agent may act on an allocation or request of another. */
export function mayActFor(team: Team, agent: string, owner: string): boolean {
  return agent === owner || credentialOf(team, agent)?.role === 'operator';
}

/** Whether an agent may give up a reservation: its own, one beneath its lead, or any. */
export function mayEndReservation(
  team: Team,
  agent: string,
  { by, node }: { readonly by: string; readonly node: Pick<Node, 'path'> },
): boolean {
  const credential = credentialOf(team, agent);
  if (by === agent || credential?.role === 'operator') return true;
  return credential?.role === 'lead' && isWithin(node.path, credential.prefix);
}

/** The highest base priority that an agent may claim on a node. */
export function priorityCapOf(team: Team, agent: string, node: Node): Priority {
  const credential = credentialOf(team, agent);
  let cap = credential?.priorityMax ?? team.policy.priorityMax;
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    if (at.priorityMax !== null && at.priorityMax < cap) cap = at.priorityMax;
  }
  return cap;
}
