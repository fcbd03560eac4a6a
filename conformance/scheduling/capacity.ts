import type { QuotaTree } from '../../resolver/quota-tree.ts';
import { availabilityOf } from './availability.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { unscaledAmount } from './scale.ts';
import { liveOf, treeOf } from './translate.ts';

/** What is free at each node, now, in an empty tree, and after all use is taken away again. */
export function capacity(record: SchedulingRecord): Answers {
  const tree = treeOf(record);
  const available = (id: string, resource: string) => tree.available(id, resource);
  const whole = figuresOf(tree, (id, resource) => tree.capacity(id, resource));
  const now = figuresOf(tree, available);
  const availability = availabilityOf(record, tree);
  for (const { node, amounts } of liveOf(record)) tree.use(node, amounts, -1);
  const after = figuresOf(tree, available);
  return {
    ...availability,
    availableNow: now,
    availableIfTreeWereEmpty: whole,
    roundTrip: JSON.stringify(after, asText) === JSON.stringify(whole, asText),
  };
}

function figuresOf(tree: QuotaTree, figure: (id: string, resource: string) => number): Figures {
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
