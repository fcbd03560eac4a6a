import { bindingNodeOf } from '../../resolver/binding-node.ts';
import type { QuotaTree } from '../../resolver/quota-tree.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { unscaledAmount } from './scale.ts';
import { resourcesOf } from './translate.ts';

/**
 * What is available at the nodes that a record asks about, of its one resource or of those that it
 * names, and which node decides it: for its request, else for the first node asked about.
 */
export function availabilityOf(record: SchedulingRecord, tree: QuotaTree): Answers {
  const asked = Object.entries((record.expected['availableAt'] ?? {}) as Answers);
  const [resource = ''] = resourcesOf(record);
  const at = (node: string, name: string) => unscaledAmount(tree.available(node, name));
  const availableAt = asked.map(([node, expected]) => [
    node,
    typeof expected === 'object' && expected !== null
      ? Object.fromEntries(Object.keys(expected).map((name) => [name, at(node, name)]))
      : at(node, resource),
  ]);
  const [request] = record.requests;
  const node = request?.node ?? asked[0]?.[0];
  const [wanted = resource] = Object.keys(request?.amounts ?? {});
  return {
    availableAt: Object.fromEntries(availableAt),
    bindingNode: node === undefined ? null : bindingNodeOf(tree, node, wanted),
  };
}
