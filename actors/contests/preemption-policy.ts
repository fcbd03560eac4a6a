import { parentPathOf } from '../../events/names.ts';
import type { NodePreemption } from '../../resolver/types.ts';
import type { Account } from '../accounts/account.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** Whom a request of a node may evict, and what an operator adds to priorities there. */
export interface PreemptionAt {
  readonly preemption: NodePreemption;
  /** Added to base priority, on both sides of an eviction. */
  readonly boost: number;
}

/**
 * The preemption policy of a node: the team's, with what the policy says of the node or the nearest
 * of its ancestors, field by field.
 */
export function preemptionAt(team: Team, node: Node): PreemptionAt {
  const { preemption } = team.policy;
  let { withinNode, reclaim, whileBorrowing } = preemption;
  let boost = 0;
  for (const path of pathsDownTo(node.path)) {
    const here = preemption.nodes[path];
    withinNode = here?.withinNode ?? withinNode;
    reclaim = here?.reclaim ?? reclaim;
    whileBorrowing = here?.whileBorrowing ?? whileBorrowing;
    boost = here?.boost ?? boost;
  }
  // Nothing said: whoever may evict in its node may evict what is less urgent elsewhere.
  const policy = whileBorrowing?.policy ?? (withinNode === 'never' ? 'never' : 'lower');
  const maxPriority = whileBorrowing?.maxPriority;
  const beyond = { policy, ...(maxPriority === undefined ? {} : { maxPriority }) };
  return { boost, preemption: { withinNode, reclaim, whileBorrowing: beyond } };
}

/** The same rules where nothing but what is lent may be taken back. */
export function reclaimAlone({ reclaim }: NodePreemption): NodePreemption {
  return { withinNode: 'never', reclaim, whileBorrowing: { policy: 'never' } };
}

/**
 * Whether some tier of a path has a guarantee that is not used up: that much it may take back.
 * @param freed what others beneath give before, by account: a branch may make room in its own part first
 */
export function hasUnusedGuarantee(
  from: Node,
  resources: readonly string[],
  freed?: ReadonlyMap<Account, number>,
): boolean {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    for (const resource of resources) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      if (account.committed - (freed?.get(account) ?? 0) < account.guarantee) return true;
    }
  }
  return false;
}

/** Outermost first. */
function pathsDownTo(path: string): string[] {
  const paths: string[] = [];
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    paths.unshift(at);
  }
  return paths;
}
