import type { ResourceLimits } from '../../events/commands.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin, parentPathOf } from '../../events/names.ts';
import { accountOf, touch } from './books.ts';
import { openBranch, owe, runOfBranch } from './branches.ts';
import { forgetBreakers } from './fold-breakers.ts';
import {
  changeReserve,
  distribute,
  endReservation,
  reserve,
  shed,
  transfer,
} from './fold-ledger.ts';
import { foldStop } from './fold-stop.ts';
import { setBase } from './fold-windows.ts';
import { type ModelNode, newNode } from './nodes.ts';
import { foldQueueAge } from './queue-ages.ts';
import { setRate } from './rates.ts';
import type { State } from './state.ts';
import { moveUses } from './uses.ts';

/** Takes what an event says of nodes, policy and credentials into the books. */
export function foldNode(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'NodeOpened':
      openNode(state, event.path, event.tier, false, event.priorityMax ?? null);
      withNode(state, event.path, (node) => {
        node.deadlineAtMs = event.deadlineAtMs ?? null;
      });
      setTerms(state, event);
      return openBranch(state, event);
    case 'NodeClosing':
      withNode(state, event.path, (node) => {
        node.isClosing = true;
        node.fenceAtMs = event.fenceAtMs ?? node.fenceAtMs;
      });
      return owe(state, runOfBranch(state, event.path));
    case 'NodeClosed':
      foldQueueAge(state, event);
      return closeNode(state, event.path, !isIdleStep(state, event.path));
    case 'LimitsSet':
      withNode(state, event.path, (node) => {
        node.isAutoOpened = false;
      });
      setTerms(state, event);
      if (event.weightMilli !== undefined) owe(state, runOfBranch(state, event.path));
      if (event.branch !== undefined) state.nodes.get(event.branch.of)?.owed.delete(event.path);
      return owe(state, state.nodes.get(event.path));
    case 'ToppedUp':
      owe(state, state.nodes.get(event.path));
      return topUp(state, event);
    case 'Transferred':
      for (const path of [event.from, event.to]) owe(state, state.nodes.get(path));
      return transfer(state, event);
    case 'Distributed':
      for (const { child } of event.divisions.flatMap(({ shares }) => shares)) {
        owe(state, state.nodes.get(`${event.path}/${child}`));
      }
      return distribute(state, event);
    case 'Reserved':
      return reserve(state, event);
    case 'ReservationEnded':
      return endReservation(state, event);
    case 'ShrinkRequested':
    case 'SheddingEnded':
      return shed(state, event);
    case 'ReserveChanged':
      return changeReserve(state, event);
    case 'PolicySet':
    case 'CredentialEnrolled':
    case 'CredentialDismissed':
      return foldRuling(state, event);
    default:
      return foldAlarm(state, event);
  }
}

/** The same of freezes, stops and alarms. */
function foldAlarm(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'Frozen':
      return withNode(state, event.path, (node) => {
        node.freezes.set(event.freeze, event.untilMs ?? null);
      });
    case 'Unfrozen':
      return withNode(state, event.path, (node) => {
        node.freezes.delete(event.freeze);
      });
    case 'Stopped':
    case 'StopAcknowledged':
    case 'StopCompleted':
    case 'StopLifted':
      return foldStop(state, event);
    case 'ThresholdCrossed':
      return withNode(state, event.path, (node) => {
        accountOf(state.nodes, node, event.resource).rung = event.rung;
      });
    case 'AlertRaised':
      return withNode(state, event.path, (node) => {
        const { kind, balance } = event.threshold;
        const of = balance === undefined ? 'usage' : 'balance';
        accountOf(state.nodes, node, event.resource).told[of] = kind;
      });
    case 'AlertCleared':
      return withNode(state, event.path, (node) => {
        const { told } = accountOf(state.nodes, node, event.resource);
        if (event.stillKind === undefined) delete told[event.of];
        else told[event.of] = event.stillKind;
      });
    case 'ThresholdRearmed':
      return withNode(state, event.path, (node) => {
        accountOf(state.nodes, node, event.resource).rung = event.rung - 1;
      });
    case 'ExhaustionForecast':
    case 'ForecastCleared':
      return setRaised(state, event);
    case 'QueueAgeReached':
    case 'QueueAgeCleared':
      return foldQueueAge(state, event);
    default:
      return;
  }
}

function setRaised(state: State, event: EventOf<'ExhaustionForecast' | 'ForecastCleared'>): void {
  const watched = state.watched.get(`${event.path}|${event.resource}`);
  if (watched !== undefined) watched.isRaised = event.type === 'ExhaustionForecast';
}

