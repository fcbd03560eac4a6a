import type { BursarEvent, EventOf } from '../events/events.ts';
import { isWithin, teamOf } from '../events/names.ts';
import { alertKey, forecastKey, isWatchedKey, keyOf, queueAgeKey } from './alarm-keys.ts';
import { durationText } from './amount-text.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import { type Position, type Projection, UnfitEventError } from './projection.ts';
import { openedBecause } from './story-breakers.ts';
import { forgetRoots, noteRoots, sharesWindow, type WindowRoots } from './window-roots.ts';

/** An account above a bound of the emergency ladder. */
export interface Alarm {
  readonly path: string;
  readonly resource: string;
  readonly kind: EventOf<'ThresholdCrossed'>['kind'];
  readonly rung: number;
  readonly usePermille: number;
  readonly limit: number;
  readonly sinceMs: number;
}

/** A freeze in force. */
export interface FreezeInForce {
  readonly path: string;
  readonly freeze: string;
  readonly by: string;
  readonly reason: string;
  readonly sinceMs: number;
  readonly untilMs: number | null;
}

/** A stop in force, and how far it has come. */
export interface StopInForce {
  readonly path: string;
  readonly stop: string;
  readonly by: string;
  readonly reason: string;
  /** Base priorities below this are stopped; null: all. */
  readonly below: number | null;
  readonly sinceMs: number;
  readonly ackUntilMs: number;
  readonly allocationCount: number;
  readonly agentCount: number;
  readonly acknowledgedBy: Set<string>;
  /** Null until everything that it concerns has ended; then how many had to be fenced. */
  fencedCount: number | null;
}

/** A level of degradation above 0. */
export interface LevelInForce {
  readonly path: string;
  readonly level: number;
  readonly sinceMs: number;
}

/** A circuit breaker that is not closed. */
export interface BreakerTripped {
  readonly path: string;
  readonly resource: string;
  readonly state: 'open' | 'half-open';
  readonly sinceMs: number;
  /** When an open one is tried again; null: when an operator says so. */
  readonly untilMs: number | null;
}

/** Something that subscribers of emergencies were told. */
export interface EmergencyRecord {
  readonly at: Position;
  readonly atMs: number;
  readonly path: string;
  /** Last token of the subject. */
  readonly kind:
    | 'notice'
    | 'warning'
    | 'critical'
    | 'exhausted'
    | 'degraded'
    | 'stop'
    | 'stopped'
    | 'recovering'
    | 'recovered'
    | 'breaker-open'
    | 'breaker-closed';
  readonly detail: string;
}

interface TeamEmergencies {
  /**
   * By path and resource: the rungs that were announced and not re-armed, lowest first. Thresholds
   * of an account's own by `usage` or `balance` besides, the one that was told.
   */
  readonly alarms: Map<string, Alarm[]>;
  readonly freezes: Map<string, FreezeInForce>;
  readonly stops: Map<string, StopInForce>;
  /** Teams and swarms that are degraded, by path. */
  readonly levels: Map<string, LevelInForce>;
  /** By path and resource. */
  readonly breakers: Map<string, BreakerTripped>;
  /** Oldest first. */
  readonly recent: EmergencyRecord[];
  /** Accounts that define windows: at their end all alarms of the window end. */
  readonly windows: WindowRoots;
}

function newTeam(): TeamEmergencies {
  return {
    alarms: new Map(),
    freezes: new Map(),
    stops: new Map(),
    levels: new Map(),
    breakers: new Map(),
    recent: [],
    windows: new Set(),
  };
}

/** Emergencies of a shard, by team. */
export type Emergencies = Map<string, TeamEmergencies>;

/** What is alarming now, and what was told before. */
export const emergencies: Projection<Emergencies> = {
  name: 'emergencies',
  version: 4,
  initial: () => new Map(),
  evolve(state, event, at) {
    let team = state.get(event.team);
    if (team === undefined) {
      team = newTeam();
      state.set(event.team, team);
    }
    apply(team, event, at);
  },
};

