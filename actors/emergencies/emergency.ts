import type { Emergency as EmergencyMessage } from '../../events/answers.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { swarmOf } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { subjects } from '../../events/subjects.ts';
import type { Threshold } from '../../events/window.ts';
import { usePermille } from '../accounts/account.ts';
import type { EmergencyEvent, Position } from '../team.ts';

/** Whether an event is told to subscribers of emergencies. */
export function isEmergency(event: BursarEvent): event is EmergencyEvent {
  switch (event.type) {
    case 'ThresholdCrossed':
    case 'AlertRaised':
    case 'ExhaustionForecast':
    case 'QueueAgeReached':
    case 'Stopped':
    case 'StopCompleted':
    case 'StopLifted':
    case 'Frozen':
    case 'DegradationChanged':
    case 'RecoveryStarted':
    case 'RecoveryAdvanced':
    case 'RecoveryCompleted':
    case 'UsageQuarantined':
    case 'BreakerOpened':
    case 'BreakerClosed':
      return true;
    default:
      return false;
  }
}

/** The message of an emergency; the same event always gives the same message and id. */
export function emergencyOf(event: EmergencyEvent, shard: number, at: Position): EmergencyMessage {
  const swarm = swarmOf(event.path);
  const told = tell(event);
  return {
    id: `${shard}-${at.seq}-${at.index}`,
    subject: subjects.emergency(event.team, swarm, told.kind),
    team: event.team,
    swarm,
    path: event.path,
    atMs: event.atMs,
    seq: at.seq,
    ...told,
  };
}

/** An amount with the unit that everybody's registry has for it; a team's own is told without. */
function inUnits(amount: number, resource: string): string {
  const unit = resourceTypeOf(resource)?.unit;
  return unit === undefined ? `${amount}` : `${amount} ${unit}`;
}

type Told = Pick<EmergencyMessage, 'kind' | 'detail'> & Partial<EmergencyMessage>;

function tell(event: EmergencyEvent): Told {
  switch (event.type) {
    case 'ThresholdCrossed':
      return {
        kind: event.kind,
        resource: event.resource,
        usePermille: event.usePermille,
        detail: `${event.resource} of ${event.path} is used to ${(event.usePermille / 10).toFixed(1)} % of ${inUnits(event.limit, event.resource)}`,
      };
    case 'AlertRaised': {
      const { threshold, resource, path, usage, limit } = event;
      return {
        kind: threshold.kind,
        resource,
        threshold,
        ...(limit === null ? {} : { usePermille: usePermille(usage, limit) }),
        detail: `${resource} of ${path} has reached ${boundText(threshold)}: ${usage} of ${limit ?? 'no limit'}`,
      };
    }
    case 'ExhaustionForecast':
      return forecastText(event);
    case 'QueueAgeReached':
      return queueAgeText(event);
    case 'Stopped':
      return {
        kind: 'stop',
        stop: event.stop,
        below: event.below,
        ackUntilMs: event.ackUntilMs,
        allocations: event.allocationCount,
        agents: event.agentCount,
        detail: `${event.path} is stopped: ${event.allocationCount} allocations of ${event.agentCount} agents must end. ${event.reason}`,
      };
    case 'StopCompleted':
      return { kind: 'stopped', stop: event.stop, ...verificationOf(event) };
    case 'StopLifted':
      return {
        // The end of the slow start is told on its own.
        kind: event.slowStart === true ? 'recovering' : 'recovered',
        stop: event.stop,
        detail: `the stop of ${event.path} is lifted`,
      };
    case 'Frozen':
      return { kind: 'critical', detail: `${event.path} is frozen: ${event.reason}` };
    case 'DegradationChanged': {
      const { path, from, to: level, resource } = event;
      const way = level > from ? 'falls' : 'rises';
      const of = resource === undefined ? '' : ` for ${resource}`;
      return {
        kind: level === 0 ? 'recovered' : 'degraded',
        level,
        ...(resource === undefined ? {} : { resource }),
        detail: `${path} ${way} from level ${from} to ${level}${of} (${event.cause})`,
      };
    }
    case 'RecoveryStarted':
    case 'RecoveryAdvanced': {
      const { path, permille, tier } = event;
      const detail = `${path} recovers: ${permille / 10} % of its room, down to ${tier}s`;
      return { kind: 'recovering', detail };
    }
    case 'RecoveryCompleted':
      return { kind: 'recovered', detail: `the slow start of ${event.path} is over` };
    case 'UsageQuarantined':
      return {
        kind: 'critical',
        detail: `implausible use of ${JSON.stringify(event.amounts)} on ${event.path} was not booked`,
      };
    case 'BreakerOpened': {
      const { resource, untilMs } = event;
      const until = untilMs === undefined ? {} : { untilMs };
      return { kind: 'breaker-open', resource, ...until, detail: openedText(event) };
    }
    case 'BreakerClosed':
      return {
        kind: 'breaker-closed',
        resource: event.resource,
        detail: `${event.resource} is served again beneath ${event.path}`,
      };
    default:
      return event satisfies never;
  }
}

