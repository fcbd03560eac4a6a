import { isWithin } from '../../events/names.ts';
import { termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { fits } from './books.ts';
import { judgeOwed } from './branches.ts';
import { isStuck } from './circles.ts';
import { concerns } from './concerns.ts';
import { dueBy } from './due.ts';
import { placesBehind, waitsInVain } from './judge-breakers.ts';
import { judgeForecasts } from './judge-forecast.ts';
import { judgeLadders } from './judge-ladder.ts';
import { judgeLevels } from './judge-level.ts';
import { judgeRecoveries } from './judge-recovery.ts';
import { judgeReserves } from './judge-reserve.ts';
import { isKeptOut, levelBarOf } from './levels.ts';
import { aheadWhereNamed } from './line.ts';
import { askDue } from './pools.ts';
import { judgeQueueAges } from './queue-ages.ts';
import { queueOf } from './rank.ts';
import { shortRates } from './rates.ts';
import { slowStartsShort } from './slow-start.ts';
import type { State } from './state.ts';
import { isIdleBut } from './step-closes.ts';
import { withoutEarmark } from './tentative.ts';
import { isOver } from './top-ups.ts';

/**
 * What has to be true between two decisions: everything due is recorded (S §6.4), and nothing that
 * follows from what happened is left to be done (S §7: re-evaluated on every release).
 */
export function judgeQuiet(state: State, atMs: number, find: Bench['find']): void {
  state.nowMs = atMs;
  for (const { what, id, atMs: dueAtMs } of dueBy(state, atMs)) {
    find('S §6.4', `${what} of ${id} was due ${atMs - dueAtMs} ms ago and is not recorded`, id);
  }
  judgeWaiting(state, find);
  judgeNodes(state, find);
  judgeOwed(state, find);
  judgeLadders(state, find);
  judgeLevels(state, find);
  judgeForecasts(state, atMs, find);
  judgeQueueAges(state, atMs, find);
  judgeReserves(state, find);
  judgeRecoveries(state, find);
  for (const [contest, { path, resource, raisedAfter }] of state.contests) {
    // Raised by this very decision, which then selects a strategy.
    if (raisedAfter >= state.count - 2) continue;
    if (queueOf(state, path, resource).length === 0) {
      find('S §7', `the contest ${contest} has nobody left and has not ended`, contest);
    }
  }
}

/** Nobody waits who is barred, or who is first in line and fits. */
function judgeWaiting(state: State, find: Bench['find']): void {
  for (const waiting of state.waiting.values()) {
    const { id, ask } = waiting;
    if (isOver(state, ask)) find('O-03', `${id} waits for what has ended`, id);
    const isOut = isKeptOut(state, waiting);
    if (!isOut && isStuck(state, waiting)) find('S §7', `${id} waits in a circle`, id);
    for (const bar of barsOf(state, ask.path, waiting.priority)) {
      find('S §6.7', `${id} waits on ${ask.path}, which is ${bar}`, id);
    }
    const bar = levelBarOf(state, ask, waiting.priority);
    if (bar === 'deny' || (bar !== undefined && waiting.isPreempting)) {
      find('X-03', `${id} waits, though its level does not admit it`, id);
    }
    if (isOut) continue;
    const { want, rates, unbounded } = termsOf(askDue(state, waiting), state);
    if (unbounded.length > 0) find('S §5', `${id} waits without a bound`, id);
    if (waitsInVain(state, waiting)) find('S §9', `${id} waits for what a breaker denies`, id);
    if (placesBehind(state, askDue(state, waiting)).length > 0) continue;
    withoutEarmark(state, waiting, () => {
      if (!fits(state.nodes, ask.path, want)) return;
      if (shortRates(state, ask.path, rates).length > 0) return;
      if (slowStartsShort(state, ask, waiting.priority, want).length > 0) return;
      const named = Object.keys({ ...want, ...rates });
      const ahead = aheadWhereNamed(state, id, ask.path, named, waiting);
      if (ahead.length === 0) find('S §7', `${id} waits, though it is first in line and fits`, id);
    });
  }
}

function judgeNodes(state: State, find: Bench['find']): void {
  for (const node of state.nodes.values()) {
    if (node.isClosing && !hasLive(state, ({ path }) => isWithin(path, node.path))) {
      find('S §5', `${node.path} is closing with nothing alive in it`, node.path);
    }
    if (node.isClosing && isReservedBeneath(state, node.path)) {
      find('F-07', `${node.path} is closing and something is reserved in it`, node.path);
    }
    for (const stop of node.stops.values()) {
      if (!stop.isComplete && !hasLive(state, (live) => concerns(stop, live))) {
        find('S §6.7', `the stop ${stop.id} concerns nobody and is not complete`, stop.id);
      }
    }
    if (isIdleBut(state, node, null)) find('S §5', `${node.path} is idle and open`, node.path);
  }
}

function isReservedBeneath(state: State, path: string): boolean {
  return [...state.reservations.values()].some((one) => isWithin(one.path, path));
}

function hasLive(state: State, is: (live: { path: string; priority: number }) => boolean): boolean {
  for (const live of state.live.values()) if (is(live)) return true;
  return false;
}
