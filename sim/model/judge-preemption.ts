import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { latestStartMs, nodeEndOf, termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { committed, fits, needs } from './books.ts';
import { boostAt, rulesAt } from './eviction-rules.ts';
import { mayPreempt } from './may-preempt.ts';
import { judgePools } from './pools.ts';
import type { Live, State } from './state.ts';
import { withoutEarmark, withoutHolders } from './tentative.ts';

type Preempting = Bench<EventOf<'PreemptionRequested'>>;

/** S §7, preemption: legal victims, enough of them and none too many, the right grace. */
export function judgePreemption(bench: Preempting): void {
  judgePools(bench);
  const { state, event, find } = bench;
  const { ask, id } = event;
  for (const bar of barsOf(state, ask.path, event.priority)) {
    find('INV-9', `evicts for ${ask.path}, which is ${bar}`, id);
  }
  if (!mayPreempt(state, ask, event.priority)) find('INV-14', 'it may evict nobody', id);
  const victims: Live[] = [];
  for (const name of event.victims) {
    const victim = state.live.get(name);
    if (victim === undefined) find('INV-14', `the victim ${name} does not live`, id);
    else victims.push(victim);
  }
  for (const [place, victim] of victims.entries()) {
    judgeVictim(bench, victim, reasonFor(event, victim.id), victims.slice(0, place));
  }
  judgeSet(bench, victims);
  judgeGrace(bench, victims);
  judgeEarmark(bench);
}

/** Why a victim is taken; where the event does not say, as there were rights of priority alone. */
function reasonFor({ victims, reasons }: Preempting['event'], id: string): string {
  return reasons?.[victims.indexOf(id)] ?? 'within-node-priority';
}

function judgeVictim(
  { state, event, find }: Preempting,
  victim: Live,
  reason: string,
  before: readonly Live[],
): void {
  const { policy } = state;
  const { id } = event;
  if (victim.ask.preemptible === false) find('INV-14', `${victim.id} is not preemptible`, id);
  if (victim.yieldsTo !== null) find('INV-14', `${victim.id} yields to ${victim.yieldsTo}`, id);
  if (event.atMs - victim.grantedAtMs < policy.preemption.minRuntimeMs) {
    find('INV-14', `${victim.id} is inside its minimum run time`, id);
  }
  if (!isWithin(victim.path, event.account.path) && !isSharingShort(state, event, victim)) {
    find('INV-14', `${victim.id} is outside the account ${event.account.path}`, id);
  }
  if (!mayEvict(state, event, victim, reason, before)) {
    find('INV-14', `${victim.id} may not be taken by ${reason}`, id);
  }
  if (reason !== 'reclaim-nominal' && mayTurnRound(state, event, victim)) {
    find('INV-14', `${victim.id} could reverse it`, id);
  }
  if (victim.evictions >= policy.preemption.evictionsMax) {
    find('INV-14', `${victim.id} was evicted too often`, id);
  }
  const gives = Object.entries(victim.items).some(
    ([resource, held]) => held > reportedOf(victim, resource),
  );
  if (!gives) find('INV-14', `${victim.id} holds nothing that could be reclaimed`, id);
}

/** What of a resource a holder could not give back: consumables that it has used. */
function reportedOf(victim: Live, resource: string): number {
  return resourceTypeOf(resource)?.class === 'consumable' ? (victim.reported[resource] ?? 0) : 0;
}

/** Holders of another account on which the bundle is short too. */
function isSharingShort(state: State, { ask }: Preempting['event'], victim: Live): boolean {
  const { want } = termsOf(ask, state);
  return needs(state.nodes, ask.path, want).some(
    ({ node, resource, need, room }) =>
      need > room && isWithin(victim.path, node.path) && (victim.items[resource] ?? 0) > 0,
  );
}

/** S §7: the rights, by base priority; what is its own a branch takes back from anybody. */
function mayEvict(
  state: State,
  event: Preempting['event'],
  victim: Live,
  reason: string,
  before: readonly Live[],
): boolean {
  const { withinNode, reclaim, whileBorrowing } = rulesAt(state, event.ask.path);
  const asker = event.priority + boostAt(state, event.ask.path);
  const rank = victim.priority + boostAt(state, victim.path);
  const isLower = rank < asker;
  if (reason === 'reclaim-nominal') {
    return (
      hasUnused(state, event, before) && (reclaim === 'any' || (reclaim === 'lower' && isLower))
    );
  }
  if (reason === 'priority-while-borrowing') return whileBorrowing !== 'never' && isLower;
  switch (withinNode) {
    case 'never':
      return false;
    case 'lower':
      return isLower;
    case 'lowerOrNewerEqual':
      return rank <= asker;
    case 'any':
      return true;
  }
}

/**
 * Whether some tier of the asker's path has a guarantee that it does not use up, once those are gone
 * that are taken before: a branch may make room in its own part first.
 */
function hasUnused(
  { nodes }: State,
  { ask }: Preempting['event'],
  before: readonly Live[],
): boolean {
  const paths = [...nodes.keys()].filter((path) => isWithin(ask.path, path));
  return paths.some((path) =>
    Object.keys(ask.items).some((resource) => {
      const node = nodes.get(path);
      const guarantee = node?.accounts.get(resource)?.guarantee ?? 0;
      if (node === undefined) return false;
      const gone = before.filter((one) => isWithin(one.path, path));
      const given = gone.reduce((sum, { items }) => sum + (items[resource] ?? 0), 0);
      return committed(nodes, node, resource) - given < guarantee;
    }),
  );
}

/** A plan that a victim could reverse at once is refused. */
function mayTurnRound(state: State, event: Preempting['event'], victim: Live): boolean {
  if (event.ask.preemptible === false || state.policy.preemption.minRuntimeMs > 0) return false;
  const { withinNode } = rulesAt(state, victim.path);
  const asker = event.priority + boostAt(state, event.ask.path);
  const rank = victim.priority + boostAt(state, victim.path);
  if (withinNode === 'any') return rank >= asker;
  return withinNode === 'lower' && rank > asker;
}

/** Only if it is enough, and no victim could be left out. */
function judgeSet({ state, event, find }: Preempting, victims: readonly Live[]): void {
  const { want } = termsOf(event.ask, state);
  const isEnough = (some: readonly Live[]) =>
    withoutEarmark(state, state.waiting.get(event.id), () =>
      withoutHolders(state, some, () => fits(state.nodes, event.ask.path, want)),
    );
  if (!isEnough(victims)) find('INV-14', 'evicts, and it is not enough', event.id);
  for (const victim of victims) {
    if (!isEnough(victims.filter((other) => other !== victim))) continue;
    find('INV-14', `${victim.id} need not be evicted`, event.id);
  }
  if (new Set(event.victims).size !== event.victims.length)
    find('INV-14', 'a victim twice', event.id);
}

/** The largest grace among the victims, within policy and the slack of the beneficiary. */
function judgeGrace({ state, event, find }: Preempting, victims: readonly Live[]): void {
  const waiting = state.waiting.get(event.id);
  const deadlineAtMs =
    waiting?.deadlineAtMs ??
    (event.ask.deadlineMs === undefined ? null : event.atMs + event.ask.deadlineMs);
  const nodeEndsAtMs = nodeEndOf(state.nodes, event.ask.path);
  const slackMs = Math.max(0, latestStartMs(event.ask, deadlineAtMs, nodeEndsAtMs) - event.atMs);
  const largest = Math.max(0, ...victims.map(({ ask }) => ask.graceMs ?? 0));
  const graceMs = Math.min(largest, state.policy.preemption.graceMsMax, slackMs);
  if (event.graceEndsAtMs !== event.atMs + graceMs) {
    find('INV-14', `a grace of ${event.graceEndsAtMs - event.atMs} ms, not ${graceMs}`, event.id);
  }
}

/** What is free is set aside, no more than is asked and no more than there is. */
function judgeEarmark({ state, event, find }: Preempting): void {
  const { want } = termsOf(event.ask, state);
  withoutEarmark(state, state.waiting.get(event.id), () => {
    if (!fits(state.nodes, event.ask.path, event.earmarked)) {
      find('INV-2', 'more is set aside for it than is free', event.id);
    }
  });
  for (const [resource, amount] of Object.entries(event.earmarked)) {
    if (amount > (want[resource] ?? 0)) find('INV-14', `${amount} ${resource} set aside`, event.id);
  }
}

export function judgeReclaimed({ state, event, find }: Bench<EventOf<'ResourcesReclaimed'>>): void {
  const waiting = state.waiting.get(event.request);
  if (waiting === undefined || !waiting.isPreempting) {
    return find('INV-14', `${event.request} does not collect`, event.request);
  }
  const { want } = termsOf(waiting.ask, state);
  for (const [resource, amount] of Object.entries(event.earmarked)) {
    const collected = (waiting.earmarked[resource] ?? 0) + amount;
    if (collected > (want[resource] ?? 0)) {
      find(
        'INV-14',
        `${collected} ${resource} set aside, ${want[resource] ?? 0} asked`,
        waiting.id,
      );
    }
  }
  if (!fits(state.nodes, waiting.earmarkPath, event.earmarked)) {
    find('INV-2', 'more is set aside for it than is free', waiting.id);
  }
}