/** What became of all that a stop concerned. */
function verificationOf(event: EventOf<'StopCompleted'>): Pick<EmergencyMessage, 'detail'> {
  const { path, fencedCount, fencedAgents, unacknowledged } = event;
  const { allocationCount: allocations, agentCount: agents, acknowledgedCount } = event;
  const detail = `${path} stands still; ${fencedCount} allocations were fenced`;
  if (allocations === undefined || agents === undefined || acknowledgedCount === undefined) {
    return { detail };
  }
  return {
    detail: `${detail} of ${allocations}; ${acknowledgedCount} of ${agents} agents acknowledged`,
    ...{ allocations, agents, acknowledged: acknowledgedCount, fenced: fencedCount },
    ...(unacknowledged === undefined ? {} : { unacknowledged }),
    ...(fencedAgents === undefined ? {} : { fencedAgents }),
  };
}

/** A forecast warns, and no more: what is used up has the ladder to tell it. */
function forecastText(event: EventOf<'ExhaustionForecast'>): Told {
  const { path, resource, atMs, exhaustsAtMs, earliestAtMs, latestAtMs, ratePerHour, left } = event;
  const inMinutes = (at: number) => Math.floor((at - atMs) / 60_000);
  const latest = latestAtMs === null ? 'never' : `${inMinutes(latestAtMs)}`;
  return {
    kind: 'warning',
    resource,
    forecast: { exhaustsAtMs, earliestAtMs, latestAtMs, ratePerHour },
    detail:
      `${resource} of ${path} will run out in ${inMinutes(exhaustsAtMs)} minutes ` +
      `(${inMinutes(earliestAtMs)} to ${latest}): ${left} left, ${ratePerHour} spent an hour`,
  };
}

function queueAgeText(event: EventOf<'QueueAgeReached'>): Told {
  const { kind, path, resource, request, ageMs, waiting } = event;
  return {
    kind,
    resource,
    queueAge: { request, ageMs, waiting },
    detail: `${request} waits for ${resource} of ${path} for ${ageMs} ms, the longest of ${waiting}`,
  };
}

function openedText(event: EventOf<'BreakerOpened'>): string {
  const { path, resource, why, failures = 0, unresolved = 0, untilMs, atMs, reason } = event;
  const cause = {
    failures: `${failures} failures and ${unresolved} conflicts without a grant`,
    probe: 'a probe has failed',
    operator: reason ?? 'by an operator',
  }[why];
  const until = untilMs === undefined ? 'until it is closed' : `for ${untilMs - atMs} ms`;
  return `${resource} is not served beneath ${path} ${until}: ${cause}`;
}

function boundText({ usage, usagePercent, balance }: Threshold): string {
  if (usagePercent !== undefined) return `a use of ${usagePercent} %`;
  return usage === undefined ? `a balance of ${balance}` : `a use of ${usage}`;
}
