import { dominantUse, orderByDominantUse, type Sharer } from '../../resolver/dominant-use.ts';
import { useByNode } from '../../resolver/node-use.ts';
import { type HeadKey, orderHeads } from '../../resolver/order-heads.ts';
import { orderSiblings } from '../../resolver/order-siblings.ts';
import { orderVictims } from '../../resolver/victim-order.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { scaledTimeMs, scaledWeight } from './scale.ts';
import { liveOf, nodesOf, nominalsOf } from './translate.ts';

/**
 * Kind `order`: heads of queues and victims (OR), sibling branches (YK), sharers of several
 * resources (DRF).
 */
export function answerOrder(record: SchedulingRecord): Answers {
  return {
    ...headOrder(record),
    ...siblingOrders(record),
    ...dominantOrder(record),
    victimOrder: victimOrder(record),
  };
}

function headOrder({ requests, policy = {} }: SchedulingRecord): Answers {
  const heads = requests.map((request) => ({
    id: request.id,
    priority: request.priority ?? 0,
    borrowLevels: Number(request['borrowLevels'] ?? 0),
    createdAtMs: scaledTimeMs(Number(request['createdAt'] ?? 0)),
    ...('evictedAt' in request && { evictedAtMs: scaledTimeMs(Number(request['evictedAt'])) }),
    reclaimedWhileBorrowing: request['reclaimedWhileBorrowing'] === true,
  }));
  const keys = policy['keys'] as readonly string[] | undefined;
  const order = orderHeads(heads, {
    ...(keys && { keys: keys.map(headKeyOf) }),
    ...(policy['queueTime'] === 'creation' && { queueTime: 'creation' as const }),
  });
  return { order: order.map(({ id }) => id) };
}

/** In which order the holders would be asked to give way to the first request. */
export function victimOrder(record: SchedulingRecord): readonly string[] {
  const canShrink = new Set(
    record.allocations.filter((one) => one['divisible'] === true).map(({ id }) => id),
  );
  const holders = liveOf(record).map((one) => (canShrink.has(one.id) ? { ...one, min: {} } : one));
  return orderVictims(holders, record.requests[0]?.node ?? '').map(({ id }) => id);
}

function headKeyOf(text: string): HeadKey {
  const key = HEAD_KEYS[text];
  if (key === undefined) throw new Error(`no key of the order is known as ${text}`);
  return key;
}

const HEAD_KEYS: Readonly<Record<string, HeadKey>> = {
  'borrow levels asc': 'borrowLevels',
  'priority desc': 'priority',
  'queue time asc': 'queueTime',
};

function siblingOrders(record: SchedulingRecord): Answers {
  const uses = useByNode(nodesOf(record), liveOf(record));
  const branches = record.nodes
    .filter((node) => node['currentPriority'] !== undefined)
    .map((node) => ({
      id: node.id,
      priority: Number(node['currentPriority']),
      uses: [uses.get(node.id) ?? {}],
      guarantee: nominalsOf(node),
    }));
  const root = record.nodes.find(({ parent }) => parent === null);
  const fair = root === undefined ? {} : nominalsOf(root);
  return {
    fairFirstOrder: orderSiblings(branches, fair, 'fairFirst'),
    priorityFirstOrder: orderSiblings(branches, fair, 'priorityFirst'),
  };
}

function dominantOrder(record: SchedulingRecord): Answers {
  const uses = useByNode(nodesOf(record), liveOf(record));
  const root = record.nodes.find(({ parent }) => parent === null);
  const total = root === undefined ? {} : nominalsOf(root);
  const sharers = record.nodes
    .filter(({ parent }) => parent !== null)
    .map(
      (node): Sharer => ({
        id: node.id,
        weightMilli: scaledWeight(node.weight ?? 1),
        use: uses.get(node.id) ?? {},
        guarantee: nominalsOf(node),
      }),
    );
  const asking = new Set(record.requests.map(({ node }) => node));
  const servedOrder = orderByDominantUse(
    sharers.filter(({ id }) => asking.has(id)),
    total,
  );
  return {
    servedFirst: servedOrder[0],
    servedOrder,
    weightedDominantShares: Object.fromEntries(
      sharers.map((sharer) => [sharer.id, dominantUse(sharer, total)]),
    ),
  };
}
