import { strict as assert } from 'node:assert';
import type { BursarEvent, EventOf } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { addDue, climb } from './accounts/climb.ts';
import {
  adjusted,
  allocationOf,
  charged,
  ended,
  granted,
  lateSettled,
  leasesExtended,
  renewed,
  reported,
  resized,
} from './allocations/evolve-allocation.ts';
import { reservationEnded, reserved } from './allocations/evolve-reservation.ts';
import { branchLeaves } from './branches/branching.ts';
import {
  breakerClosed,
  breakerHalfOpened,
  breakerOpened,
  noteUnresolved,
} from './breakers/evolve-breaker.ts';
import { InvariantError } from './checks/invariant-error.ts';
import { distributed } from './distribution/evolve-distribution.ts';
import { isEmergency } from './emergencies/emergency.ts';
import { degradationChanged, followLevels } from './levels/evolve-level.ts';
import {
  forecastTold,
  limitsSet,
  nodeClosed,
  nodeOf,
  opened,
  policySet,
  setAlert,
  setRung,
  stopLifted,
  stopped,
  toppedUp,
  transferred,
} from './nodes/evolve-node.ts';
import {
  contestOver,
  detected,
  leaveQueue,
  moved,
  preempting,
  queued,
  reclaimed,
} from './queue/evolve-queue.ts';
import { queueAgeTold } from './queue/queue-age.ts';
import { credentialTopOf } from './queue/wait-bound.ts';
import { followRecoveries, intervalBegun, recoveryCompleted } from './recovery/evolve-recovery.ts';
import { noteCancelled, noteId } from './remember.ts';
import { reserveChanged } from './reserves/evolve-reserve.ts';
import { keepsReserves } from './reserves/reserve.ts';
import { approvalRequested, leaveApprovals, said } from './rules/approvals.ts';
import { sheddingEnded, shrinkRequested } from './shedding/evolve-shedding.ts';
import { accountKey, type Position, type Team } from './team.ts';
import { grantsCounted, grantVoided } from './windows/evolve-grants.ts';
import { windowOpened } from './windows/evolve-window.ts';

/**
 * Applies one recorded event to a team. Never refuses and never reads a clock: what it is given
 * has happened. What does not fit together throws, and the team is frozen by its host: the team's
 * watch looks at each event before and after (invariants.ts).
 * @param onBreach takes what the watch finds instead of a throw: in a replay the event is recorded,
 *   and leaving it out would only make things worse
 * @throws InvariantError, IllegalTransitionError
 */
export function evolve(
  team: Team,
  event: BursarEvent,
  at: Position,
  onBreach?: (error: InvariantError) => void,
): void {
  assert(event.team === team.name, 'an event reaches its own team');
  if (onBreach === undefined) team.watch.before(team, event, at);
  else look('before', team, event, at, onBreach);
  team.lastAtMs = event.atMs;
  noteId(team, event, at);
  apply(team, event, at);
  followLevels(team, event);
  followRecoveries(team, event);
  if (onBreach === undefined) team.watch.after(team, event, at);
  else look('after', team, event, at, onBreach);
  if (isEmergency(event)) {
    team.emergencies.push({ at, event });
    if (team.emergencies.length > LIMITS.emergenciesKeptMax) {
      team.emergenciesForgottenSeq = team.emergencies.shift()?.at.seq ?? 0;
    }
  }
}

/** Looks at an event of a replay. */
function look(
  when: 'before' | 'after',
  team: Team,
  event: BursarEvent,
  at: Position,
  onBreach: (error: InvariantError) => void,
): void {
  try {
    team.watch[when](team, event, at);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    onBreach(error);
  }
}

