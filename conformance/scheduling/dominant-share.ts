import { dominantShare, sharePermille } from '../../resolver/dominant-share.ts';
import { guaranteeRatio } from '../../resolver/guarantee-ratio.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, nominalsOf, requestsOf, treeOf } from './translate.ts';

/** Who borrows how much of what could be lent; of a single node, how full its guarantees are. */
export function dominantShares(record: SchedulingRecord): Answers {
  const tree = treeOf(record);
  const [hypothetical] = requestsOf(record);
  const shares = tree.nodeIds().map((id) => {
    const more = hypothetical?.node === id ? hypothetical.amounts : {};
    const share = dominantShare(tree, id, more);
    return [
      id,
      {
        share: sharePermille(share) ?? Infinity,
        dominant: share.dominant,
        borrowing: share.isBorrowing,
      },
    ];
  });
  return { shares: Object.fromEntries(shares), ...ratioOf(record) };
}

/** Of the node whose use the record states; what it has no guarantee of is measured by its root. */
function ratioOf(record: SchedulingRecord): Answers {
  const live = liveOf(record);
  const node = record.nodes.find(({ id }) => id === live[0]?.node);
  const root = record.nodes.find(({ parent }) => parent === null);
  if (node === undefined || root === undefined) return {};
  const uses = live.map(({ amounts }) => amounts);
  return { shareRatio: guaranteeRatio(uses, nominalsOf(node), nominalsOf(root)), finite: true };
}