/** What holds on a node or beneath it now; of an account its highest rung. */
export function emergenciesAt(
  state: Emergencies,
  path: string,
): {
  alarms: Alarm[];
  freezes: FreezeInForce[];
  stops: StopInForce[];
  levels: LevelInForce[];
  breakers: BreakerTripped[];
  recent: EmergencyRecord[];
} {
  const team = state.get(teamOf(path));
  const within = <Entry extends { readonly path: string }>(entries: Iterable<Entry>): Entry[] =>
    [...entries].filter((entry) => isWithin(entry.path, path));
  return {
    alarms: within([...(team?.alarms.values() ?? [])].flatMap((rungs) => rungs.slice(-1))),
    freezes: within(team?.freezes.values() ?? []),
    stops: within(team?.stops.values() ?? []),
    levels: within(team?.levels.values() ?? []),
    breakers: within(team?.breakers.values() ?? []),
    recent: within(team?.recent ?? []),
  };
}

function apply(team: TeamEmergencies, event: BursarEvent, at: Position): void {
  switch (event.type) {
    case 'ThresholdCrossed':
      return crossed(team, event, at);
    case 'ThresholdRearmed':
      return rearmed(team, event);
    case 'AlertRaised':
      return raised(team, event, at);
    case 'AlertCleared':
      return cleared(team, event);
    case 'ExhaustionForecast':
      return forecast(team, event, at);
    case 'ForecastCleared':
      team.alarms.delete(forecastKey(event.path, event.resource));
      return;
    case 'QueueAgeReached':
      return queueAged(team, event, at);
    case 'QueueAgeCleared':
      return queueYounger(team, event);
    case 'PolicySet':
      // Under another policy what lasts and who waits how long is watched anew.
      for (const key of team.alarms.keys()) if (isWatchedKey(key)) team.alarms.delete(key);
      return;
    case 'NodeOpened':
    case 'LimitsSet':
      return limited(team, event);
    case 'WindowOpened':
      for (const key of team.alarms.keys()) {
        if (!isWatchedKey(key) && sharesWindow(team.windows, event, key)) team.alarms.delete(key);
      }
      return;
    case 'Frozen':
      team.freezes.set(keyOf(event.path, event.freeze), {
        path: event.path,
        freeze: event.freeze,
        by: event.by ?? 'bursar',
        reason: event.reason,
        sinceMs: event.atMs,
        untilMs: event.untilMs ?? null,
      });
      return tell(team, event, at, 'critical', `frozen: ${event.reason}`);
    case 'Unfrozen':
      team.freezes.delete(keyOf(event.path, event.freeze));
      return;
    case 'Stopped':
      return stopped(team, event, at);
    case 'StopAcknowledged':
      stopOf(team, event).acknowledgedBy.add(event.agent);
      return;
    case 'StopCompleted':
      stopOf(team, event).fencedCount = event.fencedCount;
      return tell(team, event, at, 'stopped', `stands still, ${event.fencedCount} fenced`);
    case 'StopLifted':
      team.stops.delete(keyOf(event.path, event.stop));
      return lifted(team, event, at);
    case 'DegradationChanged':
      return levelled(team, event, at);
    case 'RecoveryStarted':
    case 'RecoveryAdvanced':
      return tell(team, event, at, 'recovering', `${event.permille / 10} % down to ${event.tier}s`);
    case 'RecoveryCompleted':
      return tell(team, event, at, 'recovered', 'the slow start is over');
    case 'BreakerOpened':
    case 'BreakerHalfOpened':
    case 'BreakerClosed':
      return tripped(team, event, at);
    case 'UsageQuarantined': {
      const amounts = JSON.stringify(event.amounts);
      return tell(team, event, at, 'critical', `implausible use of ${amounts} was not booked`);
    }
    case 'NodeClosed':
      return leave(team, event.path);
    default:
      return;
  }
}

