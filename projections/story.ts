import type { BursarEvent, EventOf } from '../events/events.ts';
import { priorityName } from '../events/priority.ts';
import { amountsText, amountText, durationText } from './amount-text.ts';
import type { Position, Recorded } from './projection.ts';
import { breakerText } from './story-breakers.ts';
import { barText, by, crisisText } from './story-crisis.ts';
import { divisionText } from './story-distribution.ts';
import { reservesText } from './story-reserves.ts';
import { sheddingText } from './story-shedding.ts';
import { windowText } from './story-windows.ts';

/** One event in words. */
export interface StoryLine {
  readonly at: Position;
  readonly atMs: number;
  readonly type: BursarEvent['type'];
  readonly text: string;
}

/** What happened, in the order in which it happened, in plain English. */
export function storyOf(recorded: readonly Recorded[]): StoryLine[] {
  return recorded.map(({ event, at }) => ({
    at,
    atMs: event.atMs,
    type: event.type,
    text: sentenceOf(event),
  }));
}

/** One event as a sentence. */
export function sentenceOf(event: BursarEvent): string {
  switch (event.type) {
    case 'AllocationGranted':
      return grantedText(event);
    case 'RequestDenied':
      return deniedText(event);
    case 'RequestQueued':
      return queuedText(event);
    case 'PreemptionRequested':
      return (
        `${event.by} ${askText(event)}; ${event.victims.join(', ')} must yield ` +
        `by the right of ${event.right} within ${durationText(event.graceEndsAtMs - event.atMs)}, ` +
        `and ${amountsText(event.earmarked)} was set aside at once (rule ${event.rule}).`
      );
    case 'ContentionDetected':
      return (
        `${event.request} met contention on ${event.account.resource} of ${event.account.path} ` +
        `(${event.conflict}): ${amountText(event.account.resource, event.requested)} asked, ` +
        `${amountText(event.account.resource, event.available)} free, ${event.waitingCount} ` +
        `waiting, ${event.liveCount} live allocations.`
      );
    case 'StrategySelected':
      return `Contest ${event.contest}: ${event.strategy} was chosen by rule ${event.rule}.`;
    case 'ContestEnded':
      return `Contest ${event.contest} ended: ${event.outcome}.`;
    case 'ResourcesReclaimed':
      return `${amountsText(event.earmarked)} more was set aside for ${event.request}.`;
    case 'RequestMoved':
      return `${event.request} now waits for ${event.account.resource} of ${event.account.path}.`;
    case 'ApprovalRequested':
      return (
        `${event.by} ${askText(event)}; above ${amountText(event.resource, event.above)} of ` +
        `${event.resource} an approver has to agree within ` +
        `${durationText(event.untilMs - event.atMs)} (rule ${event.rule}).`
      );
    case 'ApprovalGiven':
      return `${by(event)} approved ${event.request} after ${durationText(event.waitedMs)}.`;
    case 'ApprovalDeclined':
      return (
        `${by(event)} declined ${event.request} after ${durationText(event.waitedMs)}` +
        `${event.reason === undefined ? '' : `: ${event.reason}`}.`
      );
    case 'RequestCancelled':
      return `${by(event)} took ${event.request} back after ${durationText(event.waitedMs)}.`;
    default:
      return useText(event);
  }
}

type Decided =
  | 'AllocationGranted'
  | 'RequestDenied'
  | 'RequestQueued'
  | 'PreemptionRequested'
  | 'ContentionDetected'
  | 'StrategySelected'
  | 'ContestEnded'
  | 'ResourcesReclaimed'
  | 'RequestMoved'
  | 'ApprovalRequested'
  | 'ApprovalGiven'
  | 'ApprovalDeclined'
  | 'RequestCancelled';

