import { answerOf } from '../actors/answer-of.ts';
import type { Team } from '../actors/team.ts';
import type { Notice } from '../events/answers.ts';
import type { BursarEvent } from '../events/events.ts';
import { subjects } from '../events/subjects.ts';

/** What a recorded event tells agents who did not ask just now. Called right after the event. */
export function noticesOf(team: Team, event: BursarEvent): Notice[] {
  switch (event.type) {
    case 'AllocationGranted': {
      if (event.via === 'request') return [];
      const answer = answerOf(event, event.atMs, event.expiresAtMs);
      return [notice(team, event.by, 'granted', event.id, answer === undefined ? {} : { answer })];
    }
    case 'RequestDenied': {
      if (!event.waited) return [];
      const answer = answerOf(event, event.atMs, undefined);
      return [notice(team, event.by, 'denied', event.id, answer === undefined ? {} : { answer })];
    }
    case 'PreemptionRequested': {
      const graceMs = event.graceEndsAtMs - event.atMs;
      if (graceMs === 0) return [];
      return event.victims.flatMap((id) => {
        const victim = team.allocations.get(id);
        if (victim === undefined) return [];
        return [notice(team, victim.agent, 'preempt', event.id, { allocations: [id], graceMs })];
      });
    }
    case 'AllocationEnded': {
      const kind = ENDED_BY_FORCE[event.as];
      const agent = team.tombstones.get(event.allocation)?.agent;
      if (kind === undefined || agent === undefined) return [];
      const allocations = [event.allocation];
      return [notice(team, agent, kind, event.allocation, { allocations })];
    }
    case 'Stopped':
      return stopNotices(team, event.path, event.stop, event.ackUntilMs - event.atMs);
    default:
      return [];
  }
}

const ENDED_BY_FORCE: Readonly<Partial<Record<string, Notice['kind']>>> = {
  preempted: 'preempted',
  fenced: 'stop',
  unclaimed: 'unclaimed',
};

/** One notice an agent, naming its allocations. */
function stopNotices(team: Team, path: string, stop: string, graceMs: number): Notice[] {
  const byAgent = new Map<string, string[]>();
  for (const allocation of team.allocations.values()) {
    if (!allocation.stops.some((one) => one.stop === stop && one.path === path)) continue;
    const list = byAgent.get(allocation.agent);
    if (list === undefined) byAgent.set(allocation.agent, [allocation.id]);
    else list.push(allocation.id);
  }
  return [...byAgent].map(([agent, allocations]) =>
    notice(team, agent, 'stop', stop, { allocations, graceMs }),
  );
}

function notice(
  team: Team,
  agent: string,
  kind: Notice['kind'],
  id: string,
  more: Pick<Notice, 'answer' | 'allocations' | 'graceMs'>,
): Notice {
  const subject = subjects.notice(agent, team.name, kind);
  return { subject, kind, team: team.name, id, ...more };
}