/** What governs the team, and who may act in it. */
function foldRuling(
  state: State,
  event: EventOf<'PolicySet' | 'CredentialEnrolled' | 'CredentialDismissed'>,
): void {
  switch (event.type) {
    case 'PolicySet':
      state.policy = event.policy;
      foldQueueAge(state, event);
      state.policyVersion += 1;
      return;
    case 'CredentialEnrolled': {
      const { role, prefix, priorityMax = null } = event;
      state.credentials.set(event.agent, { role, prefix, priorityMax });
      return;
    }
    case 'CredentialDismissed':
      state.credentials.delete(event.agent);
      return;
    default:
      return event satisfies never;
  }
}

function topUp(state: State, event: EventOf<'ToppedUp'>): void {
  withNode(state, event.path, (node) => {
    for (const [resource, amount] of Object.entries(event.amounts)) {
      const account = accountOf(state.nodes, node, resource);
      if (event.grant === undefined) setBase(account, (account.base ?? 0) + amount);
      else account.grants.set(event.id ?? '', mostLeft(amount, event.grant.rollover));
    }
  });
}

function setTerms(state: State, event: EventOf<'NodeOpened' | 'LimitsSet'>): void {
  withNode(state, event.path, (node) => {
    node.weightMilli = event.weightMilli ?? node.weightMilli;
  });
  setLimits(state, event.path, event.limits ?? {}, event.atMs);
}

function withNode(state: State, path: string, take: (node: ModelNode) => void): void {
  const node = state.nodes.get(path);
  if (node !== undefined) take(node);
}

export function openNode(
  state: State,
  path: string,
  tier: ModelNode['tier'],
  isAutoOpened: boolean,
  priorityMax: number | null = null,
): void {
  const node = newNode(path, tier, isAutoOpened, priorityMax);
  const parent = state.nodes.get(parentPathOf(path) ?? '');
  node.deadlineAtMs = parent?.deadlineAtMs ?? null;
  state.nodes.set(path, node);
  parent?.children.add(path);
}

function setLimits(state: State, path: string, limits: ResourceLimits, atMs: number): void {
  withNode(state, path, (node) => {
    for (const [resource, set] of Object.entries(limits)) {
      if (set.per !== undefined) {
        setRate(node, resource, set.per, set.limit ?? null, atMs);
        continue;
      }
      const account = accountOf(state.nodes, node, resource);
      const { limit, guarantee, lend, overrunLimit, thresholds } = set;
      if (lend !== undefined) account.lend = lend;
      if (overrunLimit !== undefined) account.overrunLimit = overrunLimit;
      if (limit !== undefined) setBase(account, limit);
      if (thresholds !== undefined) {
        account.hasThresholds = thresholds !== null;
        account.rung = 0;
        account.told = {};
      }
      if (guarantee !== undefined) account.guarantee = guarantee;
      touch(state.nodes, node, resource);
    }
  });
}

/** An auto-opened step that nobody closed by command: its name may be used again. */
function isIdleStep(state: State, path: string): boolean {
  const node = state.nodes.get(path);
  return node?.isAutoOpened === true && node.tier === 'step' && !node.isClosing;
}

/** Takes a node and everything beneath it away; what was spent there is its parent's. */
export function closeNode(state: State, path: string, keepsName: boolean): void {
  const parent = parentPathOf(path);
  const run = runOfBranch(state, path);
  forgetBreakers(state, path);
  for (const node of [...state.nodes.values()]) {
    if (!isWithin(node.path, path)) continue;
    state.nodes.delete(node.path);
    if (parent === undefined) continue;
    const to = state.nodes.get(parent);
    for (const [resource, account] of node.accounts) {
      if (to === undefined) continue;
      moveUses(state.nodes, account, to, resource);
      touch(state.nodes, to, resource);
    }
  }
  for (const grave of state.tombstones.values()) {
    if (isWithin(grave.liesAt, path)) grave.liesAt = parent ?? '';
  }
  for (const waiting of state.waiting.values()) {
    if (isWithin(waiting.earmarkPath, path)) waiting.earmarkPath = parent ?? '';
  }
  const above = parent === undefined ? undefined : state.nodes.get(parent);
  above?.children.delete(path);
  owe(state, run);
  if (keepsName) above?.closedNames.add(path);
  if (parent === undefined) state.isTeamClosed = true;
}

/** S §4: the most that a grant can have left: its amount, or what a rollover lifts it to. */
function mostLeft(
  amount: number,
  rollover: { readonly min: number; readonly max: number } | undefined,
): number {
  return rollover === undefined ? amount : Math.max(amount, Math.min(rollover.min, rollover.max));
}