function crossed(team: TeamEmergencies, event: EventOf<'ThresholdCrossed'>, at: Position): void {
  const { path, resource, kind, rung, usePermille, limit, atMs } = event;
  const key = keyOf(path, resource);
  const alarm: Alarm = { path, resource, kind, rung, usePermille, limit, sinceMs: atMs };
  team.alarms.set(key, [...(team.alarms.get(key) ?? []), alarm]);
  tell(team, event, at, kind, `${resource} is used to ${usePermille / 10} % of ${limit}`);
}

function raised(team: TeamEmergencies, event: EventOf<'AlertRaised'>, at: Position): void {
  const { path, resource, threshold, place, usage, limit, atMs } = event;
  const { kind } = threshold;
  const key = alertKey(path, resource, threshold.balance === undefined ? 'usage' : 'balance');
  const share = limit ? (BigInt(usage) * 1_000n) / BigInt(limit) : 1_000n;
  const usePermille = Math.min(Number.MAX_SAFE_INTEGER, Number(share));
  const alarm = { path, resource, kind, rung: place + 1, usePermille, limit: limit ?? 0 };
  team.alarms.set(key, [{ ...alarm, sinceMs: atMs }]);
  tell(team, event, at, kind, `${resource}: ${usage} are used of ${limit ?? 'no limit'}`);
}

/** What is left of an account will not last: an alarm of its own beside the rungs. */
function forecast(team: TeamEmergencies, event: EventOf<'ExhaustionForecast'>, at: Position): void {
  const { path, resource, left, limit, atMs, exhaustsAtMs } = event;
  const used = limit === 0 ? 1_000n : (BigInt(limit - left) * 1_000n) / BigInt(limit);
  const alarm = { path, resource, kind: 'warning', rung: 1, limit, sinceMs: atMs } as const;
  team.alarms.set(forecastKey(path, resource), [{ ...alarm, usePermille: Number(used) }]);
  tell(
    team,
    event,
    at,
    'warning',
    `${resource} lasts ${durationText(exhaustsAtMs - atMs)} at this rate`,
  );
}

/** Somebody waits long for a capacity: of its use that says nothing. */
function queueAged(team: TeamEmergencies, event: EventOf<'QueueAgeReached'>, at: Position): void {
  const { path, resource, kind, ageMs, atMs } = event;
  const alarm = { path, resource, kind, rung: 1, usePermille: 0, limit: 0, sinceMs: atMs };
  team.alarms.set(queueAgeKey(path, resource), [alarm]);
  const detail = `${event.request} has waited ${durationText(ageMs)} for ${resource}`;
  tell(team, event, at, kind, detail);
}

function queueYounger(team: TeamEmergencies, event: EventOf<'QueueAgeCleared'>): void {
  const key = queueAgeKey(event.path, event.resource);
  const [told] = team.alarms.get(key) ?? [];
  if (told === undefined || event.still === undefined) team.alarms.delete(key);
  else team.alarms.set(key, [{ ...told, kind: event.still }]);
}

function cleared(team: TeamEmergencies, event: EventOf<'AlertCleared'>): void {
  const key = alertKey(event.path, event.resource, event.of);
  const [told] = team.alarms.get(key) ?? [];
  const { still, stillKind } = event;
  if (told === undefined || still === undefined || stillKind === undefined) team.alarms.delete(key);
  else team.alarms.set(key, [{ ...told, rung: still + 1, kind: stillKind }]);
}

/** Windows begin; an account whose thresholds are set anew has told nothing of them. */
function limited(team: TeamEmergencies, event: EventOf<'NodeOpened' | 'LimitsSet'>): void {
  noteRoots(team.windows, event);
  for (const [resource, { thresholds }] of Object.entries(event.limits ?? {})) {
    if (thresholds === undefined) continue;
    team.alarms.delete(keyOf(event.path, resource));
    for (const of of ['usage', 'balance'] as const) {
      team.alarms.delete(alertKey(event.path, resource, of));
    }
  }
}