function apply(team: Team, event: BursarEvent, at: Position): void {
  switch (event.type) {
    case 'AllocationGranted':
      return granted(team, event, at);
    case 'AllocationEnded':
      return ended(team, event, at);
    case 'LateSettled':
      return lateSettled(team, event, at);
    case 'RequestDenied':
      if (event.waited) {
        noteUnresolved(team, event);
        leaveQueue(team, event.id, event);
      }
      leaveApprovals(team, event.id);
      return team.runtime.resolver(team.name, event);
    case 'ApprovalRequested':
      return approvalRequested(team, event);
    case 'ApprovalGiven':
    case 'ApprovalDeclined':
      return said(team, event);
    case 'RequestQueued':
      return queued(team, event);
    case 'RequestMoved':
      return moved(team, event);
    case 'RequestCancelled':
      noteCancelled(team, event.request);
      if (team.approvals.has(event.request)) return leaveApprovals(team, event.request);
      return leaveQueue(team, event.request, event);
    case 'AllocationClaimed':
      allocationOf(team, event.allocation).claimUntilMs = null;
      allocationOf(team, event.allocation).heardAtMs = event.atMs;
      return;
    case 'LeaseRenewed':
      return renewed(team, event);
    case 'AllocationResized':
      return resized(team, event);
    case 'UsageReported':
      return reported(team, event);
    case 'UsageQuarantined':
    case 'SettleMissed':
      return;
    case 'Charged':
      return charged(team, event);
    case 'Adjusted':
      return adjusted(team, event);
    case 'ContentionDetected':
      detected(team, event);
      return team.runtime.resolver(team.name, event);
    case 'StrategySelected': {
      const contest = team.contestsById.get(event.contest);
      if (contest !== undefined) contest.strategy = event.strategy;
      return team.runtime.resolver(team.name, event);
    }
    case 'ContestEnded':
      contestOver(team, event.contest);
      return team.runtime.resolver(team.name, event);
    case 'PreemptionRequested':
      return preempting(team, event);
    case 'ResourcesReclaimed':
      return reclaimed(team, event);
    default:
      return applyToTree(team, event, at);
  }
}

/** Events about nodes, policy, credentials and emergencies. */
function applyToTree(team: Team, event: TreeEvent, at: Position): void {
  switch (event.type) {
    case 'NodeOpened':
      return opened(team, event, at);
    case 'NodeClosing':
      climb(team, nodeOf(team, event.path), 'closing', event, []);
      branchLeaves(team, nodeOf(team, event.path));
      team.agenda.sweeps.add(event.path);
      team.agenda.closings.add(event.path);
      if (event.fenceAtMs !== undefined) addDue(team, event.fenceAtMs, 'close', event.path);
      return;
    case 'NodeClosed':
      return nodeClosed(team, event);
    case 'LimitsSet':
      return limitsSet(team, event, at);
    case 'PolicySet':
      return policySet(team, event);
    case 'CredentialEnrolled':
    case 'CredentialDismissed':
      return credentialChanged(team, event);
    case 'Frozen':
      climb(team, nodeOf(team, event.path), 'frozen', event, []);
      team.agenda.sweeps.add(event.path);
      if (event.untilMs !== undefined) {
        addDue(team, event.untilMs, 'thaw', accountKey(event.path, event.freeze));
      }
      return;
    case 'Unfrozen': {
      const node = nodeOf(team, event.path);
      climb(team, node, node.freezes?.size === 1 ? 'thawed' : 'unfrozen', event, []);
      team.agenda.sweeps.add(event.path);
      team.agenda.closings.add(event.path);
      return;
    }
    case 'Stopped':
      return stopped(team, event);
    case 'StopAcknowledged':
      nodeOf(team, event.path).stops?.get(event.stop)?.acknowledgedBy.add(event.agent);
      return;
    case 'StopCompleted': {
      const stop = nodeOf(team, event.path).stops?.get(event.stop);
      if (stop !== undefined) stop.isComplete = true;
      return;
    }
    case 'StopLifted':
      return stopLifted(team, event);
    case 'BreakerOpened':
      return breakerOpened(team, event);
    case 'BreakerHalfOpened':
      return breakerHalfOpened(team, event);
    case 'BreakerClosed':
      return breakerClosed(team, event);
    case 'ThresholdCrossed':
      // From now on what is critical may draw from the reserve.
      if (event.kind === 'exhausted' && keepsReserves(team.policy)) {
        team.agenda.sweeps.add(event.path);
      }
      return setRung(team, event.path, event.resource, event.rung);
    case 'ThresholdRearmed':
      return setRung(team, event.path, event.resource, event.rung - 1);
    case 'DegradationChanged':
      return degradationChanged(team, event);
    case 'RecoveryStarted':
    case 'RecoveryAdvanced':
      return intervalBegun(team, event);
    case 'RecoveryCompleted':
      return recoveryCompleted(team, event);
    case 'LeasesExtended':
      return leasesExtended(team, event.byMs);
    default:
      return applyToAccounts(team, event, at);
  }
}