/** Events about what is held and used. */
function useText(event: Exclude<BursarEvent, { type: Decided }>): string {
  switch (event.type) {
    case 'AllocationEnded':
      return endedText(event);
    case 'LateSettled':
      return (
        `${by(event)} settled ${event.allocation} after its end: ${amountsText(event.booked)} more ` +
        `was booked on ${event.path}, ${amountsText(event.returned ?? {})} given back` +
        `${failedText(event.failed)}.`
      );
    case 'AllocationClaimed':
      return `${event.allocation} was claimed by its agent.`;
    case 'LeaseRenewed':
      return `${by(event)} renewed ${event.allocation} for ${durationText(event.expiresAtMs - event.atMs)}.`;
    case 'AllocationResized':
      if (event.topUp !== undefined) {
        return `${event.allocation} grew, as its claim ${event.topUp} was met after ${durationText(event.waitedMs ?? 0)}: it holds ${amountsText(event.items)}.`;
      }
      return `${by(event)} changed what ${event.allocation} holds: ${amountsText(event.items)}.`;
    case 'UsageReported':
      return (
        `${by(event)} reported that ${event.allocation} has used ${amountsText(event.used)} so far` +
        `${event.overrun ? ', more than it holds' : ''}${failedText(event.failed)}.`
      );
    case 'UsageQuarantined':
      return (
        `${by(event)} stated ${amountsText(event.amounts)} on ${event.path}; that is implausible ` +
        `(at most ${amountsText(event.limit)}) and was not booked.`
      );
    case 'SettleMissed':
      return `${by(event)} wanted to settle ${event.allocation}, which nobody knew.`;
    case 'Charged':
      return `${by(event)} charged ${amountsText(event.amounts)} to ${event.path}.`;
    case 'Adjusted':
      return (
        `${by(event)} corrected ${event.allocation}: ${amountsText(event.more)} more and ` +
        `${amountsText(event.less)} less on ${event.path}.`
      );
    default:
      return treeText(event);
  }
}

type TreeEvent = Exclude<
  Parameters<typeof useText>[0],
  {
    type:
      | 'AllocationEnded'
      | 'LateSettled'
      | 'AllocationClaimed'
      | 'LeaseRenewed'
      | 'AllocationResized'
      | 'UsageReported'
      | 'UsageQuarantined'
      | 'SettleMissed'
      | 'Charged'
      | 'Adjusted';
  }
>;

/** What governs a team from here on, and who may act in it. */
function rulingText(
  event: EventOf<'PolicySet' | 'CredentialEnrolled' | 'CredentialDismissed'>,
): string {
  switch (event.type) {
    case 'PolicySet': {
      const { team, version, preset, comment } = event;
      const from = preset === undefined ? '' : `, from the preset ${preset}`;
      const no = version === undefined ? '' : `, version ${version}`;
      const why = comment === undefined ? '' : `: ${comment}`;
      return `${by(event)} set the policy of ${team}${no}${from}${why}.`;
    }
    case 'CredentialEnrolled':
      return `${by(event)} enrolled ${event.agent} as ${event.role} beneath ${event.prefix}.`;
    case 'CredentialDismissed':
      return `${by(event)} dismissed ${event.agent}.`;
    default:
      return event satisfies never;
  }
}

