import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { denialOf } from '../allocations/denial.ts';
import type { Candidate } from '../contests/contention.ts';
import { joinQueue } from '../queue/join-queue.ts';
import { outermostLimited } from '../queue/requeue.ts';
import type { Waiting } from '../queue/wait-queue.ts';
import type { Team } from '../team.ts';
import { barText, type LevelBar } from './level-bar.ts';

const RULE = 'barrier-degraded';

/**
 * A request that a level keeps waiting: it joins the queue of its outermost limited account, out of
 * the line until the level admits it. Denied where it would not wait, or draws on what is reserved.
 */
export function holdBack(
  team: Team,
  candidate: Candidate,
  bar: LevelBar,
): EventOf<'RequestQueued' | 'RequestDenied'> {
  const { ask, asked, place, atMs } = candidate;
  const items = Object.fromEntries(
    Object.entries(asked).map(([resource, amount]) => [resource, { amount }]),
  );
  const account = outermostLimited(place.anchor, items);
  const maxWaitMs = ask.reservationId === undefined ? (ask.maxWaitMs ?? 0) : 0;
  const isFull = team.waiting.size >= LIMITS.queueDepthMax;
  if (maxWaitMs === 0 || account === undefined || isFull) {
    return levelDenial(team, candidate, bar, atMs);
  }
  return joinQueue(team, candidate, account, {
    expectedWaitMs: null,
    rule: RULE,
    factors: factorsOf(bar),
  });
}

/** The denial of a request that a level does not admit. */
export function levelDenial(
  team: Team,
  asked: Parameters<typeof denialOf>[1],
  bar: LevelBar,
  atMs: number,
): EventOf<'RequestDenied'> {
  return { ...denialOf(team, asked, 'degraded', bar.path, atMs), factors: factorsOf(bar) };
}

/** The denial of one that has waited. */
export function waitingLevelDenial(
  team: Team,
  waiting: Waiting,
  bar: LevelBar,
  atMs: number,
): EventOf<'RequestDenied'> {
  const waitedMs = atMs - waiting.sinceMs;
  return { ...levelDenial(team, waiting, bar, atMs), waited: true, waitedMs };
}

function factorsOf(bar: LevelBar): NonNullable<EventOf<'RequestDenied'>['factors']> {
  const { path, level, admit, tool } = bar;
  return { at: path, level, admit, ...(tool === undefined ? {} : { tool }), bar: barText(bar) };
}
