import { LIMITS } from '../../events/limits.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { typeIn } from '../accounts/registry.ts';
import type { Team } from '../team.ts';
import { barringOf } from './barring.ts';
import { modeOf } from './breaker.ts';

/**
 * An ask as it is decided: each item whose breaker is open, and has a fallback by policy, is asked of
 * that resource, with its amount; `instead` says so. An item stays as it is where the fallback is
 * unknown, of another class, or asked for already; of a group of pools another is taken anyway.
 */
export function withFallbacks(
  team: Team,
  ask: ResourceAllocationRequest,
): ResourceAllocationRequest {
  if (team.breakers.size === 0) return ask;
  let decided = ask;
  for (let round = 0; round < LIMITS.breakerFallbacksMax; round += 1) {
    const next = replaced(team, decided);
    if (next === undefined) return decided;
    decided = next;
  }
  return decided;
}

/** The ask with one item replaced; undefined where none is to be. */
function replaced(
  team: Team,
  ask: ResourceAllocationRequest,
): ResourceAllocationRequest | undefined {
  for (const breaker of barringOf(team, ask)) {
    const mode = modeOf(team, breaker);
    if (typeof mode === 'string') continue;
    const { resource: from } = breaker;
    const { fallback: to } = mode;
    const isPooled = ask.anyOf?.some(({ pools }) => pools.includes(from) || pools.includes(to));
    const isLike = typeIn(team.resources, to)?.class === typeIn(team.resources, from)?.class;
    if (!isLike || isPooled || to in ask.items) continue;
    const items = Object.entries(ask.items).map(([name, item]) => [
      name === from ? to : name,
      item,
    ]);
    const { instead = {} } = ask;
    const first = Object.keys(instead).find((name) => instead[name] === from) ?? from;
    if (first === to) continue;
    return { ...ask, items: Object.fromEntries(items), instead: { ...instead, [first]: to } };
  }
  return undefined;
}

/** The ask as its agent sent it. */
export function askedAtFirst(ask: ResourceAllocationRequest): ResourceAllocationRequest {
  const { instead, ...rest } = ask;
  if (instead === undefined) return ask;
  const before = new Map(Object.entries(instead).map(([first, to]) => [to, first]));
  const items = Object.entries(ask.items).map(([name, item]) => [before.get(name) ?? name, item]);
  return { ...rest, items: Object.fromEntries(items) };
}
