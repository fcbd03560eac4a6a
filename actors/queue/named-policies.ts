import { LIMITS } from '../../events/limits.ts';
import { depthOf } from '../../events/names.ts';
import { borrowLevel } from '../../resolver/borrow-level.ts';
import { nextByShare } from '../../resolver/next-by-share.ts';
import { orderHeads, type QueueHead } from '../../resolver/order-heads.ts';
import type { QuotaTree } from '../../resolver/quota-tree.ts';
import { compareRatios } from '../../resolver/ratio.ts';
import { quotaTreeBeneath } from '../contests/quota-snapshot.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import type { SeatHead } from './next-in-line.ts';
import { runKeyOf } from './turns.ts';
import { agelessRank, type Ranked } from './wait-queue.ts';

/** Chooses one of several heads, at least one. */
type Choose = <One extends Ranked>(
  team: Team,
  node: Node,
  resource: string,
  heads: readonly SeatHead<One>[],
) => One | undefined;

/**
 * The named policies (semantics §7): what they put before priority and queue time. All keys are of
 * this moment; none changes with time alone, because all age at the same rate.
 */
export const CHOICES: Readonly<Record<'classic' | 'fair' | 'budget', Choose>> = {
  classic: byBorrowLevel,
  fair: byShare,
  budget: byUseOfLimit,
};

/** Fewer tiers from which it borrows first (Kueue's scheduling cycle). */
function byBorrowLevel<One extends Ranked>(
  team: Team,
  node: Node,
  _resource: string,
  heads: readonly SeatHead<One>[],
): One | undefined {
  const tree = treeOf(node, heads);
  const [first] = orderHeads(heads.map((head) => classicHead(team, tree, head)));
  return heads.find(({ one }) => idOf(one) === first?.id)?.one;
}

function classicHead(team: Team, tree: QuotaTree, { one, seat, amounts }: SeatHead): QueueHead {
  const { lender } = borrowLevel(tree, seat.path, amounts);
  // By tier: what any two swarms lend is equally far, however deep they are.
  const borrowLevels = lender === seat.path ? 0 : LIMITS.depthMax + 1 - depthOf(lender);
  return headOf(team, one, borrowLevels);
}

/** From branch to branch the smaller weighted share after the grant (resolver/next-by-share.ts). */
function byShare<One extends Ranked>(
  team: Team,
  node: Node,
  _resource: string,
  heads: readonly SeatHead<One>[],
): One | undefined {
  const rounds = heads.map(({ one, seat, amounts }) => {
    const head = headOf(team, one, 0);
    const { id, priority, createdAtMs } = head;
    const request = { id, node: seat.path, priority, amounts, createdAtMs };
    return { ...head, request, state: 'fits' as const };
  });
  const first = nextByShare(treeOf(node, heads), rounds);
  return heads.find(({ one }) => idOf(one) === first?.id)?.one;
}

/** Effective priority, then the run that has and has had the least of its own limit. */
function byUseOfLimit<One extends Ranked>(
  team: Team,
  node: Node,
  resource: string,
  heads: readonly SeatHead<One>[],
): One | undefined {
  const { aging } = team.policy;
  const compare = (a: One, b: One): number =>
    agelessRank(b, aging) - agelessRank(a, aging) ||
    compareParts(partOfLimit(team, node, resource, a), partOfLimit(team, node, resource, b)) ||
    a.queuedAtMs - b.queuedAtMs ||
    a.arrival - b.arrival;
  return heads.map(({ one }) => one).sort(compare)[0];
}

interface Part {
  readonly used: number;
  readonly limit: number;
}

/** What the run of a request has of its limit; where it has none, of what it waits for. */
function partOfLimit(team: Team, node: Node, resource: string, { ask }: Ranked): Part {
  const own = team.nodes.get(runKeyOf(ask.path))?.accounts.get(resource);
  const limit = own?.limit ?? node.accounts.get(resource)?.limit ?? null;
  const used = Math.max(0, (own?.heldTree ?? 0) + (own?.spentTree ?? 0));
  // Of what has no end nobody has used a part.
  return limit === null ? { used: 0, limit: 1 } : { used, limit: Math.max(1, limit) };
}

function compareParts(a: Part, b: Part): number {
  return compareRatios(a.used, a.limit, b.used, b.limit);
}

function treeOf(node: Node, heads: readonly SeatHead[]): QuotaTree {
  const resources = new Set(heads.flatMap(({ amounts }) => Object.keys(amounts)));
  return quotaTreeBeneath(
    node,
    heads.map(({ seat }) => seat),
    [...resources],
  );
}

function headOf(team: Team, one: Ranked, borrowLevels: number): QueueHead {
  const priority = agelessRank(one, team.policy.aging);
  return { id: idOf(one), priority, borrowLevels, createdAtMs: one.queuedAtMs };
}

/** Ids decide between equals: the arrival, which no two share. */
function idOf({ arrival }: Ranked): string {
  return String(arrival).padStart(16, '0');
}
