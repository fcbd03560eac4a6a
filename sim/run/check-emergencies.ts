import type { EventType } from '../../events/events.ts';
import type { StoredEmergency } from '../world/emergencies.ts';
import type { DurableLog } from './durable-log.ts';
import type { SimViolation } from './report.ts';

/** Events that subscribers of a team are told of, durably (semantics §8). */
const TOLD: ReadonlySet<EventType> = new Set([
  'ThresholdCrossed',
  'AlertRaised',
  'ExhaustionForecast',
  'QueueAgeReached',
  'Stopped',
  'StopCompleted',
  'StopLifted',
  'Frozen',
  'DegradationChanged',
  'RecoveryStarted',
  'RecoveryAdvanced',
  'RecoveryCompleted',
  'UsageQuarantined',
  'BreakerOpened',
  'BreakerClosed',
]);

/** Each emergency of the log is in the stream of its team, in the order of the log, and no other. */
export function checkEmergencies(
  logs: readonly DurableLog[],
  stored: readonly StoredEmergency[],
): SimViolation[] {
  const violations: SimViolation[] = [];
  for (const { shard, events } of logs) {
    const wanted = new Map<string, string[]>();
    for (const { event, at } of events) {
      if (!TOLD.has(event.type)) continue;
      const ids = wanted.get(event.team) ?? [];
      ids.push(`${shard}-${at.seq}-${at.index}`);
      wanted.set(event.team, ids);
    }
    const found = new Map<string, string[]>();
    for (const { emergency } of stored) {
      if (!emergency.id.startsWith(`${shard}-`)) continue;
      const ids = found.get(emergency.team) ?? [];
      // Stored again beyond the broker's window: subscribers know it by its id.
      if (!ids.includes(emergency.id)) ids.push(emergency.id);
      found.set(emergency.team, ids);
    }
    for (const team of new Set([...wanted.keys(), ...found.keys()])) {
      const expected = (wanted.get(team) ?? []).join(' ');
      const actual = (found.get(team) ?? []).join(' ');
      if (expected === actual) continue;
      const message = `the log has the emergencies [${expected}], the stream [${actual}]`;
      violations.push({ rule: 'S §8', message, team, shard });
    }
  }
  return violations;
}
