import type { Command } from '../../events/commands.ts';
import { isWithin } from '../../events/names.ts';
import { priorityOf } from './ask-terms.ts';
import { priorityCap } from './judge-ask.ts';
import type { State } from './state.ts';

const READS = ['balance', 'status', 'explain', 'queue', 'policy', 'emergencies'];
const AGENT = [
  ...READS,
  ...['request', 'settle', 'release', 'renew', 'resize', 'report', 'cancel'],
  ...['open', 'close', 'acknowledgeStop'],
];
const LEDGER = ['transfer', 'distribute', 'reserve', 'cancelReservation'];
const OPS: Readonly<Record<string, readonly string[]>> = {
  agent: AGENT,
  lead: [...AGENT, 'setLimits', 'topUp', 'voidGrant', 'resetWindow', ...LEDGER],
  approver: [...READS, 'approve', 'decline'],
  auditor: READS,
};

/** Whether a role covers an op at all. */
export function roleMay(role: string, op: string): boolean {
  return role === 'operator' || OPS[role]?.includes(op) === true;
}

/**
 * S §5, authority: whether an agent may give a command. Null where the semantics leave it open or
 * where it hangs on what the command finds.
 */
export function mayCommand(state: State, agent: string, command: Command): boolean | null {
  if (command.op === 'request' && isAboveCap(state, agent, command)) return false;
  if (isOwnToApprove(state, agent, command)) return false;
  if (agent === 'operator') return true;
  const credential = state.credentials.get(agent);
  const role = agent === 'auditor' ? 'auditor' : credential?.role;
  if (role === undefined) return false;
  const prefix = agent === 'auditor' ? state.team : (credential?.prefix ?? state.team);
  if (!roleMay(role, command.op)) return false;
  if (command.op === 'acknowledgeStop' || command.op === 'cancelReservation') return null;
  if (command.op === 'transfer') {
    const paths = [command.from, command.to];
    return role === 'operator'
      ? null
      : paths.every((path) => path !== prefix && isWithin(path, prefix));
  }
  const subject = 'path' in command ? command.path : undefined;
  if (subject !== undefined && !isWithin(subject, prefix)) return false;
  // The node of a prefix is given: nobody opens, closes or widens his own.
  const isOfParent = [
    'open',
    'close',
    'setLimits',
    'topUp',
    'voidGrant',
    'resetWindow',
    'reserve',
  ].includes(command.op);
  if (isOfParent && role !== 'operator' && subject === prefix) return false;
  if (role !== 'operator') return ownsSubject(state, agent, command);
  return null;
}

/** T-05: four eyes, whatever the role. */
function isOwnToApprove(state: State, agent: string, command: Command): boolean {
  if (command.op !== 'approve' && command.op !== 'decline') return false;
  return state.approvals.get(command.request)?.agent === agent;
}

function isAboveCap(state: State, agent: string, command: Command & { op: 'request' }): boolean {
  return priorityOf(command) > priorityCap(state, agent, command.path);
}

/** S §5: settle, release, renew, report, resize only on what it asked for; so is a cancel. */
function ownsSubject(state: State, agent: string, command: Command): boolean | null {
  switch (command.op) {
    case 'settle':
    case 'release':
    case 'renew':
    case 'report':
    case 'resize': {
      const { allocation: id } = command;
      const owner = state.live.get(id)?.agent ?? state.tombstones.get(id)?.agent;
      return owner === undefined ? null : owner === agent;
    }
    case 'approve':
    case 'decline':
      return null;
    case 'cancel': {
      const owner = (state.waiting.get(command.request) ?? state.approvals.get(command.request))
        ?.agent;
      return owner === undefined ? null : owner === agent;
    }
    case 'status':
    case 'explain':
    case 'queue':
    case 'emergencies':
      return null;
    default:
      return true;
  }
}