/** Events about limits: what is added, moved, set aside, ends and begins anew. */
function applyToAccounts(team: Team, event: AccountEvent, at: Position): void {
  switch (event.type) {
    case 'ToppedUp':
      return toppedUp(team, event);
    case 'GrantVoided':
      climb(team, nodeOf(team, event.path), 'limited', event, []);
      return grantVoided(team, nodeOf(team, event.path), event);
    case 'WindowOpened':
      return windowOpened(team, event, at);
    case 'GrantsCounted':
      return grantsCounted(team, nodeOf(team, event.path), event);
    case 'AlertRaised':
      return setAlert(team, event, event.place);
    case 'AlertCleared':
      return setAlert(team, event, event.still ?? -1);
    case 'ExhaustionForecast':
    case 'ForecastCleared':
      return forecastTold(team, event);
    case 'QueueAgeReached':
    case 'QueueAgeCleared':
      return queueAgeTold(team, event);
    case 'Transferred':
      return transferred(team, event);
    case 'Distributed':
      return distributed(team, event);
    case 'Reserved':
      return reserved(team, event);
    case 'ReservationEnded':
      return reservationEnded(team, event);
    case 'ShrinkRequested':
      return shrinkRequested(team, event);
    case 'SheddingEnded':
      return sheddingEnded(team, event);
    case 'ReserveChanged':
      return reserveChanged(team, event);
    default:
      return event satisfies never;
  }
}

function credentialChanged(
  team: Team,
  event: EventOf<'CredentialEnrolled' | 'CredentialDismissed'>,
): void {
  if (event.type === 'CredentialDismissed') team.credentials.delete(event.agent);
  else {
    const { agent, role, prefix, priorityMax = null } = event;
    team.credentials.set(agent, { role, prefix, priorityMax });
  }
  team.credentialTop = credentialTopOf(team);
}

type TreeEvent =
  | AccountEvent
  | EventOf<
      | 'NodeOpened'
      | 'NodeClosing'
      | 'NodeClosed'
      | 'LimitsSet'
      | 'PolicySet'
      | 'CredentialEnrolled'
      | 'CredentialDismissed'
      | 'Frozen'
      | 'Unfrozen'
      | 'Stopped'
      | 'StopAcknowledged'
      | 'StopCompleted'
      | 'StopLifted'
      | 'BreakerOpened'
      | 'BreakerHalfOpened'
      | 'BreakerClosed'
      | 'ThresholdCrossed'
      | 'ThresholdRearmed'
      | 'DegradationChanged'
      | 'RecoveryStarted'
      | 'RecoveryAdvanced'
      | 'RecoveryCompleted'
      | 'LeasesExtended'
    >;

type AccountEvent = EventOf<
  | 'ToppedUp'
  | 'GrantVoided'
  | 'WindowOpened'
  | 'GrantsCounted'
  | 'AlertRaised'
  | 'AlertCleared'
  | 'ExhaustionForecast'
  | 'ForecastCleared'
  | 'QueueAgeReached'
  | 'QueueAgeCleared'
  | 'Transferred'
  | 'Distributed'
  | 'Reserved'
  | 'ReservationEnded'
  | 'ReserveChanged'
  | 'ShrinkRequested'
  | 'SheddingEnded'
>;
