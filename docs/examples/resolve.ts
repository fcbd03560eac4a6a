/**
 * Contention over a snapshot, without a governor: `node --import tsx docs/examples/resolve.ts`.
 * A team has 10 slots; research is guaranteed 4 of them, and chat has taken 8.
 */
import { ResourceConflictResolver } from '../../resolver/resolver.ts';

const resolver = new ResourceConflictResolver({
  nodes: [
    { id: 'acme', parent: null, quotas: { concurrency: { nominal: 6 } } },
    {
      id: 'acme/research',
      parent: 'acme',
      quotas: { concurrency: { nominal: 4 } },
      preemption: { withinNode: 'lower', reclaim: 'any', whileBorrowing: { policy: 'never' } },
    },
    { id: 'acme/chat', parent: 'acme', quotas: {} },
  ],
});

const held = [
  { id: 'chat-1', node: 'acme/chat', priority: 200, amounts: { concurrency: 5 }, grantedAtMs: 1 },
  { id: 'chat-2', node: 'acme/chat', priority: 200, amounts: { concurrency: 3 }, grantedAtMs: 2 },
];
const asked = [
  { id: 'research-1', node: 'acme/research', priority: 100, amounts: { concurrency: 4 } },
];

for (const conflict of resolver.detectConflicts(asked, held)) {
  const { type, account, requested, available, holders } = conflict;
  console.log(
    `${type} on ${account.path}: ${requested} asked, ${available} free, held by ${holders}`,
  );

  const waits = resolver.resolveConflict(conflict);
  console.log(`${waits.rule} → ${waits.strategy}: ${waits.allocationsQueued.length} queued`);
  for (const { strategy, grantedCount, cost } of waits.alternatives) {
    console.log(`  or ${strategy}: ${grantedCount} granted, ${cost.evictedCount} evicted`);
  }

  const evicts = resolver.resolveConflict(conflict, 'preemption_allowed');
  for (const { id, right, reason, beneficiary } of evicts.preemptedTasks) {
    console.log(`${id} leaves for ${beneficiary} by ${right} (${reason})`);
  }
}
