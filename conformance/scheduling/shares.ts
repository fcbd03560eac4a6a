import { shareAsTheyCome } from '../../resolver/share-as-they-come.ts';
import { exactSum, type Shares } from '../../resolver/share-claim.ts';
import { shareMaxMin } from '../../resolver/share-max-min.ts';
import { shareProportional } from '../../resolver/share-proportional.ts';
import { shareTopUp } from '../../resolver/share-top-up.ts';
import { type ShareMethod, shareTree } from '../../resolver/share-tree.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { scaledAmount, unscaledAmount } from './scale.ts';
import { nodesOf, resourcesOf } from './translate.ts';

/** Kind `share`: one resource divided among the leaves that ask for it (MM, DM). */
export function answerShares(record: SchedulingRecord): Answers {
  const [resource = ''] = resourcesOf(record);
  const isTimed = record.requests.some(({ createdAt }) => createdAt !== undefined);
  const shares = (isTimed ? sharesInTime : sharesAtOnce)(record, resource);
  const leaves = record.nodes.filter(({ kind }) => kind === 'leaf');
  const sum = exactSum(leaves.map(({ id }) => shares.get(id) ?? 0));
  const all = [...shares].map(([id, share]) => [id, unscaledAmount(share)] as const);
  return { shares: Object.fromEntries(all), sum: unscaledAmount(Number(sum)) };
}

function sharesAtOnce(record: SchedulingRecord, resource: string): Shares {
  const { allocations, requests, policy } = record;
  const demands = [...allocations, ...requests].map(({ node = '', amounts = {} }) => ({
    node,
    amount: scaledAmount(amounts[resource] ?? 0),
  }));
  return shareTree(nodesOf(record), resource, demands, {
    method: methodOf(policy?.['strategy']),
    honoursGuarantees: policy?.['mins'] !== null,
  });
}

function sharesInTime(record: SchedulingRecord, resource: string): Shares {
  const nodes = nodesOf(record);
  const root = nodes.find(({ parent }) => parent === null);
  const weights = new Map(nodes.map(({ id, weightMilli }) => [id, weightMilli]));
  const claims = record.requests.map(({ node = '', amounts = {}, createdAt }) => ({
    id: node,
    weightMilli: weights.get(node) ?? 1000,
    demand: scaledAmount(amounts[resource] ?? 0),
    arrivesAtMs: Number(createdAt),
  }));
  const capacity = root?.quotas[resource]?.nominal ?? 0;
  return shareAsTheyCome(capacity, claims, methodOf(record.policy?.['strategy']));
}

/** The algorithm under the name that its source gives it; max-min where it names none. */
function methodOf(strategy: unknown): ShareMethod {
  const [, method] = METHODS.find(([name]) => name.test(String(strategy ?? 'max-min'))) ?? [];
  if (method === undefined) throw new Error(`no algorithm of shares is known as ${strategy}`);
  return method;
}

const METHODS: readonly [name: RegExp, method: ShareMethod][] = [
  [/^PROPORTIONAL_SHARE$|top-up/, shareTopUp],
  [/^FAIR_SHARE$|max-min/, shareMaxMin],
  [/proportional/, (capacity, claims) => shareProportional(capacity, claims, 'need')],
];
