import { QuotaTree } from '../../resolver/quota-tree.ts';
import type {
  Amounts,
  LiveAllocation,
  NodePreemption,
  PendingRequest,
  ResourceNode,
  ResourceQuota,
  TimedRequest,
} from '../../resolver/types.ts';
import type { ScenarioAmount, ScenarioHolder, ScenarioNode, SchedulingRecord } from './record.ts';
import { scaledAmount, scaledMinutesMs, scaledTimeMs, scaledWeight } from './scale.ts';

/** The tree of a record with the use of its allocations on it. */
export function treeOf(record: SchedulingRecord): QuotaTree {
  const tree = QuotaTree.ofQuotas(nodesOf(record));
  for (const { node, amounts } of liveOf(record)) tree.use(node, amounts, 1);
  return tree;
}

export function nodesOf({ nodes }: SchedulingRecord): ResourceNode[] {
  return nodes.map(nodeOf);
}

/** The resources that a record is about. */
export function resourcesOf({ resourceModel }: SchedulingRecord): readonly string[] {
  const names = resourceModel?.['resources'];
  return Array.isArray(names) ? names : [];
}

/** The same where a quota is a guarantee, whose unused part others may use, and a ceiling. */
export function guaranteeTreeOf(record: SchedulingRecord): QuotaTree {
  const tree = QuotaTree.ofAccounts(
    record.nodes.map((scenario) => {
      const { quotas, ...node } = nodeOf(scenario);
      const accounts = mapValues(quotas, ({ nominal = 0, max = null }) => ({
        limit: max,
        guarantee: nominal,
        lend: null,
      }));
      return { ...node, accounts };
    }),
  );
  for (const { node, amounts } of liveOf(record)) tree.use(node, amounts, 1);
  return tree;
}

/** What a node has of its own, of the resources that it names an amount of. */
export function nominalsOf(node: ScenarioNode): Amounts {
  const named = Object.entries(nodeOf(node).quotas).flatMap(([resource, { nominal }]) =>
    nominal === undefined ? [] : [[resource, nominal] as const],
  );
  return Object.fromEntries(named);
}

export function liveOf({ allocations }: SchedulingRecord): LiveAllocation[] {
  return allocations.map((one) => ({
    ...whoOf(one),
    grantedAtMs: timeOf(one['grantedAt']) ?? 0,
    ...optional('createdAtMs', timeOf(one['createdAt'])),
    state: one['state'] === 'evicting' ? 'evicting' : 'active',
  }));
}

export function requestsOf({ requests }: SchedulingRecord): TimedRequest[] {
  return requests.map((one) => ({
    ...whoOf(one),
    ...optional('createdAtMs', timeOf(one['createdAt'])),
    ...optional('queuedAtMs', timeOf(one['evictedAt'])),
    ...optional('runsForMs', minutesOf(one['durationMin'])),
    ...optional('contested', one['contested'] as readonly string[] | undefined),
  }));
}

/** The request of a record that has one. */
export function onlyRequestOf(record: SchedulingRecord): PendingRequest {
  const [first, ...others] = requestsOf(record);
  if (first === undefined || others.length > 0) throw new Error('this kind has one request');
  return first;
}

export function amountsOf(amounts: Readonly<Record<string, ScenarioAmount>> = {}): Amounts {
  return mapValues(amounts, (amount) => {
    const scaled = scaledAmount(amount);
    if (scaled === null) throw new Error('an amount without bound has no meaning here');
    return scaled;
  });
}

function nodeOf({ id, parent, weight, quotas, preemption, queueing }: ScenarioNode): ResourceNode {
  return {
    id,
    parent,
    quotas: mapValues(quotas ?? {}, (quota) => mapValues(quota, scaledLimit) as ResourceQuota),
    ...optional('weightMilli', weight === undefined ? undefined : scaledWeight(weight)),
    ...optional('preemption', preemption === undefined ? undefined : policyOf(preemption)),
    strictFifo: queueing === 'strictFIFO',
  };
}

function scaledLimit(amount: unknown): number {
  const scaled = scaledAmount(amount as ScenarioAmount);
  if (scaled === null) throw new Error('a limit without bound is left out');
  return scaled;
}

function whoOf({ id, node = '', priority = 0, amounts, priorityBoost }: ScenarioHolder) {
  return {
    id,
    node,
    priority,
    amounts: amountsOf(amounts),
    ...optional('boost', priorityBoost as number | undefined),
  };
}

const POLICIES: Readonly<Record<string, NodePreemption['withinNode']>> = {
  never: 'never',
  lowerPriority: 'lower',
  lowerOrNewerEqualPriority: 'lowerOrNewerEqual',
  any: 'any',
};

function policyOf(preemption: unknown): NodePreemption {
  const { withinNode, reclaim, whileBorrowing } = preemption as {
    readonly withinNode: string;
    readonly reclaim: string;
    readonly whileBorrowing?: { readonly policy: string; readonly maxPriority?: number };
  };
  const named = (name: string) => {
    const policy = POLICIES[name];
    if (policy === undefined) throw new Error(`${name} is no policy that we have`);
    return policy;
  };
  return {
    withinNode: named(withinNode),
    reclaim: named(reclaim) as NodePreemption['reclaim'],
    whileBorrowing: {
      policy: named(whileBorrowing?.policy ?? 'never') as 'never' | 'lower',
      ...optional('maxPriority', whileBorrowing?.maxPriority),
    },
  };
}

function minutesOf(time: unknown): number | undefined {
  return time === undefined ? undefined : scaledMinutesMs(time as ScenarioAmount);
}

function timeOf(time: unknown): number | undefined {
  return time === undefined ? undefined : scaledTimeMs(time as ScenarioAmount);
}

function mapValues<In, Out>(
  values: Readonly<Record<string, In>>,
  change: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

/** A field that is left out where there is no value for it. */
function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}
