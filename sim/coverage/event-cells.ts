import type { BursarEvent, EventType } from '../../events/events.ts';

/**
 * Situations that show in the log and in no single answer: how things came about, what fell due,
 * what followed.
 */
export const EVENT_SITUATIONS = {
  AllocationGranted: [
    'via request',
    'via queue',
    'via preemption',
    'partial out of a queue',
    'opened run and step',
    'as a probe',
    'instead of another',
    'after a requeue',
    'out of the reserve',
    'one of several pools',
  ],
  AllocationEnded: [
    'settled',
    'released',
    'expired',
    'expired with a report',
    'preempted',
    'fenced',
    'unclaimed',
    'timed_out',
    'reclaimed',
    'closes its step',
  ],
  LateSettled: ['more', 'returned'],
  RequestDenied: [
    'waited wait_timeout',
    'waited frozen',
    'waited stopped',
    'waited closing',
    'waited deadline_unreachable',
    'waited unbounded',
    'waited unknown_node',
    'waited breaker_open',
  ],
  RequestQueued: ['first', 'after preempted', 'after unclaimed', 'after partial'],
  RequestMoved: ['any'],
  RequestCancelled: ['any'],
  AllocationClaimed: ['any'],
  UsageQuarantined: ['any'],
  SettleMissed: ['any'],
  StrategySelected: [
    '4-configured',
    '4-caller',
    '5-reserve',
    '5-emergency',
    '5-critical-urgent',
    '6-exclusive',
    '7-equal',
    '7-equal-divisible',
    '7-round-robin',
    '7-wait',
    '8-mixed',
  ],
  ContestEnded: ['granted', 'partial', 'denied', 'preempted', 'cancelled'],
  PreemptionRequested: ['one victim', 'several victims', 'with grace', 'without grace'],
  ResourcesReclaimed: ['any'],
  Distributed: ['by a command', 'rebalanced'],
  NodeClosed: ['any'],
  Frozen: ['by a command', 'by a settle'],
  Unfrozen: ['by a command', 'by its end', 'still frozen'],
  BreakerOpened: ['failures', 'unresolved', 'probe', 'operator'],
  BreakerHalfOpened: ['any'],
  BreakerClosed: ['probe', 'operator'],
  StopCompleted: ['with fenced', 'without fenced'],
  ReserveChanged: ['filled', 'given up', 'waits for room'],
  ThresholdCrossed: ['notice', 'warning', 'critical', 'exhausted'],
  ThresholdRearmed: ['any'],
  DegradationChanged: ['threshold', 'alert', 'stop', 'recovery', 'policy'],
  RecoveryStarted: ['lifted', 'unfrozen', 'top_up'],
  RecoveryAdvanced: ['run', 'step'],
  RecoveryCompleted: ['any'],
  ExhaustionForecast: ['with an end', 'perhaps never'],
  ForecastCleared: ['any'],
  QueueAgeReached: ['notice', 'warning', 'critical'],
  QueueAgeCleared: ['any'],
  LeasesExtended: ['any'],
} as const satisfies Partial<Record<EventType, readonly string[]>>;

/** The situations that an event shows. */
export function situationsOf(event: BursarEvent): readonly (readonly [EventType, string])[] {
  return kindsOf(event).map((kind) => [event.type, kind] as const);
}

function kindsOf(event: BursarEvent): string[] {
  switch (event.type) {
    case 'AllocationGranted':
      return [
        `via ${event.via}`,
        ...when(event.partial === true && event.via === 'queue', 'partial out of a queue'),
        ...when((event.opened?.length ?? 0) > 1, 'opened run and step'),
        ...when((event.attempt ?? 0) > 0, 'after a requeue'),
        ...when(event.reserve !== undefined, 'out of the reserve'),
        ...when(event.ask.anyOf !== undefined, 'one of several pools'),
        ...when(event.probe === true, 'as a probe'),
        ...when(event.ask.instead !== undefined, 'instead of another'),
      ];
    case 'AllocationEnded':
      return [
        event.as,
        ...when(event.as === 'expired' && event.estimated === true, 'expired with a report'),
        ...when(event.closesStep === true, 'closes its step'),
      ];
    case 'RequestDenied':
      return event.waited === true ? [`waited ${event.reason}`] : [];
    case 'RequestQueued':
      return [event.after === undefined ? 'first' : `after ${event.after}`];
    case 'StrategySelected':
      return [event.rule];
    case 'ContestEnded':
      return [event.outcome];
    case 'PreemptionRequested':
      return [
        event.victims.length > 1 ? 'several victims' : 'one victim',
        event.graceEndsAtMs > event.atMs ? 'with grace' : 'without grace',
      ];
    case 'LateSettled':
      return [
        ...when(
          Object.values(event.booked).some((amount) => amount > 0),
          'more',
        ),
        ...when(event.returned !== undefined, 'returned'),
      ];
    case 'Frozen':
      return [event.by === undefined ? 'by a settle' : 'by a command'];
    case 'Unfrozen':
      return [
        event.by === undefined ? 'by its end' : 'by a command',
        ...when(event.stillFrozen === true, 'still frozen'),
      ];
    case 'Distributed':
      return [event.why === undefined ? 'by a command' : 'rebalanced'];
    case 'BreakerOpened':
      return [event.why === 'failures' && event.failures === 0 ? 'unresolved' : event.why];
    case 'BreakerClosed':
      return [event.why];
    case 'StopCompleted':
      return [event.fencedCount > 0 ? 'with fenced' : 'without fenced'];
    case 'ReserveChanged':
      if (event.change === 0) return ['waits for room'];
      return [event.change > 0 ? 'filled' : 'given up'];
    case 'ThresholdCrossed':
    case 'QueueAgeReached':
      return [event.kind];
    case 'DegradationChanged':
    case 'RecoveryStarted':
      return [event.cause];
    case 'RecoveryAdvanced':
      return [event.tier];
    case 'ExhaustionForecast':
      return [event.latestAtMs === null ? 'perhaps never' : 'with an end'];
    default:
      return ['any'];
  }
}

function when(holds: boolean, kind: string): string[] {
  return holds ? [kind] : [];
}
