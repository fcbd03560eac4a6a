import type { BursarEvent } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { endOf, noEarlierEnds } from '../allocations/end.ts';
import { takeBack } from '../contests/reclaim.ts';
import { stamp } from '../context.ts';
import { allocationsBeneath } from '../nodes/beneath.ts';
import { type Allocation, accountOfKey, type Team } from '../team.ts';
import type { Due } from '../timers.ts';
import { isUnderPressure, type Pressed, pressedAt } from './pressure.ts';

/**
 * Asks holders to shrink where an account is under pressure: whoever would lose something if
 * it were taken now, and how much. Nothing where nobody would, or they are asked already.
 */
export function requestShrink(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const pressed = pressedAt(team, path, resource);
  if (pressed === undefined || pressed.account.shedUntilMs !== null) return [];
  if (!isUnderPressure(pressed)) return [];
  const { node, account, limit, rule, offBound } = pressed;
  const taken = takeBack(team, node, excessOf(pressed, resource), atMs)?.events ?? [];
  const asked = new Map(idleHolders(pressed, resource, atMs).map((one) => [one.id, one]));
  const from = [...asked.values()].map(({ id, items }) => ({
    allocation: id,
    by: items[resource] ?? 0,
  }));
  for (const event of taken) {
    if (event.type !== 'AllocationResized' && event.type !== 'AllocationEnded') continue;
    if (asked.has(event.allocation)) continue;
    const held = team.allocations.get(event.allocation)?.items[resource] ?? 0;
    const left = event.type === 'AllocationResized' ? (event.items[resource] ?? held) : 0;
    from.push({ allocation: event.allocation, by: held - left });
  }
  if (from.length === 0) return [];
  const { heldTree: held } = account;
  const untilMs = atMs + rule.graceMs;
  const excess = held - offBound;
  return [
    { ...stamp('ShrinkRequested', team, atMs), path, resource, held, limit, excess, untilMs, from },
  ];
}

/**
 * Takes what is still too much when the time to shrink is over: of idle holders first, then as a
 * limit cut takes it, never below a guarantee or what its holder said to be the least.
 */
export function shedDue(team: Team, due: Due, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(due.id);
  const account = team.nodes.get(path)?.accounts.get(resource);
  if (account === undefined || account.shedUntilMs === null) return [];
  if (account.shedUntilMs > atMs) return [];
  const pressed = pressedAt(team, path, resource);
  const idle = pressed === undefined ? [] : idleHolders(pressed, resource, atMs);
  if (idle.length > 0) {
    // What is left after them is seen when this comes up again.
    team.timers.add(due);
    const earlier = noEarlierEnds();
    return idle.flatMap((one) => endOf(team, one, 'reclaimed', atMs, earlier));
  }
  const taken = pressed && takeBack(team, pressed.node, excessOf(pressed, resource), atMs);
  const held = account.heldTree - (taken?.taken[resource] ?? 0);
  const ended = { ...stamp('SheddingEnded', team, atMs), path, resource, held };
  return [...(taken?.events ?? []), ended];
}

function excessOf({ account, offBound }: Pressed, resource: string): Amounts {
  const excess = account.heldTree - offBound;
  return excess > 0 ? { [resource]: excess } : {};
}

/** Holders of which nothing was heard for long, as many as the excess needs; oldest word first. */
function idleHolders(
  { node, account, rule, offBound }: Pressed,
  resource: string,
  atMs: number,
): Allocation[] {
  const { idleMs } = rule;
  let excess = account.heldTree - offBound;
  if (idleMs === null || excess <= 0) return [];
  const idle: Allocation[] = [];
  for (const one of allocationsBeneath(node)) {
    const holds = (one.items[resource] ?? 0) > 0;
    if (!holds || one.yieldsTo !== null || one.reservation !== null) continue;
    if (one.ask.preemptible === false || atMs - one.heardAtMs < idleMs) continue;
    idle.push(one);
  }
  idle.sort((a, b) => a.heardAtMs - b.heardAtMs || (a.id < b.id ? -1 : 1));
  const taken: Allocation[] = [];
  for (const one of idle) {
    if (excess <= 0 || taken.length === LIMITS.shedIdleMax) break;
    taken.push(one);
    excess -= one.items[resource] ?? 0;
  }
  return taken;
}
