import type { BursarEvent, EventOf } from '../../events/events.ts';

/** What an answer has to say of the event that decided it: outcome, subject and fields. */
export interface Told {
  readonly outcome: string;
  /** The request, allocation, node or agent by which event and answer are matched. */
  readonly subject: string;
  /** Fields of the answer that the event determines; undefined: has to be absent. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What answers tell of an event; none for events that answer no command. */
export function toldBy(event: BursarEvent): Told[] {
  switch (event.type) {
    case 'AllocationGranted':
      return [toldByGrant(event)];
    case 'RequestDenied': {
      const { reason, short, retryAfterMs, retryOn, waitedMs, rule, factors } = event;
      const { instead } = event.ask;
      const fields = { reason, short, retryAfterMs, retryOn, waitedMs, rule, factors, instead };
      return [{ outcome: 'denied', subject: event.id, fields }];
    }
    case 'RequestQueued':
      // Place and guesses are of the moment: the books are asked for them.
      return [{ outcome: 'queued', subject: event.id, fields: {} }];
    case 'ApprovalRequested': {
      const { resource, requested, above, rule, factors } = event;
      const fields = { resource, requested, above, rule, factors };
      return [{ outcome: 'pendingApproval', subject: event.id, fields }];
    }
    case 'ApprovalGiven':
      return [{ outcome: 'approved', subject: event.request, fields: {} }];
    case 'ApprovalDeclined':
      return [{ outcome: 'declined', subject: event.request, fields: {} }];
    case 'PreemptionRequested':
      return [
        {
          outcome: 'preempting',
          subject: event.id,
          fields: { victims: event.victims, right: event.right },
        },
      ];
    case 'AllocationEnded':
      if (event.as === 'settled') {
        const { booked, overrun, returned, estimated = false } = event;
        const fields = { booked, overrun, returned, estimated, late: false };
        return [{ outcome: 'settled', subject: event.allocation, fields }];
      }
      if (event.as !== 'released') return [];
      return [{ outcome: 'released', subject: event.allocation, fields: { booked: event.booked } }];
    case 'LateSettled': {
      const { booked, returned, estimated = false } = event;
      const fields = { booked, overrun: undefined, returned, estimated, late: true };
      return [{ outcome: 'settled', subject: event.allocation, fields }];
    }
    case 'LeaseRenewed':
      return [{ outcome: 'renewed', subject: event.allocation, fields: {} }];
    case 'AllocationResized':
      return [{ outcome: 'resized', subject: event.allocation, fields: { items: event.items } }];
    case 'UsageReported':
      return [
        {
          outcome: 'reported',
          subject: event.allocation,
          fields: { used: event.used, overrun: event.overrun === true },
        },
      ];
    case 'UsageQuarantined':
      return [];
    case 'Charged':
      return [{ outcome: 'charged', subject: event.path, fields: { amounts: event.amounts } }];
    case 'Adjusted':
      return [
        {
          outcome: 'adjusted',
          subject: event.allocation,
          fields: { more: event.more, less: event.less },
        },
      ];
    case 'RequestCancelled':
      return [{ outcome: 'cancelled', subject: event.request, fields: {} }];
    default:
      return toldByNode(event);
  }
}

function toldByGrant(event: EventOf<'AllocationGranted'>): Told {
  const { ask, items, rates, rule, factors, preempted, reserve, topUp, probe } = event;
  const granted = { ...items, ...rates };
  const { path, instead } = ask;
  return {
    outcome: event.partial === true ? 'partial' : 'granted',
    subject: event.id,
    fields: { path, granted, rule, factors, preempted, reserve, topUp, instead, probe },
  };
}

function toldByNode(event: BursarEvent): Told[] {
  switch (event.type) {
    case 'NodeOpened':
      return [{ outcome: 'opened', subject: event.path, fields: { tier: event.tier } }];
    case 'NodeClosing':
      return event.liveAllocations === 0
        ? [{ outcome: 'closed', subject: event.path, fields: {} }]
        : [
            {
              outcome: 'closing',
              subject: event.path,
              fields: { liveAllocations: event.liveAllocations },
            },
          ];
    case 'LimitsSet': {
      const { path, reclaimed } = event;
      return [{ outcome: 'limits_set', subject: path, fields: { reclaimed } }];
    }
    case 'Transferred': {
      const { from, to, amounts, guarantees } = event;
      return [{ outcome: 'transferred', subject: from, fields: { to, amounts, guarantees } }];
    }
    case 'Distributed': {
      const { path, sets, divisions } = event;
      return [{ outcome: 'distributed', subject: path, fields: { sets, divisions } }];
    }
    case 'Reserved': {
      const { reservation, path, items } = event;
      return [{ outcome: 'reserved', subject: reservation, fields: { path, items } }];
    }
    case 'ReservationEnded': {
      const { reservation, as, returned } = event;
      return [{ outcome: 'reservation_ended', subject: reservation, fields: { as, returned } }];
    }
    case 'ToppedUp': {
      const grant = event.grant === undefined ? undefined : event.id;
      const fields = { amounts: event.amounts, grant };
      return [{ outcome: 'topped_up', subject: event.path, fields }];
    }
    case 'GrantVoided':
      return [{ outcome: 'grant_voided', subject: event.path, fields: { grant: event.grant } }];
    case 'WindowOpened': {
      if (event.by === undefined) return [];
      const { resource, spent } = event;
      return [{ outcome: 'window_reset', subject: event.path, fields: { resource, spent } }];
    }
    case 'PolicySet':
      return [{ outcome: 'policy_set', subject: '', fields: { version: event.version } }];
    case 'CredentialEnrolled': {
      const { role, prefix } = event;
      return [{ outcome: 'enrolled', subject: event.agent, fields: { role, prefix } }];
    }
    case 'CredentialDismissed':
      return [{ outcome: 'dismissed', subject: event.agent, fields: {} }];
    case 'Frozen':
      return [{ outcome: 'frozen', subject: event.path, fields: { freeze: event.freeze } }];
    case 'Unfrozen': {
      const stillFrozen = event.stillFrozen === true;
      const fields = { freeze: event.freeze, stillFrozen };
      return [{ outcome: 'unfrozen', subject: event.path, fields }];
    }
    case 'Stopped': {
      const { stop, allocationCount: allocations, agentCount: agents } = event;
      return [{ outcome: 'stopped', subject: event.path, fields: { stop, allocations, agents } }];
    }
    case 'StopAcknowledged':
      return [{ outcome: 'acknowledged', subject: event.stop, fields: {} }];
    case 'BreakerOpened':
    case 'BreakerClosed': {
      if (event.by === undefined) return [];
      const outcome = event.type === 'BreakerOpened' ? 'breaker_opened' : 'breaker_closed';
      return [{ outcome, subject: event.path, fields: { resource: event.resource } }];
    }
    case 'StopLifted':
      return [{ outcome: 'recovered', subject: event.path, fields: { stop: event.stop } }];
    default:
      return [];
  }
}
