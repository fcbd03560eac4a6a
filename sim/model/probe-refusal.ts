import type { Command, ResourceLimits } from '../../events/commands.ts';
import { isWithin, parentPathOf } from '../../events/names.ts';
import type { RefusalCode } from '../../events/refusal-code.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { mayCommand } from './authority.ts';
import { barsOf, isClosing, isFrozen } from './barred.ts';
import { committed, needs } from './books.ts';
import { breakerKey, trippedOver } from './breakers.ts';
import { guaranteeFits, promisedBeneath } from './guarantees.ts';
import type { Sent } from './history.ts';
import { rulesMet } from './judge-approval.ts';
import { growthItems, levelBarOf, levelsOver } from './levels.ts';
import { mayUsePool } from './pools.ts';
import { slowStartsShort } from './slow-start.ts';
import type { Live, State } from './state.ts';
import { isToolBarred } from './tools.ts';
import { isImplausible, useOf } from './use.ts';

/** Whether a refusal is right in a state; null where this model cannot say. */
export function isRightRefusal(
  state: State,
  { agent, command }: Sent,
  code: RefusalCode,
): boolean | null {
  if (command.op === 'distribute') return isRightOfDistribution(state, agent, command, code);
  const path = 'path' in command ? (command.path ?? '') : '';
  const allocation = 'allocation' in command ? command.allocation : '';
  const node = state.nodes.get(path);
  const live = state.live.get(allocation);
  const grave = state.tombstones.get(allocation);
  const isMissing = (one: string) => !state.nodes.has(one);
  switch (code) {
    case 'not_permitted': {
      const may = mayCommand(state, agent, command);
      return may === null ? null : !may || growsBarred(state, agent, command);
    }
    case 'unknown_node':
      if (command.op === 'transfer') return [command.from, command.to].some(isMissing);
      return node === undefined;
    case 'node_exists':
      return node !== undefined;
    case 'node_closed':
      return (
        state.isTeamClosed ||
        grave?.liesAt === '' ||
        state.nodes.get(parentPathOf(path) ?? '')?.closedNames.has(path) === true
      );
    case 'parent_missing': {
      const parent = state.nodes.get(parentPathOf(path) ?? '');
      return parent === undefined || parent.tier === 'step';
    }
    case 'node_closing':
      return placesOf(command, live).some((place) => isClosing(state, place));
    case 'node_frozen':
      return placesOf(command, live).some((place) => isFrozen(state, place));
    case 'degraded':
      if (command.op === 'open') {
        return levelsOver(state, path).some(({ rules }) => !rules.newRuns);
      }
      return live === undefined || command.op !== 'resize'
        ? null
        : levelBarOf(
            state,
            { path: live.path, items: growthItems(command.items) },
            live.priority,
          ) !== undefined;
    case 'node_stopped':
      if (command.op === 'reserve') return barsOf(state, path, -Infinity).has('stopped');
      return live === undefined ? null : barsOf(state, live.path, live.priority).has('stopped');
    case 'guarantee_does_not_fit':
      // Whether guarantees of other lending may move is the writer's to say.
      if (command.op === 'transfer') return null;
      return 'limits' in command && !isGuaranteed(state, path, command.limits ?? {});
    case 'version_conflict':
      return command.op === 'setPolicy' && command.ifVersion !== state.policyVersion;
    case 'overcommit_refused':
      return state.policy.overcommit === 'refuse';
    case 'does_not_fit':
      if (command.op === 'transfer') return !isSpared(state, command);
      if (command.op === 'reserve') return !growsFreely(state, path, command, {});
      return (
        command.op === 'resize' &&
        live !== undefined &&
        (isSlowed(state, live, command) || !growsFreely(state, live.path, command, live.items))
      );
    case 'unknown_allocation':
      return (live === undefined && grave === undefined) || isMissed(state, command);
    case 'allocation_ended':
      return live === undefined && grave !== undefined;
    case 'allocation_live':
      return live !== undefined;
    default:
      return isRightOfOthers(state, command, code);
  }
}

/** What the model can say of a division that was refused; sums that do not fit are the writer's. */
function isRightOfDistribution(
  state: State,
  agent: string,
  command: Command & { op: 'distribute' },
  code: RefusalCode,
): boolean | null {
  const { path, children } = command;
  const named = Object.keys(children ?? {}).map((name) => `${path}/${name}`);
  const hasChildren = (state.nodes.get(path)?.children.size ?? 0) > 0;
  switch (code) {
    case 'not_permitted': {
      const may = mayCommand(state, agent, command);
      return may === null ? null : !may;
    }
    case 'unknown_node':
      if (children === undefined) return hasChildren ? null : true;
      return [path, ...named].some((one) => !state.nodes.has(one));
    case 'node_closing':
      return [path, ...named].some((place) => isClosing(state, place));
    case 'node_frozen':
      return [path, ...named].some((place) => isFrozen(state, place));
    default:
      return null;
  }
}

