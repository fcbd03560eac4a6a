import type { Command, CommandOf } from '../events/commands.ts';
import { decideTransfer } from './accounts/decide-transfer.ts';
import {
  decideAdjust,
  decideCancel,
  decideCharge,
  decideRelease,
  decideRenew,
  decideReport,
  decideResize,
} from './allocations/decide-allocation.ts';
import { decideRequest } from './allocations/decide-request.ts';
import { decideCancelReservation, decideReserve } from './allocations/decide-reservation.ts';
import { decideSettle } from './allocations/decide-settle.ts';
import { decideCloseBreaker, decideOpenBreaker } from './breakers/decide-breaker.ts';
import { answered, type Context, type Decision } from './context.ts';
import { decidePolicy, decideSetPolicy } from './decide-policy.ts';
import {
  decideBalance,
  decideEmergencies,
  decideExplain,
  decideQueue,
  decideStatus,
} from './decide-read.ts';
import { decideDistribute } from './distribution/decide-distribute.ts';
import {
  decideAcknowledgeStop,
  decideFreeze,
  decideRecover,
  decideStop,
  decideUnfreeze,
} from './emergencies/decide-emergency.ts';
import {
  decideClose,
  decideDismiss,
  decideEnrol,
  decideOpen,
  decideSetLimits,
  decideTopUp,
} from './nodes/decide-node.ts';
import { repeatOf } from './repeat.ts';
import { refusalOf } from './rules/authority.ts';
import { decideApprove, decideDecline } from './rules/decide-approval.ts';
import type { Team } from './team.ts';
import { decideResetWindow, decideVoidGrant } from './windows/decide-window.ts';

/**
 * What happens because of one command: facts to record, or an answer. Reads the team, changes
 * nothing.
 */
export function decide(team: Team, command: Command, ctx: Context, shard: number): Decision {
  const refusal = refusalOf(team, ctx.agent, command);
  if (refusal !== undefined) return answered(refusal);
  return repeatOf(team, command, ctx) ?? decideNew(team, command, ctx, shard);
}

function decideNew(team: Team, command: Command, ctx: Context, shard: number): Decision {
  switch (command.op) {
    case 'request':
      return decideRequest(team, command, ctx);
    case 'settle':
      return decideSettle(team, command, ctx);
    case 'release':
      return decideRelease(team, command, ctx);
    case 'renew':
      return decideRenew(team, command, ctx);
    case 'resize':
      return decideResize(team, command, ctx);
    case 'report':
      return decideReport(team, command, ctx);
    case 'charge':
      return decideCharge(team, command, ctx);
    case 'adjust':
      return decideAdjust(team, command, ctx);
    case 'cancel':
      return decideCancel(team, command, ctx);
    case 'approve':
      return decideApprove(team, command, ctx);
    case 'decline':
      return decideDecline(team, command, ctx);
    case 'open':
      return decideOpen(team, command, ctx);
    case 'close':
      return decideClose(team, command, ctx);
    case 'setLimits':
      return decideSetLimits(team, command, ctx);
    case 'topUp':
      return decideTopUp(team, command, ctx);
    case 'voidGrant':
      return decideVoidGrant(team, command, ctx);
    case 'resetWindow':
      return decideResetWindow(team, command, ctx);
    case 'transfer':
      return decideTransfer(team, command, ctx);
    case 'distribute':
      return decideDistribute(team, command, ctx);
    case 'reserve':
      return decideReserve(team, command, ctx);
    case 'cancelReservation':
      return decideCancelReservation(team, command, ctx);
    case 'setPolicy':
      return decideSetPolicy(team, command, ctx);
    case 'enrol':
      return decideEnrol(team, command, ctx);
    case 'dismiss':
      return decideDismiss(team, command, ctx);
    case 'freeze':
      return decideFreeze(team, command, ctx);
    case 'unfreeze':
      return decideUnfreeze(team, command, ctx);
    case 'stop':
      return decideStop(team, command, ctx);
    case 'acknowledgeStop':
      return decideAcknowledgeStop(team, command, ctx);
    case 'recover':
      return decideRecover(team, command, ctx);
    case 'openBreaker':
      return decideOpenBreaker(team, command, ctx);
    case 'closeBreaker':
      return decideCloseBreaker(team, command, ctx);
    default:
      return decideRead(team, command, ctx, shard);
  }
}

type Read = CommandOf<'balance' | 'status' | 'explain' | 'queue' | 'policy' | 'emergencies'>;

/** What only looks; `status` may claim a grant with it. */
function decideRead(team: Team, command: Read, ctx: Context, shard: number): Decision {
  switch (command.op) {
    case 'balance':
      return decideBalance(team, command, ctx);
    case 'status':
      return decideStatus(team, command, ctx);
    case 'explain':
      return decideExplain(team, command, ctx);
    case 'queue':
      return decideQueue(team, command, ctx);
    case 'policy':
      return decidePolicy(team, command, ctx);
    case 'emergencies':
      return decideEmergencies(team, command, ctx, shard);
    default:
      return command satisfies never;
  }
}
