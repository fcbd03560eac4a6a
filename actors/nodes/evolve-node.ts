import { strict as assert } from 'node:assert';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { parentPathOf } from '../../events/names.ts';
import { guaranteeClimb, type ResourceClimb, rollUpClimb } from '../accounts/account.ts';
import { addDue, climb, noChange, noteChanged } from '../accounts/climb.ts';
import { branchesDue, branchLeaves, branchOpened, limitsChanged } from '../branches/branching.ts';
import { forgetBreakers } from '../breakers/evolve-breaker.ts';
import { rescheduleDivided } from '../distribution/divided.ts';
import { alertOf } from '../emergencies/alerts.ts';
import { forgetSpendRates, noteForecast } from '../forecasts/forecast.ts';
import { stopBegun, stopEnded } from '../levels/standing.ts';
import { forgetQueueAges, rewatchQueueAges } from '../queue/queue-age.ts';
import { notePressure } from '../shedding/pressure.ts';
import { accountKey, type Position, type Team } from '../team.ts';
import { grantAdded, grantsRebased } from '../windows/evolve-grants.ts';
import { setWindow } from '../windows/evolve-window.ts';
import { allocationsBeneath } from './beneath.ts';
import { type Node, nameOf, newNode, type Tier } from './node.ts';
import { accountOf } from './node-change.ts';

/** The node of a path that an event names; it must be there. */
export function nodeOf(team: Team, path: string): Node {
  const node = team.nodes.get(path);
  assert(node !== undefined, `${path} is open`);
  return node;
}

/** A node opens; its guarantees are set aside on every tier above. */
export function opened(team: Team, event: EventOf<'NodeOpened'>, at: Position): void {
  const node = openNode(team, event.path, event.tier, false, event.priorityMax ?? null, event);
  const { deadlineAtMs } = event;
  if (deadlineAtMs !== undefined && deadlineAtMs !== node.deadlineAtMs) {
    node.deadlineAtMs = deadlineAtMs;
    addDue(team, deadlineAtMs, 'deadline', event.path);
  }
  branchOpened(team, node, event);
  climb(team, node, 'limited', event, guaranteeClimbs(node, event.limits ?? {}));
  termsSet(team, node, event, at);
}

/** Puts a node into the tree and starts its actor. */
export function openNode(
  team: Team,
  path: string,
  tier: Tier,
  isAuto: boolean,
  priorityMax: number | null,
  event: BursarEvent,
): Node {
  assert(!team.nodes.has(path), `${path} is not open yet`);
  const parentPath = parentPathOf(path);
  const parent = parentPath === undefined ? undefined : nodeOf(team, parentPath);
  team.openings += 1;
  const node = newNode(
    path,
    tier,
    parent,
    team.resources,
    isAuto,
    priorityMax,
    team.openings,
    team.lives[tier],
  );
  if (parent !== undefined) {
    climb(team, parent, 'childOpened', event, []);
    parent.children.add(node);
  }
  team.nodes.set(path, node);
  team.runtime.start(node);
  return node;
}

/** Limits and guarantees that moved from one node to another. */
export function transferred(team: Team, event: EventOf<'Transferred'>): void {
  const from = nodeOf(team, event.from);
  const to = nodeOf(team, event.to);
  const given: ResourceClimb[] = [];
  const taken: ResourceClimb[] = [];
  for (const resource in event.amounts) {
    const giver = accountOf(from, resource);
    const taker = accountOf(to, resource);
    const moved = event.guarantees[resource] ?? 0;
    // Who could count on nothing before lends as the giver did.
    const lend = taker.guarantee === 0 && moved > 0 ? giver.lend : taker.lend;
    given.push(guaranteeClimb(resource, { guarantee: giver.guarantee - moved, lend: giver.lend }));
    taken.push(guaranteeClimb(resource, { guarantee: taker.guarantee + moved, lend }));
  }
  climb(team, from, 'limited', event, given);
  climb(team, to, 'limited', event, taken);
  branchesDue(team, from);
  branchesDue(team, to);
  for (const resource in event.amounts) {
    grantsRebased(team, from, resource, event.atMs);
    grantsRebased(team, to, resource, event.atMs);
  }
}

export function limitsSet(team: Team, event: EventOf<'LimitsSet'>, at: Position): void {
  const node = nodeOf(team, event.path);
  climb(team, node, 'limited', event, guaranteeClimbs(node, event.limits));
  for (const resource in event.limits) {
    if (event.limits[resource]?.per !== undefined) wakeRate(team, node, resource);
  }
  termsSet(team, node, event, at);
  limitsChanged(team, node, event);
}

