import type { BursarEvent, EventType } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { roleMay } from './authority.ts';
import type { Bench } from './bench.ts';

/** The op by which an agent brings an event about; decisions on requests are judged apart. */
const OP_OF: { readonly [T in EventType]?: string } = {
  AllocationEnded: 'settle',
  LateSettled: 'settle',
  RequestCancelled: 'cancel',
  ApprovalGiven: 'approve',
  ApprovalDeclined: 'decline',
  LeaseRenewed: 'renew',
  AllocationResized: 'resize',
  UsageReported: 'report',
  UsageQuarantined: 'settle',
  SettleMissed: 'settle',
  Charged: 'charge',
  Adjusted: 'adjust',
  NodeOpened: 'open',
  NodeClosing: 'close',
  LimitsSet: 'setLimits',
  ToppedUp: 'topUp',
  GrantVoided: 'voidGrant',
  WindowOpened: 'resetWindow',
  Transferred: 'transfer',
  Distributed: 'distribute',
  Reserved: 'reserve',
  ReservationEnded: 'cancelReservation',
  PolicySet: 'setPolicy',
  CredentialEnrolled: 'enrol',
  CredentialDismissed: 'dismiss',
  Frozen: 'freeze',
  Unfrozen: 'unfreeze',
  Stopped: 'stop',
  StopAcknowledged: 'acknowledgeStop',
  StopLifted: 'recover',
  BreakerOpened: 'openBreaker',
  BreakerClosed: 'closeBreaker',
};

/** Nodes beneath the own prefix alone: the node of a prefix is given. */
const OF_PARENT: ReadonlySet<string> = new Set([
  'open',
  'close',
  'setLimits',
  'topUp',
  'voidGrant',
  'resetWindow',
  'transfer',
  'reserve',
]);

/** S §5, authority: the role of who brought an event about covers it, and his prefix its node. */
export function judgeAuthority({ state, event, find }: Bench): void {
  const op = OP_OF[event.type];
  const by = agentOf(event);
  if (op === undefined || by === undefined || by === 'operator') return;
  const credential = state.credentials.get(by);
  if (credential === undefined) return find('S §5', `${by} is not enrolled and may not ${op}`, by);
  if (!roleMay(credential.role, op)) find('S §5', `${credential.role} ${by} may not ${op}`, by);
  if (op === 'acknowledgeStop' || credential.role === 'operator') return;
  for (const path of pathsOf(event)) judgePlace(path, credential.prefix, op, by, find);
}

function judgePlace(
  path: string,
  prefix: string,
  op: string,
  by: string,
  find: Bench['find'],
): void {
  if (!isWithin(path, prefix)) find('S §5', `${by} may not ${op} ${path}`, by);
  if (OF_PARENT.has(op) && path === prefix) {
    find('S §5', `${by} may not ${op} the node of its own prefix`, by);
  }
}

/** The nodes that an event names for its agent to act on. */
function pathsOf(event: BursarEvent): readonly string[] {
  if (event.type === 'Transferred') return [event.from, event.to];
  return 'path' in event && !('allocation' in event) ? [event.path] : [];
}

function agentOf(event: BursarEvent): string | undefined {
  return 'by' in event ? event.by : undefined;
}