/** Events about nodes, policy, credentials and emergencies. */
function treeText(event: TreeEvent): string {
  switch (event.type) {
    case 'NodeOpened':
      return `${by(event)} opened the ${event.tier} ${event.path}${branchText(event)}${limitsText(event.limits)}.`;
    case 'NodeClosing':
      return event.why === 'deadline'
        ? `The deadline of ${event.path} came, and it began to close.`
        : `${by(event)} began to close ${event.path}.`;
    case 'NodeClosed':
      return `${event.path} was closed.`;
    case 'LimitsSet':
      return limitsSetText(event);
    case 'ToppedUp':
      return `${by(event)} added ${amountsText(event.amounts)} to ${event.path}.`;
    case 'GrantVoided':
    case 'WindowOpened':
    case 'GrantsCounted':
    case 'AlertRaised':
    case 'AlertCleared':
    case 'ExhaustionForecast':
    case 'ForecastCleared':
    case 'QueueAgeReached':
    case 'QueueAgeCleared':
      return windowText(event);
    case 'Transferred':
      return transferText(event);
    case 'Distributed':
      return event.why === 'rebalance'
        ? `What was divided followed its demand: ${divisionText(event)}.`
        : `${by(event)} divided ${divisionText(event)}.`;
    case 'Reserved':
    case 'ReservationEnded':
    case 'ReserveChanged':
      return reservesText(event);
    case 'ShrinkRequested':
    case 'SheddingEnded':
      return sheddingText(event);
    case 'PolicySet':
    case 'CredentialEnrolled':
    case 'CredentialDismissed':
      return rulingText(event);
    case 'Frozen':
    case 'Unfrozen':
    case 'Stopped':
    case 'StopAcknowledged':
    case 'StopCompleted':
    case 'StopLifted':
      return barText(event);
    case 'ThresholdCrossed':
      return (
        `${event.resource} of ${event.path} reached ${event.usePermille / 10} % of ` +
        `${amountText(event.resource, event.limit)}: ${event.kind}.`
      );
    case 'ThresholdRearmed':
      return `${event.resource} of ${event.path} fell below rung ${event.rung} of its ladder.`;
    case 'DegradationChanged':
    case 'RecoveryStarted':
    case 'RecoveryAdvanced':
    case 'RecoveryCompleted':
      return crisisText(event);
    case 'BreakerOpened':
    case 'BreakerHalfOpened':
    case 'BreakerClosed':
      return breakerText(event);
    case 'LeasesExtended':
      return `After an outage every lease was moved by ${durationText(event.byMs)}.`;
    default:
      return event satisfies never;
  }
}

function grantedText(event: EventOf<'AllocationGranted'>): string {
  const how = {
    request: `${event.by} ${askText(event)} and got`,
    queue: `${event.id} came out of the queue and got`,
    preemption: `${event.id} got, after preemption,`,
    approval: `${event.id} was approved and got`,
  }[event.via];
  const waited = event.waitedMs === undefined ? '' : ` after ${durationText(event.waitedMs)}`;
  const preempted = event.preempted?.length ? `, taken from ${event.preempted.join(', ')}` : '';
  const from = event.reservation === undefined ? '' : ` out of ${event.reservation}`;
  const drawn =
    event.reserve === undefined
      ? ''
      : `, ${amountsText(event.reserve.drawn)} of it out of the reserve of ${event.reserve.path},`;
  const kept = event.topUp === undefined ? '' : ` (${event.topUp} waits for the rest)`;
  const probe = event.probe ? ', which tries what was broken' : '';
  const part = event.partial ? `, a part of what was asked${kept}` : '';
  return (
    `${how} ${amountsText({ ...event.items, ...event.rates })}${from}${drawn}${part}${probe}${waited} for ` +
    `${durationText(event.expiresAtMs - event.atMs)}${preempted} (rule ${event.rule}).`
  );
}

function deniedText(event: EventOf<'RequestDenied'>): string {
  const short = event.short?.map(
    ({ path, resource, needed, available }) =>
      `${path} has ${amountText(resource, available)} free and ${amountText(resource, needed)} were needed`,
  );
  const waited = event.waited ? ` after ${durationText(event.waitedMs ?? 0)} of waiting` : '';
  const who = event.waited || event.approval ? event.id : `${event.by} ${askText(event)} and`;
  const why = short === undefined ? '' : `: ${short.join('; ')}`;
  return `${who} was denied ${event.reason}${waited}${why} (rule ${event.rule}).`;
}

