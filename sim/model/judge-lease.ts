import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { nodeEndOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { needs } from './books.ts';
import { isSame, isSameAmounts } from './content.ts';
import { backOf } from './draws.ts';
import { consumablesOf } from './fold-allocation.ts';
import { rulesMet } from './judge-approval.ts';
import { judgeGrowth } from './judge-breakers.ts';
import { judgeTaken } from './judge-taken.ts';
import { mayOperate } from './judge-wait.ts';
import { growthItems, levelBarOf } from './levels.ts';
import { queueOf } from './rank.ts';
import { slowStartsShort } from './slow-start.ts';
import type { Live } from './state.ts';
import { isToolBarred } from './tools.ts';
import { judgeGrown } from './top-ups.ts';
import { isImplausible } from './use.ts';

type OfAgent = EventOf<'LeaseRenewed'> | EventOf<'AllocationResized'> | EventOf<'UsageReported'>;

function judgeOwner({ state, event, find }: Bench<OfAgent>): boolean {
  const live = state.live.get(event.allocation);
  if (live === undefined) {
    find('S §5', `${event.allocation} does not live`, event.allocation);
    return false;
  }
  if (event.by !== live.agent && !mayOperate(state, event.by)) {
    find('S §5', `${event.by} acts on what ${live.agent} holds`, live.id);
  }
  return true;
}

/** S §5, renew: adds to the end or counts from now, never shortens, no further than 24 h. */
export function judgeRenewed(bench: Bench<EventOf<'LeaseRenewed'>>): void {
  const { state, event, sent, find } = bench;
  if (!judgeOwner(bench)) return;
  const before = state.live.get(event.allocation)?.expiresAtMs ?? 0;
  if (event.expiresAtMs < before) find('S §5', 'a renewal shortens the lease', event.allocation);
  const { endsByMs = Infinity, path = '' } = state.live.get(event.allocation) ?? {};
  const nodeEnd = nodeEndOf(state.nodes, path) ?? Number.POSITIVE_INFINITY;
  const furthest = Math.max(before, Math.min(event.atMs + LIMITS.leaseMsMax, endsByMs, nodeEnd));
  if (event.expiresAtMs > furthest) find('S §5', 'beyond the longest lease', event.allocation);
  const ends = sent
    ?.of('renew', event.by, event.id)
    .filter(({ allocation }) => allocation === event.allocation)
    .map(({ byMs, ttlMs }) => (byMs === undefined ? event.atMs + (ttlMs ?? 0) : before + byMs))
    .map((end) => Math.max(before, Math.min(end, furthest)));
  if (ends !== undefined && !ends.includes(event.expiresAtMs)) {
    find('S §5', `renewed to ${event.expiresAtMs}, not one of [${ends}]`, event.allocation);
  }
}

/** S §5 and §6.7, resize: shrinking always may; growth is an admission. */
export function judgeResized(bench: Bench<EventOf<'AllocationResized'>>): void {
  const { state, event, sent, find } = bench;
  if (event.topUp !== undefined) return judgeGrown(bench, event.topUp);
  if (event.reclaimed) return judgeReclaim(bench);
  if (!judgeOwner(bench)) return;
  const live = state.live.get(event.allocation);
  if (live === undefined) return;
  judgeBack(bench, live);
  const commands = sent?.of('resize', event.by, event.id);
  const isAsked = commands?.some(
    ({ allocation, items }) => allocation === live.id && isSame(items, event.items),
  );
  if (isAsked === false) find('S §5', 'nobody resized it so', live.id);
  const growth: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(event.items)) {
    const more = amount - (live.items[resource] ?? 0);
    if (more > 0) growth[resource] = more;
  }
  if (Object.keys(growth).length === 0) return;
  if (isToolBarred(state, live.agent, { path: live.path, items: growth })) {
    find('T-12', 'it grows by a tool that is not allowed', live.id);
  }
  const grown = Object.keys(growth).map((resource) => [
    resource,
    { amount: event.items[resource] ?? 0 },
  ]);
  for (const { resource, above } of rulesMet(state, live.agent, {
    path: live.path,
    items: Object.fromEntries(grown),
  })) {
    find('T-05', `it grows above ${above} ${resource} without an approver`, live.id);
  }
  const asItGrows = { path: live.path, items: growthItems(growth) };
  if (levelBarOf(state, asItGrows, live.priority)) {
    find('INV-19', `grows on ${live.path}, whose level does not admit it`, live.id);
  }
  for (const { path, resource, need, room } of slowStartsShort(
    state,
    asItGrows,
    live.priority,
    growth,
  )) {
    find('X-05', `${path} gives out ${room} ${resource}, it grows by ${need}`, live.id);
  }
  judgeGrowth(bench, live.id, live.path, growth);
  for (const bar of barsOf(state, live.path, live.priority)) {
    find('INV-9', `grows on ${live.path}, which is ${bar}`, live.id);
  }
  for (const { node, resource, need, room } of needs(state.nodes, live.path, growth)) {
    if (need > room)
      find('INV-2', `${node.path} has ${room} ${resource}, grows by ${need}`, live.id);
    if (queueOf(state, node.path, resource).length > 0) {
      find('S §7', `it grows past the queue at ${node.path} for ${resource}`, live.id);
    }
  }
}