/** Has the queue of a rate looked at: it may have room earlier than was thought. */
export function wakeRate(team: Team, node: Node, resource: string): void {
  if (node.queues?.has(resource)) team.agenda.queues.add(accountKey(node.path, resource));
}

/** Windows begin, grants go by the new base limit, thresholds are looked at. */
function termsSet(
  team: Team,
  node: Node,
  event: EventOf<'NodeOpened' | 'LimitsSet'>,
  at: Position,
): void {
  for (const [resource, span] of Object.entries(event.windows ?? {})) {
    const spec = event.limits?.[resource]?.window;
    assert(spec !== undefined, `a window of ${resource} begins as it was asked for`);
    const before = accountOf(node, resource).window;
    const begunAt = before?.startsAtMs === span.startsAtMs ? before.at : at;
    setWindow(team, node, resource, spec, span, begunAt, before?.pastStartsAtMs);
  }
  for (const [resource, { per }] of Object.entries(event.limits ?? {})) {
    // A rate is in no account.
    if (per !== undefined) continue;
    grantsRebased(team, node, resource, event.atMs);
    noteForecast(team, node, resource);
    noteChanged(team, node, resource, false);
  }
}

/** The base limit grows, or a grant joins. */
export function toppedUp(team: Team, event: EventOf<'ToppedUp'>): void {
  const node = nodeOf(team, event.path);
  climb(team, node, 'limited', event, noChange(event.amounts));
  branchesDue(team, node);
  if (event.grant !== undefined) return grantAdded(team, node, event);
  for (const resource of Object.keys(event.amounts)) {
    grantsRebased(team, node, resource, event.atMs);
  }
}

/** Climbs by which guarantees are set aside as they are set; others are only touched. */
function guaranteeClimbs(
  node: Node,
  limits: NonNullable<EventOf<'NodeOpened'>['limits']>,
): ResourceClimb[] {
  return Object.entries(limits).flatMap(([resource, set]) => {
    if (set.per !== undefined) return [];
    const account = node.accounts.get(resource);
    const { guarantee, lend } = account ?? { guarantee: 0, lend: 0 };
    return [
      guaranteeClimb(resource, {
        guarantee: set.guarantee ?? guarantee,
        lend: set.lend === undefined ? lend : set.lend,
      }),
    ];
  });
}

/** A node has closed: by command, or a step that a request opened and that nobody needs. */
export function nodeClosed(team: Team, event: EventOf<'NodeClosed'>): void {
  const node = nodeOf(team, event.path);
  closeNode(team, node, event, node.phase === 'closing');
}

/**
 * A node closes with what is left beneath it; its use becomes its parent's own, its guarantee
 * returns. A name closed by command is not used again, one that a request opened may be.
 */
export function closeNode(team: Team, node: Node, event: BursarEvent, isByCommand: boolean): void {
  assert(node.liveTree === 0, `${node.path} has no live allocation when it closes`);
  if (node.children.size > 0) {
    for (const child of [...node.children]) closeNode(team, child, event, isByCommand);
  }
  team.runtime.deliver(node, { kind: 'closed', event, climbs: [], live: 0, isOwn: false });
  team.runtime.stop(node);
  team.nodes.delete(node.path);
  forgetSpendRates(team, node);
  forgetQueueAges(team, node);
  if (team.breakers.size > 0) forgetBreakers(team, node.path);
  const { parent } = node;
  if (parent === undefined) {
    team.isClosed = true;
    return;
  }
  parent.children.delete(node);
  if (isByCommand) {
    parent.closedNames ??= new Set();
    parent.closedNames.add(nameOf(node));
  }
  // No request opens it again: whoever waits for it, or for an approver, waits in vain.
  const isAwaited = team.waiting.size > 0 || team.approvals.size > 0;
  if (team.policy.autoOpen === 'none' && isAwaited) team.agenda.sweeps.add(node.path);
  const climbs: ResourceClimb[] = [];
  for (const [resource, account] of node.accounts) {
    team.shortReserves.delete(accountKey(node.path, resource));
    climbs.push(rollUpClimb(resource, account));
  }
  climb(team, parent, 'childClosed', event, climbs);
  branchLeaves(team, node);
}