function queuedText(event: EventOf<'RequestQueued'>): string {
  const place = `place ${event.position} for ${event.account.resource} of ${event.account.path}`;
  const until = durationText(event.untilMs - event.atMs);
  if (event.after === 'partial') {
    return `What ${event.of} was not granted is claimed as ${event.id}, ${place}, for at most ${until}.`;
  }
  if (event.after !== undefined) {
    return `What ${event.of} still needs was put back into the queue as ${event.id} (${event.after}), ${place}, for at most ${until}.`;
  }
  return `${event.by} ${askText(event)} and was queued at ${place}, for at most ${until} (rule ${event.rule}).`;
}

function endedText(event: EventOf<'AllocationEnded'>): string {
  const booked = `${amountsText(event.booked)} was booked${event.estimated ? ' (an estimate)' : ''}`;
  const overrun =
    event.overrun === undefined ? '' : `, ${amountsText(event.overrun)} of it above what was held`;
  const who = event.by === undefined ? `${event.allocation} was ${event.as}` : by(event);
  const what = event.by === undefined ? '' : ` ${event.as} ${event.allocation}`;
  const back =
    event.toReservation === undefined
      ? ''
      : `, ${amountsText(event.toReservation)} went back to its reservation`;
  const rates =
    event.rates === undefined
      ? ''
      : `, and of what was counted ${amountsText(event.rates)} was really used`;
  const step = event.closesStep ? ', and its step closed' : '';
  const failed = failedText(event.failed);
  return `${who}${what}: ${booked}${overrun}${back}${rates}${failed}${step}.`;
}

/** What did not work, as its holder says. */
function failedText(failed: readonly string[] | undefined): string {
  return failed === undefined ? '' : `, and ${failed.join(' and ')} did not work`;
}

function askText({
  ask,
  id,
  priority,
}: {
  readonly ask: EventOf<'AllocationGranted'>['ask'];
  readonly id: string;
  readonly priority?: number;
}): string {
  const items = Object.entries(ask.items).map(([resource, { amount }]) =>
    amount === undefined ? `${resource} without a bound` : amountText(resource, amount),
  );
  const rank = priority ?? ask.priority;
  const as = rank === undefined ? '' : ` with priority ${priorityName(rank)}`;
  const instead = Object.entries(ask.instead ?? {}).map(
    ([from, to]) => `${to} in place of ${from}`,
  );
  const other = instead.length === 0 ? '' : `, ${instead.join(', ')}`;
  return `asked for ${items.join(' and ')} on ${ask.path} (${id})${other}${as}`;
}

function transferText(event: EventOf<'Transferred'>): string {
  const { amounts, guarantees, from, to } = event;
  const moved = `${by(event)} moved ${amountsText(amounts)} from ${from} to ${to}`;
  return `${moved}, ${amountsText(guarantees)} of it guaranteed.`;
}

function limitsSetText(event: EventOf<'LimitsSet'>): string {
  const { path, branch } = event;
  const limits = `${path}${limitsText(event.limits)}`;
  if (branch === undefined) return `${by(event)} set limits of ${limits}.`;
  return `${branch.of} shared what it has (${branch.by}): ${limits}.`;
}

function branchText({ branchOf }: EventOf<'NodeOpened'>): string {
  return branchOf === undefined ? '' : ` as a branch of ${branchOf}`;
}

function limitsText(limits: EventOf<'NodeOpened'>['limits']): string {
  const parts = Object.entries(limits ?? {}).map(([resource, set]) => {
    const { limit, guarantee, lend, per } = set;
    const upTo =
      limit === undefined
        ? ''
        : limit === null
          ? ' without limit'
          : ` up to ${amountText(resource, limit)}`;
    const kept =
      guarantee === undefined ? '' : ` with ${amountText(resource, guarantee)} guaranteed`;
    const lent =
      lend === undefined || lend === 0
        ? ''
        : ` (lends ${lend === null ? 'all of it' : amountText(resource, lend)} while idle)`;
    const within =
      per === undefined || limit == null ? '' : ` in ${durationText(per.ms)} (${per.by})`;
    return `${resource}${upTo}${within}${kept}${lent}`;
  });
  return parts.length === 0 ? '' : `: ${parts.join('; ')}`;
}
