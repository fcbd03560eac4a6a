import type { BursarEvent } from '../../events/events.ts';
import { stamp } from '../context.ts';
import type { Team } from '../team.ts';
import type { Due } from '../timers.ts';
import { type Breaker, breakerRuleAt, countedBy, probesWanted } from './breaker.ts';

/** What follows for a breaker from what was counted or tried: it opens, closes, or stays. */
export function breakerChange(team: Team, key: string, atMs: number): BursarEvent[] {
  const breaker = team.breakers.get(key);
  if (breaker === undefined) return [];
  const { path, resource, phase } = breaker;
  switch (phase) {
    case 'closed': {
      const rule = breakerRuleAt(team, path, resource);
      if (rule === undefined) return [];
      const { failure: failures, unresolved } = countedBy(rule, breaker, atMs);
      if (failures + unresolved < rule.failures) return [];
      return [{ ...openingOf(team, breaker, 'failures', atMs), failures, unresolved }];
    }
    case 'halfOpen':
      if (breaker.hasFailed) return [openingOf(team, breaker, 'probe', atMs)];
      if (breaker.succeeded < probesWanted(team, breaker)) return [];
      return [{ ...stamp('BreakerClosed', team, atMs), path, resource, why: 'probe' }];
    case 'open':
      return [];
    default:
      return phase satisfies never;
  }
}

/** An open breaker whose time is over is tried again. */
export function breakerDue(team: Team, due: Due, atMs: number): BursarEvent[] {
  const breaker = team.breakers.get(due.id);
  if (breaker?.phase !== 'open' || breaker.untilMs === null || breaker.untilMs > atMs) return [];
  const { path, resource } = breaker;
  return [{ ...stamp('BreakerHalfOpened', team, atMs), path, resource }];
}

function openingOf(team: Team, breaker: Breaker, why: 'failures' | 'probe', atMs: number) {
  const { path, resource } = breaker;
  const untilMs = atMs + openMsOf(team, breaker);
  return { ...stamp('BreakerOpened', team, atMs), path, resource, why, untilMs };
}

/**
 * How long it is open this time: each time in a row twice as long, up to the rule's most. Without a
 * rule an operator has opened it: as long as then.
 */
function openMsOf(team: Team, { path, resource, openings, openMs: lastMs }: Breaker): number {
  const rule = breakerRuleAt(team, path, resource);
  if (rule === undefined) return lastMs ?? 1;
  const { openMs, openMsMax = openMs } = rule;
  let ms = openMs;
  for (let doubled = 0; doubled < openings && ms < openMsMax; doubled += 1) ms *= 2;
  return Math.min(ms, openMsMax);
}
