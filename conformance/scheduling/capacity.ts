import { bindingNodeOf } from '../../resolver/binding-node.ts';
import type { QuotaTree } from '../../resolver/quota-tree.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { unscaledAmount } from './scale.ts';
import { liveOf, requestsOf, treeOf } from './translate.ts';

/** What is free at each node, now, in an empty tree, and after all use is taken away again. */
export function capacity(record: SchedulingRecord): Answers {
  const tree = treeOf(record);
  const available = (id: string, resource: string) => tree.available(id, resource);
  const whole = figuresOf(tree, (id, resource) => tree.capacity(id, resource));
  const now = figuresOf(tree, available);
  const bindingNode = bindingNodeIn(tree, record);
  for (const { node, amounts } of liveOf(record)) tree.use(node, amounts, -1);
  const after = figuresOf(tree, available);
  return {
    availableNow: now,
    availableAt: now,
    bindingNode,
    availableIfTreeWereEmpty: whole,
    roundTrip: JSON.stringify(after, asText) === JSON.stringify(whole, asText),
  };
}

/** The node that binds the request, for the first resource that it names. */
export function bindingNodeIn(tree: QuotaTree, record: SchedulingRecord): string | null {
  const [request] = requestsOf(record);
  const [resource = ''] = Object.keys(request?.amounts ?? {});
  return request === undefined ? null : bindingNodeOf(tree, request.node, resource);
}

export function figuresOf(
  tree: QuotaTree,
  figure: (id: string, resource: string) => number,
): Figures {
  const of = (id: string) =>
    Object.fromEntries(
      tree.resources().map((resource) => [resource, unscaledAmount(figure(id, resource))]),
    );
  return Object.fromEntries(tree.nodeIds().map((id) => [id, of(id)]));
}

type Figures = Readonly<Record<string, unknown>>;

function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}