/** A stop takes hold: the allocations concerned have until its deadline. */
export function stopped(team: Team, event: EventOf<'Stopped'>): void {
  climb(team, nodeOf(team, event.path), 'stopped', event, []);
  const agents = nodeOf(team, event.path).stops?.get(event.stop)?.agents;
  let count = 0;
  for (const allocation of allocationsBeneath(nodeOf(team, event.path))) {
    if (event.below !== null && allocation.priority >= event.below) continue;
    allocation.stops = [...allocation.stops, { path: event.path, stop: event.stop }];
    agents?.add(allocation.agent);
    count += 1;
  }
  assert(count === event.allocationCount, 'a stop counts the allocations that it concerns');
  assert(agents?.size === event.agentCount, 'a stop counts the agents that it concerns');
  team.agenda.sweeps.add(event.path);
  stopBegun(team, nodeOf(team, event.path));
  addDue(team, event.ackUntilMs, 'stop', accountKey(event.path, event.stop));
  if (count === 0) team.agenda.stops.add(accountKey(event.path, event.stop));
}

/** A stop is over: what it pressed and has not ended may stay. */
export function stopLifted(team: Team, event: EventOf<'StopLifted'>): void {
  climb(team, nodeOf(team, event.path), 'stopLifted', event, []);
  for (const allocation of allocationsBeneath(nodeOf(team, event.path))) {
    if (allocation.stops.length === 0) continue;
    allocation.stops = allocation.stops.filter(
      ({ path, stop }) => path !== event.path || stop !== event.stop,
    );
  }
  stopEnded(team, nodeOf(team, event.path));
  team.agenda.sweeps.add(event.path);
  team.agenda.closings.add(event.path);
}

export function policySet(team: Team, event: EventOf<'PolicySet'>): void {
  const { by, atMs, preset, comment, version = team.policyVersion + 1 } = event;
  assert(version === team.policyVersion + 1, `policy ${version} follows ${team.policyVersion}`);
  team.policyVersion = version;
  team.policyNote = { by, atMs, preset, comment };
  // Under another policy it is watched anew.
  team.spendRates.clear();
  team.policy = event.policy;
  team.resources.added = event.policy.resources;
  rewatchQueueAges(team);
  const { evictionsMax } = event.policy.preemption;
  for (const allocation of team.allocations.values()) {
    allocation.isProtected = allocation.evictions >= evictionsMax;
  }
  for (const node of team.nodes.values()) {
    // Found again by who may be evicted now, when they are next asked for.
    node.holders = undefined;
    for (const queue of node.queues?.values() ?? []) queue.reorder(team.policy.aging);
    for (const resource of node.accounts.keys()) notePressure(team, node, resource);
    if (node.tier !== 'team' && node.tier !== 'swarm') continue;
    for (const resource of node.accounts.keys()) {
      team.agenda.rungs.add(accountKey(node.path, resource));
      if (node.tier === 'swarm') team.agenda.reserves.add(accountKey(node.path, resource));
    }
  }
  rescheduleDivided(team, atMs);
  team.agenda.sweeps.add(team.name);
  for (const key of team.breakers.keys()) team.agenda.breakers.add(key);
}

/** Notes whether an account was told to run out. */
export function forecastTold(
  team: Team,
  { type, path, resource }: EventOf<'ExhaustionForecast' | 'ForecastCleared'>,
): void {
  const rate = team.spendRates.get(accountKey(path, resource));
  assert(rate !== undefined, `the rate at which ${resource} of ${path} is spent is known`);
  const isRaised = type === 'ExhaustionForecast';
  assert(rate.isRaised !== isRaised, 'a forecast is raised once until it is cleared');
  rate.isRaised = isRaised;
}

/** Notes the rung of the ladder that has been announced. */
export function setRung(team: Team, path: string, resource: string, rung: number): void {
  accountOf(nodeOf(team, path), resource).rung = rung;
}

/** Notes which threshold of an account's own was told last. */
export function setAlert(
  team: Team,
  event: EventOf<'AlertRaised' | 'AlertCleared'>,
  place: number,
): void {
  const { alerts } = accountOf(nodeOf(team, event.path), event.resource);
  assert(alerts !== null, `${event.path} has thresholds of ${event.resource}`);
  const isRaised = event.type === 'AlertRaised';
  const of = isRaised ? alertOf(event.threshold) : event.of;
  alerts[of] = place;
}