/** The same for refusals that are of no node and no allocation. */
function isRightOfOthers(state: State, command: Command, code: RefusalCode): boolean | null {
  const node = state.nodes.get('path' in command ? (command.path ?? '') : '');
  switch (code) {
    case 'unknown_request':
      if (command.op === 'cancel') {
        return !state.waiting.has(command.request) && !state.approvals.has(command.request);
      }
      return 'request' in command && !state.approvals.has(command.request);
    case 'unknown_freeze':
      return command.op === 'unfreeze' && node?.freezes.has(command.freeze) !== true;
    case 'unknown_stop':
      return 'stop' in command && node?.stops.has(command.stop) !== true;
    case 'lease_over': {
      if (command.op !== 'acknowledgeStop') return null;
      // Once its deadline is over nothing that it concerned is left.
      return node?.stops.get(command.stop)?.isComplete === true;
    }
    case 'unknown_grant':
      // That one is over is the writer's to say.
      return command.op === 'voidGrant' ? null : false;
    case 'no_window':
      return command.op === 'resetWindow' && !hasWindow(state, command.path, command.resource);
    case 'window_not_possible':
      return 'limits' in command || command.op === 'topUp' ? null : false;
    case 'unknown_reservation':
      return isStray(state, command);
    case 'unknown_resource':
      return namesUnknown(state, command);
    case 'implausible_amount':
      return (
        isQuarantined(state, command) ||
        statedOf(state, command).some(([name, amount]) => isImplausible(state, name, amount))
      );
    case 'deadline_past':
      if (command.op === 'reserve') return (node?.deadlineAtMs ?? null) !== null;
      return command.op === 'request' && (command.deadlineMs ?? 1) <= 0;
    case 'unknown_breaker':
      return (
        command.op === 'closeBreaker' &&
        !state.breakers.tripped.has(breakerKey(command.path, command.resource))
      );
    case 'breaker_open':
      return command.op === 'resize' && growsTripped(state, command);
    case 'outcome_unknown':
      return command.firstSentMsAgo !== undefined && command.firstSentMsAgo > 0;
    default:
      return null;
  }
}

/** The guarantees fit the parent, and none is above the node's own limit. */
function isGuaranteed(state: State, path: string, limits: ResourceLimits): boolean {
  if (!guaranteeFits(state, path, limits)) return false;
  const accounts = state.nodes.get(path)?.accounts;
  return Object.entries(limits).every(([resource, set]) => {
    const account = accounts?.get(resource);
    const limit = set.limit === undefined ? (account?.limit ?? null) : set.limit;
    return limit === null || (set.guarantee ?? account?.guarantee ?? 0) <= limit;
  });
}

/** Whether a resize would let something grow beneath a breaker that is not closed. */
function growsTripped(state: State, command: Growing & { op: 'resize' }): boolean {
  const live = state.live.get(command.allocation);
  if (live === undefined) return false;
  const grown = Object.keys(growthOf(command, live.items)).map((name) => [name, {}]);
  return trippedOver(state, { path: live.path, items: Object.fromEntries(grown) }).length > 0;
}

/** Whether a slow start does not give out by how much something would grow. */
function isSlowed(state: State, { path, priority, items }: Live, command: Growing): boolean {
  const growth = growthOf(command, items);
  return slowStartsShort(state, { path, items: growthItems(growth) }, priority, growth).length > 0;
}

type Growing = Command & { op: 'resize' | 'reserve' };

/** What is asked for beyond what is held. */
function growthOf({ items }: Growing, held: Readonly<Record<string, number>>) {
  const growth: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(items)) {
    if (amount > (held[resource] ?? 0)) growth[resource] = amount - (held[resource] ?? 0);
  }
  return growth;
}

function growsFreely(
  state: State,
  path: string,
  command: Growing,
  held: Readonly<Record<string, number>>,
): boolean {
  const growth = growthOf(command, held);
  if (needs(state.nodes, path, growth).some(({ need, room }) => need > room)) return false;
  // Who waits further out may hold it up even where it draws nothing.
  return ![...state.waiting.values()].some(
    ({ account }) => isWithin(path, account.path) && growth[account.resource] !== undefined,
  );
}

