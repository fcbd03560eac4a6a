import { answerOf } from '../actors/answer-of.ts';
import { levelToldAt } from '../actors/levels/told.ts';
import { deepestOpen } from '../actors/nodes/locate.ts';
import { approvalView } from '../actors/rules/approvals.ts';
import type { Team } from '../actors/team.ts';
import type { Answer } from '../events/answers.ts';
import type { BursarEvent, EventOf } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { isWithin } from '../events/names.ts';
import type { Notice } from '../events/notice.ts';
import { subjects } from '../events/subjects.ts';

/** What a recorded event tells agents who did not ask just now. Called right after the event. */
export function noticesOf(team: Team, event: BursarEvent): Notice[] {
  switch (event.type) {
    case 'AllocationGranted': {
      if (event.via === 'request') return [];
      const answer = answerOf(event, event.atMs, event.expiresAtMs);
      return [notice(team, event.by, 'granted', event.id, told(team, event.ask.path, answer))];
    }
    case 'RequestDenied': {
      if (!event.waited && !event.approval) return [];
      const answer = answerOf(event, event.atMs, undefined);
      return [notice(team, event.by, 'denied', event.id, told(team, event.ask.path, answer))];
    }
    case 'RequestQueued': {
      // The demand of a victim goes on under a name of the writer's: its agent has to be told.
      if (event.after !== 'preempted' || event.of === undefined) return [];
      const answer = answerOf(event, event.atMs, undefined);
      const more = { allocations: [event.of], ...(answer === undefined ? {} : { answer }) };
      return [notice(team, event.by, 'preempted', event.of, more)];
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
    case 'AllocationResized': {
      const holder = team.allocations.get(event.allocation);
      if (holder === undefined) return [];
      if (event.topUp !== undefined) {
        return [notice(team, holder.agent, 'grown', event.allocation, resizedTo(event))];
      }
      if (!event.reclaimed) return [];
      return [notice(team, holder.agent, 'shrunk', event.allocation, resizedTo(event))];
    }
    case 'ApprovalRequested':
      return approvalNotices(team, event);
    case 'ShrinkRequested': {
      const graceMs = event.untilMs - event.atMs;
      return event.from.flatMap(({ allocation: id, by }) => {
        const holder = team.allocations.get(id);
        if (holder === undefined) return [];
        const more = { allocations: [id], graceMs, shrink: { [event.resource]: by } };
        return [notice(team, holder.agent, 'shrink', id, more)];
      });
    }
    case 'Stopped':
      return stopNotices(team, event.path, event.stop, event.ackUntilMs - event.atMs);
    case 'BreakerOpened':
    case 'BreakerClosed':
      return breakerNotices(team, event);
    default:
      return [];
  }
}

/** What an allocation holds now of what was changed. */
function resizedTo(event: EventOf<'AllocationResized'>): Pick<Notice, 'allocations' | 'answer'> {
  const answer = answerOf(event, event.atMs, undefined);
  return { allocations: [event.allocation], ...(answer === undefined ? {} : { answer }) };
}

const ENDED_BY_FORCE: Readonly<Partial<Record<string, Notice['kind']>>> = {
  preempted: 'preempted',
  fenced: 'fenced',
  unclaimed: 'unclaimed',
  timed_out: 'timed_out',
  reclaimed: 'reclaimed',
};

/** To those who may decide on a request that waits: each approver above it but who asks. */
function approvalNotices(team: Team, event: EventOf<'ApprovalRequested'>): Notice[] {
  const pending = team.approvals.get(event.id);
  if (pending === undefined) return [];
  const approval = approvalView(pending, event.atMs);
  const notices: Notice[] = [];
  for (const [agent, { role, prefix }] of team.credentials) {
    if (role !== 'approver' && role !== 'operator') continue;
    if (agent === event.by || !isWithin(approval.path, prefix)) continue;
    notices.push(notice(team, agent, 'approval', event.id, { approval }));
    if (notices.length === LIMITS.approversToldMax) break;
  }
  return notices;
}

/** Names in one notice: 64 KiB at most, far below what the broker takes. */
const NAMES_MAX = 900;

/** One notice an agent, naming its allocations; more where they are too many for one message. */
function stopNotices(team: Team, path: string, stop: string, graceMs: number): Notice[] {
  const byAgent = new Map<string, string[]>();
  for (const allocation of team.allocations.values()) {
    if (!allocation.stops.some((one) => one.stop === stop && one.path === path)) continue;
    const list = byAgent.get(allocation.agent);
    if (list === undefined) byAgent.set(allocation.agent, [allocation.id]);
    else list.push(allocation.id);
  }
  const notices: Notice[] = [];
  for (const [agent, all] of byAgent) {
    const of = Math.ceil(all.length / NAMES_MAX);
    for (let no = 1; no <= of; no += 1) {
      const allocations = all.slice((no - 1) * NAMES_MAX, no * NAMES_MAX);
      const more = { path, allocations, graceMs, ...(of === 1 ? {} : { part: { no, of } }) };
      notices.push(notice(team, agent, 'stop', stop, more));
    }
  }
  return notices;
}

/** An answer with the level that is in force where it works. */
function told(team: Team, path: string, answer: Answer | undefined): { answer?: Answer } {
  const node = deepestOpen(team, path);
  if (answer === undefined) return {};
  return { answer: node === undefined ? answer : { ...answer, ...levelToldAt(team, node) } };
}

/** One notice to each agent that holds the resource beneath the breaker's node, or waits for it. */
function breakerNotices(team: Team, event: EventOf<'BreakerOpened' | 'BreakerClosed'>): Notice[] {
  const { path, resource, atMs } = event;
  const agents = new Set<string>();
  for (const all of [team.allocations, team.waiting]) {
    for (const { agent, ask } of all.values()) {
      if (ask.items[resource] !== undefined && isWithin(ask.path, path)) agents.add(agent);
    }
  }
  const isOpen = event.type === 'BreakerOpened';
  const untilMs = isOpen ? event.untilMs : undefined;
  const more = {
    path,
    ...(isOpen ? { retryInMs: untilMs === undefined ? null : untilMs - atMs } : {}),
  };
  const kind = isOpen ? 'breaker-open' : 'breaker-closed';
  return [...agents].map((agent) => notice(team, agent, kind, resource, more));
}

function notice(
  team: Team,
  agent: string,
  kind: Notice['kind'],
  id: string,
  more: Omit<Notice, 'subject' | 'kind' | 'team' | 'id'>,
): Notice {
  const subject = subjects.notice(agent, team.name, kind);
  return { subject, kind, team: team.name, id, ...more };
}