/** S §6.6: after a cut, down to what its holder said to be enough, and of what is unspent. */
function judgeReclaim(bench: Bench<EventOf<'AllocationResized'>>): void {
  const { state, event, find } = bench;
  const live = state.live.get(event.allocation);
  if (live === undefined) return find('S §6.6', 'it does not live', event.allocation);
  judgeBack(bench, live);
  if (event.by !== undefined) find('S §6.6', 'a cut has no agent', live.id);
  judgeTaken(bench, live, event.items);
  for (const [resource, amount] of Object.entries(event.items)) {
    const least = live.ask.items[resource]?.min ?? Number.POSITIVE_INFINITY;
    const used = consumablesOf(live.reported)[resource] ?? 0;
    if (amount < Math.max(least, used)) {
      find('S §6.6', `${amount} ${resource} left of ${live.items[resource]}`, live.id);
    }
    if (amount > (live.items[resource] ?? 0)) find('S §6.6', 'a cut lets it grow', live.id);
  }
}

function judgeBack({ event, find }: Bench<EventOf<'AllocationResized'>>, live: Live): void {
  const back = backOf(live, { ...live.items, ...event.items }, {});
  if (!isSameAmounts(back, event.toReservation)) {
    find('F-07', `its reservation has back ${JSON.stringify(event.toReservation)}`, live.id);
  }
}

/** S §6.5, report: cumulative, never falls, an overrun above what is held. */
export function judgeReported(bench: Bench<EventOf<'UsageReported'>>): void {
  const { state, event, sent, find } = bench;
  if (!judgeOwner(bench)) return;
  const live = state.live.get(event.allocation);
  if (live === undefined) return;
  let isOver = false;
  const after = { ...live.reported, ...event.used };
  for (const [resource, used] of Object.entries(after)) {
    if (used < (live.reported[resource] ?? 0)) find('S §6.5', `${resource} falls`, live.id);
    if (used > (live.items[resource] ?? 0)) isOver = true;
  }
  if (isOver !== (event.overrun === true)) find('S §6.5', 'its overrun is told wrong', live.id);
  const commands = sent
    ?.of('report', event.by, event.id)
    .filter(({ allocation }) => allocation === live.id);
  const isSaid = commands?.some(({ used }) => {
    const meant: Record<string, number> = { ...live.reported };
    for (const [resource, amount] of Object.entries(used)) {
      meant[resource] = Math.max(meant[resource] ?? 0, amount);
    }
    const isPlausible = Object.entries(used).every(
      ([resource, amount]) => !isImplausible(state, resource, amount),
    );
    return isPlausible && isSame(meant, after);
  });
  if (isSaid === false) find('S §6.5', 'nobody reported that', live.id);
}

export function judgeClaimed({ state, event, find }: Bench<EventOf<'AllocationClaimed'>>): void {
  const live = state.live.get(event.allocation);
  if (live === undefined) return find('S §5', 'it does not live', event.allocation);
  if (live.claimUntilMs === null) return find('S §5', 'it needs no claim', live.id);
  if (event.atMs >= live.claimUntilMs) find('S §6.4', 'claimed after its time', live.id);
}

/** S §6.4: an outage is at least the bound, at most the gap, never above the maximum. */
export function judgeExtended({ state, event, find }: Bench<EventOf<'LeasesExtended'>>): void {
  const gapMs = event.atMs - state.lastAtMs;
  if (event.byMs > Math.min(gapMs, LIMITS.outageMsMax)) {
    find('S §6.4', `moved by ${event.byMs} ms after a gap of ${gapMs} ms`);
  }
  if (event.byMs < LIMITS.outageMs) find('S §6.4', `a gap of ${event.byMs} ms is no outage`);
}
