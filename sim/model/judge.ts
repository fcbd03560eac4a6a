import type { BursarEvent, EventOf, EventType } from '../../events/events.ts';
import type { Bench } from './bench.ts';
import { judgeApprovalRequested, judgeSpoken } from './judge-approval.ts';
import { isAskEvent, judgeAsk } from './judge-ask.ts';
import { judgeAuthority } from './judge-authority.ts';
import {
  judgeBreakerClosed,
  judgeBreakerOpened,
  judgeHalfOpened,
  oweBreakers,
} from './judge-breakers.ts';
import { judgeContention, judgeContestEnded, judgeStrategy } from './judge-contest.ts';
import { judgeDenial } from './judge-denial.ts';
import { judgeDistributed } from './judge-distribution.ts';
import { judgeEnd } from './judge-end.ts';
import { judgeForecast, judgeForecastCleared } from './judge-forecast.ts';
import { judgeGrant } from './judge-grant.ts';
import { judgeId } from './judge-ids.ts';
import { judgeCrossed, judgeRearmed } from './judge-ladder.ts';
import {
  judgeAdjusted,
  judgeCharged,
  judgeLate,
  judgeMissed,
  judgeQuarantined,
} from './judge-late.ts';
import {
  judgeClaimed,
  judgeExtended,
  judgeRenewed,
  judgeReported,
  judgeResized,
} from './judge-lease.ts';
import { judgeReservationEnded, judgeReserved, judgeTransferred } from './judge-ledger.ts';
import { judgeLevel } from './judge-level.ts';
import {
  judgeClosed,
  judgeClosing,
  judgeDismissed,
  judgeEnrolled,
  judgeLimits,
  judgeOpened,
  judgePolicy,
  judgeToppedUp,
} from './judge-node.ts';
import { judgePreemption, judgeReclaimed } from './judge-preemption.ts';
import { judgeInterval, judgeRecovered } from './judge-recovery.ts';
import { judgeReserveChanged } from './judge-reserve.ts';
import { judgeSheddingEnded, judgeShrink } from './judge-shedding.ts';
import {
  judgeAcknowledged,
  judgeFrozen,
  judgeLifted,
  judgeStopCompleted,
  judgeStopped,
  judgeUnfrozen,
} from './judge-stop.ts';
import { judgeCancelled, judgeMoved, judgeQueued } from './judge-wait.ts';
import { judgeAlert, judgeGrants, judgeVoided, judgeWindow } from './judge-windows.ts';
import { judgeQueueAge, judgeQueueAgeCleared } from './queue-ages.ts';
import type { State } from './state.ts';

/** Judges of each type of event; a new type breaks the build until it has one. */
const JUDGES: { readonly [T in EventType]: (bench: Bench<EventOf<T>>) => void } = {
  AllocationGranted: judgeGrant,
  AllocationEnded: judgeEnd,
  LateSettled: judgeLate,
  RequestDenied: judgeDenial,
  RequestQueued: judgeQueued,
  ApprovalRequested: judgeApprovalRequested,
  ApprovalGiven: judgeSpoken,
  ApprovalDeclined: judgeSpoken,
  RequestMoved: judgeMoved,
  RequestCancelled: judgeCancelled,
  AllocationClaimed: judgeClaimed,
  LeaseRenewed: judgeRenewed,
  AllocationResized: judgeResized,
  UsageReported: judgeReported,
  UsageQuarantined: judgeQuarantined,
  SettleMissed: judgeMissed,
  Charged: judgeCharged,
  Adjusted: judgeAdjusted,
  ContentionDetected: judgeContention,
  StrategySelected: judgeStrategy,
  ContestEnded: judgeContestEnded,
  PreemptionRequested: judgePreemption,
  ResourcesReclaimed: judgeReclaimed,
  NodeOpened: judgeOpened,
  NodeClosing: judgeClosing,
  NodeClosed: judgeClosed,
  LimitsSet: judgeLimits,
  ToppedUp: judgeToppedUp,
  GrantVoided: judgeVoided,
  WindowOpened: judgeWindow,
  GrantsCounted: judgeGrants,
  AlertRaised: judgeAlert,
  AlertCleared: judgeAlert,
  Transferred: judgeTransferred,
  Distributed: judgeDistributed,
  Reserved: judgeReserved,
  ReservationEnded: judgeReservationEnded,
  ReserveChanged: judgeReserveChanged,
  ShrinkRequested: judgeShrink,
  SheddingEnded: judgeSheddingEnded,
  PolicySet: judgePolicy,
  CredentialEnrolled: judgeEnrolled,
  CredentialDismissed: judgeDismissed,
  Frozen: judgeFrozen,
  Unfrozen: judgeUnfrozen,
  Stopped: judgeStopped,
  StopAcknowledged: judgeAcknowledged,
  StopCompleted: judgeStopCompleted,
  StopLifted: judgeLifted,
  BreakerOpened: judgeBreakerOpened,
  BreakerHalfOpened: judgeHalfOpened,
  BreakerClosed: judgeBreakerClosed,
  ThresholdCrossed: judgeCrossed,
  ThresholdRearmed: judgeRearmed,
  DegradationChanged: judgeLevel,
  ExhaustionForecast: judgeForecast,
  ForecastCleared: judgeForecastCleared,
  QueueAgeReached: judgeQueueAge,
  QueueAgeCleared: judgeQueueAgeCleared,
  RecoveryStarted: judgeInterval,
  RecoveryAdvanced: judgeInterval,
  RecoveryCompleted: judgeRecovered,
  LeasesExtended: judgeExtended,
};

/** Whether an event was allowed in the state before it. */
export function judge(bench: Bench): void {
  const { state, event, find } = bench;
  state.nowMs = event.atMs;
  if (event.atMs < state.lastAtMs) {
    find('INV-10', `time falls by ${state.lastAtMs - event.atMs} ms`);
  }
  if (event.team !== state.team) find('S §1', `an event of ${event.team}`);
  judgeAuthority(bench);
  judgeId(bench);
  if (isAskEvent(event)) judgeAsk(bench as Bench<typeof event>);
  (JUDGES[event.type] as (bench: Bench) => void)(bench);
  oweBreakers(bench);
}

/** Whether a command decided here, so that everything before it was over. */
export function isDecision(state: State, event: BursarEvent): boolean {
  const isWaiting =
    'id' in event && (state.waiting.has(event.id ?? '') || state.approvals.has(event.id ?? ''));
  switch (event.type) {
    case 'AllocationGranted':
    case 'PreemptionRequested':
    case 'RequestDenied':
      return !isWaiting;
    case 'RequestQueued':
      return !isWaiting && event.after === undefined;
    case 'NodeClosed':
      return false;
    default:
      return 'by' in event && event.by !== undefined;
  }
}