/** T-12, R-23 and T-05: growth is an admission, and the rules are asked for what grows. */
function growsBarred(state: State, agent: string, command: Command): boolean {
  if (command.op !== 'resize') return false;
  const live = state.live.get(command.allocation);
  if (live === undefined) return false;
  const { path } = live;
  const growth = growthOf(command, live.items);
  if (isToolBarred(state, agent, { path, items: growth })) return true;
  if (Object.keys(growth).some((resource) => !mayUsePool(state, path, resource))) return true;
  const grown: Record<string, { amount: number }> = {};
  for (const resource in growth) grown[resource] = { amount: command.items[resource] ?? 0 };
  return rulesMet(state, live.agent, { path, items: grown }).length > 0;
}

/** The nodes that a command is about. */
function placesOf(command: Command, live: { readonly path: string } | undefined): string[] {
  if (command.op === 'transfer') return [command.from, command.to];
  if (live !== undefined) return [live.path];
  return 'path' in command && command.path !== undefined ? [command.path] : [];
}

/** S §5, transfer: the giver is not made short of what it and its children count on. */
function isSpared(state: State, { from, amounts }: Command & { op: 'transfer' }): boolean {
  const node = state.nodes.get(from);
  if (node === undefined) return false;
  return Object.entries(amounts).every(([resource, amount]) => {
    const limit = node.accounts.get(resource)?.limit ?? 0;
    const kept = Math.max(
      committed(state.nodes, node, resource),
      promisedBeneath(state, node, resource),
    );
    return amount <= Math.max(0, limit - kept);
  });
}

/** No reservation of that name, or one that is made for another place. */
function isStray(state: State, command: Command): boolean {
  if (command.op === 'cancelReservation') return !state.reservations.has(command.reservation);
  if (command.op !== 'request') return false;
  const from = state.reservations.get(command.reservationId ?? '');
  return from === undefined || !isWithin(command.path, from.path);
}

/** A resource of no registry, or one of a kind with which the command can do nothing. */
function namesUnknown(state: State, command: Command): boolean {
  const names = namedBy(command);
  if (names.some((name) => resourceTypeOf(name) === undefined)) return true;
  if (command.op === 'charge' || command.op === 'adjust') {
    return names.some((name) => resourceTypeOf(name)?.class !== 'consumable');
  }
  const lacks = (path: string, name: string) =>
    (state.nodes.get(path)?.accounts.get(name)?.limit ?? null) === null;
  if (command.op === 'transfer') {
    return names.some((name) => lacks(command.from, name) || lacks(command.to, name));
  }
  return command.op === 'topUp' && names.some((name) => lacks(command.path, name));
}

function namedBy(command: Command): string[] {
  if (command.op === 'openBreaker') return [command.resource];
  const of = (value: object | undefined) => Object.keys(value ?? {});
  switch (command.op) {
    case 'request':
    case 'resize':
    case 'reserve':
      return of(command.items);
    case 'settle':
    case 'adjust':
      return command.actual === 'unknown' ? [] : of(command.actual);
    case 'report':
      return of(command.used);
    case 'charge':
    case 'topUp':
    case 'transfer':
      return of(command.amounts);
    case 'open':
    case 'setLimits':
      return of(command.limits);
    case 'setPolicy':
      return [command.policy.bounds, command.policy.settleMax, command.policy.overrunMax].flatMap(
        (amounts) => of(amounts ?? {}),
      );
    default:
      return [];
  }
}

/** The same was said before: a repeat is told the same, whatever is plausible by now. */
function isQuarantined(state: State, command: Command): boolean {
  const id = command.op === 'status' ? command.of : command.id;
  return state.ids.get(id ?? '')?.event.type === 'UsageQuarantined';
}

/** It was told before that there is nothing to settle, and is told so again. */
function isMissed(state: State, command: Command): boolean {
  const id = command.op === 'status' ? command.of : command.id;
  return state.ids.get(id ?? '')?.event.type === 'SettleMissed';
}

/** Amounts of use that a command states, and those that it leaves to what is known. */
function statedOf(state: State, command: Command): [string, number][] {
  if (command.op === 'report') return Object.entries(command.used);
  if (command.op !== 'settle') return [];
  const live = state.live.get(command.allocation);
  const grave = state.tombstones.get(command.allocation);
  const held = live?.items ?? grave?.held ?? {};
  const reported = live?.reported ?? grave?.reported ?? {};
  return Object.entries(useOf(command.actual, held, reported).booked);
}

function hasWindow(state: State, path: string, resource: string): boolean {
  return state.nodes.get(path)?.accounts.get(resource)?.window != null;
}