function lifted(team: TeamEmergencies, event: EventOf<'StopLifted'>, at: Position): void {
  const kind = event.slowStart === true ? 'recovering' : 'recovered';
  tell(team, event, at, kind, `stop ${event.stop} is lifted`);
}

function levelled(team: TeamEmergencies, event: EventOf<'DegradationChanged'>, at: Position): void {
  const { path, from, to: level, atMs } = event;
  if (level === 0) team.levels.delete(path);
  else team.levels.set(path, { path, level, sinceMs: atMs });
  const kind = level === 0 ? 'recovered' : 'degraded';
  tell(team, event, at, kind, `level ${from} to ${level} (${event.cause})`);
}

/** Use fell below a rung's lower bound; the rungs beneath it still hold. */
function rearmed(team: TeamEmergencies, event: EventOf<'ThresholdRearmed'>): void {
  const key = keyOf(event.path, event.resource);
  const left = (team.alarms.get(key) ?? []).filter(({ rung }) => rung < event.rung);
  if (left.length === 0) team.alarms.delete(key);
  else team.alarms.set(key, left);
}

function stopped(team: TeamEmergencies, event: EventOf<'Stopped'>, at: Position): void {
  team.stops.set(keyOf(event.path, event.stop), {
    path: event.path,
    stop: event.stop,
    by: event.by ?? 'bursar',
    reason: event.reason,
    below: event.below,
    sinceMs: event.atMs,
    ackUntilMs: event.ackUntilMs,
    allocationCount: event.allocationCount,
    agentCount: event.agentCount,
    acknowledgedBy: new Set(),
    fencedCount: null,
  });
  const whom = `${event.allocationCount} allocations of ${event.agentCount} agents`;
  tell(team, event, at, 'stop', `${whom} must end: ${event.reason}`);
}

function tripped(
  team: TeamEmergencies,
  event: EventOf<'BreakerOpened' | 'BreakerHalfOpened' | 'BreakerClosed'>,
  at: Position,
): void {
  const { path, resource, atMs: sinceMs } = event;
  const key = keyOf(path, resource);
  if (event.type === 'BreakerClosed') {
    team.breakers.delete(key);
    return tell(team, event, at, 'breaker-closed', `${resource} is served again`);
  }
  if (event.type === 'BreakerHalfOpened') {
    team.breakers.set(key, { path, resource, state: 'half-open', sinceMs, untilMs: null });
    return;
  }
  const { untilMs = null } = event;
  team.breakers.set(key, { path, resource, state: 'open', sinceMs, untilMs });
  tell(team, event, at, 'breaker-open', `${resource} is not served: ${openedBecause(event)}`);
}

/** A node that is closed has no emergency any more. */
function leave(team: TeamEmergencies, path: string): void {
  forgetRoots(team.windows, path);
  for (const map of [team.alarms, team.freezes, team.stops, team.levels, team.breakers]) {
    for (const key of map.keys()) {
      if (isWithin(key.split('|', 1)[0] ?? key, path)) map.delete(key);
    }
  }
}

function tell(
  team: TeamEmergencies,
  event: BursarEvent & { readonly path: string },
  at: Position,
  kind: EmergencyRecord['kind'],
  detail: string,
): void {
  team.recent.push({ at, atMs: event.atMs, path: event.path, kind, detail });
  if (team.recent.length > PROJECTION_LIMITS.emergenciesKeptMax) team.recent.shift();
}

function stopOf(
  team: TeamEmergencies,
  event: EventOf<'StopAcknowledged' | 'StopCompleted'>,
): StopInForce {
  const stop = team.stops.get(keyOf(event.path, event.stop));
  if (stop === undefined) throw new UnfitEventError(event, `no stop ${event.stop} is in force`);
  return stop;
}
