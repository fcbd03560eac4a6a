import type { EventOf } from '../../events/events.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { treeSum } from './books.ts';
import type { Account, ModelNode } from './nodes.ts';
import { spentTree, windowOver } from './spent.ts';
import type { State } from './state.ts';

type Crossed = Bench<EventOf<'ThresholdCrossed'>>;

/** S §8: a threshold fires once on crossing upward. */
export function judgeCrossed({ state, event, find }: Crossed): void {
  const { path, resource, rung, kind } = event;
  const node = state.nodes.get(path);
  const limit = ordinaryLimit(node?.accounts.get(resource));
  if (node === undefined || limit === null || !hasLadder(node, resource)) {
    return find('INV-15', `${resource} of ${path} has no ladder`, path);
  }
  const step = state.policy.ladder[rung - 1];
  const current = node.accounts.get(resource)?.rung ?? 0;
  if (step === undefined || step.kind !== kind)
    return find('INV-15', `rung ${rung} is no ${kind}`, path);
  if (rung <= current) find('INV-15', `rung ${rung} fires again`, path);
  const used = useOfNode(state, node, resource);
  if (!isAtLeast(used, step.onPermille, limit)) {
    find('INV-15', `${kind} fires at ${used} of ${limit}`, path);
  }
  if (event.limit !== limit) find('INV-15', `its limit is ${limit}`, path);
  if (limit > 0 && event.usePermille !== permilleOf(used, limit)) {
    find('INV-15', `${event.usePermille} permille of ${used} in ${limit}`, path);
  }
}

/** S §8: and re-arms below its lower bound. */
export function judgeRearmed({ state, event, find }: Bench<EventOf<'ThresholdRearmed'>>): void {
  const node = state.nodes.get(event.path);
  const account = node?.accounts.get(event.resource);
  if (node === undefined || account === undefined)
    return find('INV-15', 'no such account', event.path);
  if (account.rung !== event.rung) find('INV-15', `rung ${event.rung} is armed`, event.path);
  const step = state.policy.ladder[event.rung - 1];
  const limit = ordinaryLimit(account);
  if (step === undefined || limit === null) return;
  const used = useOfNode(state, node, event.resource);
  if (used === 0) return;
  if (isAtLeast(used, step.offPermille, limit)) {
    find('INV-15', `re-arms at ${used} of ${limit}`, event.path);
  }
}

/** Thresholds that should have been told, once a decision with all that follows is over. */
export function judgeLadders(state: State, find: Bench['find']): void {
  for (const node of state.nodes.values()) {
    for (const [resource, account] of node.accounts) {
      const { rung } = account;
      const limit = ordinaryLimit(account);
      if (limit === null && rung > 0) {
        find('INV-15', `${resource} is told to be used up, of no limit`, node.path);
      }
      if (limit === null || !hasLadder(node, resource)) continue;
      const used = useOfNode(state, node, resource);
      // Nothing of nothing is no use.
      if (limit === 0 && used === 0) continue;
      const next = state.policy.ladder[rung];
      if (next !== undefined && isAtLeast(used, next.onPermille, limit)) {
        find(
          'INV-15',
          `${next.kind} of ${resource} was not told at ${used} of ${limit}`,
          node.path,
        );
      }
      const current = state.policy.ladder[rung - 1];
      if (current !== undefined && !isAtLeast(used, current.offPermille, limit)) {
        find('INV-15', `${current.kind} of ${resource} is not re-armed at ${used}`, node.path);
      }
    }
  }
}

/** The ladder is of consumables of team and swarm. */
function hasLadder({ tier, accounts }: ModelNode, resource: string): boolean {
  if (accounts.get(resource)?.hasThresholds === true) return false;
  const isTier = tier === 'team' || tier === 'swarm';
  return isTier && resourceTypeOf(resource)?.class === 'consumable';
}

/** What is there for ordinary work: the limit less what is kept for emergencies. */
function ordinaryLimit(account: Account | undefined): number | null {
  const limit = account?.limit ?? null;
  return limit === null ? null : limit - (account?.reserved ?? 0);
}

/** S §8: use = spent + held, with all descendants. */
function useOfNode(state: State, node: ModelNode, resource: string): number {
  const spent = spentTree(state.nodes, node, resource, windowOver(state.nodes, node, resource));
  return treeSum(state.nodes, node, resource, 'held') + spent;
}

function isAtLeast(used: number, permille: number, limit: number): boolean {
  return BigInt(used) * 1000n >= BigInt(permille) * BigInt(limit);
}

/** Never more than can be told exactly. */
function permilleOf(used: number, limit: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Number((BigInt(used) * 1000n) / BigInt(limit)));
}
