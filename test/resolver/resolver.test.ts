import fc from 'fast-check';

import { ExecutionPriority } from '../../events/priority.ts';
import { Strategy } from '../../events/strategy.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import { ResourceConflictResolver } from '../../resolver/resolver.ts';
import type { LiveAllocation, PendingRequest, ResourceNode } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { randomContest } from './random-contest.ts';
import { treeWith } from './random-tree.ts';

const test = suite('resolver facade');

interface Snapshot {
  readonly nodes: ResourceNode[];
  readonly live: LiveAllocation[];
  readonly pending: PendingRequest[];
}

const ask = fc.record(
  {
    priority: fc.nat(4),
    amounts: fc.record({ cpu: fc.nat(5), mem: fc.nat(5) }),
    mins: fc.record({ cpu: fc.nat(2) }),
    createdAtMs: fc.nat(9),
    maxWaitMs: fc.constantFrom(0, 1_000),
  },
  { requiredKeys: ['priority', 'amounts', 'createdAtMs'] },
);

/** Allocations that were all granted by the tree's own rule, and some who ask for more. */
const snapshot: fc.Arbitrary<Snapshot> = randomContest.chain(({ nodes, live }) =>
  fc.record({
    nodes: fc.constant(nodes),
    live: fc.constant(grantable(nodes, live)),
    pending: fc
      .array(fc.tuple(fc.constantFrom(...nodes.map(({ id }) => id)), ask), { maxLength: 6 })
      .map((rows) =>
        rows.map(([node, { mins, ...rest }], at) => {
          const cpu = Math.min(mins?.cpu ?? 0, rest.amounts.cpu);
          return { id: `r${at}`, node, ...rest, ...(mins && { mins: { cpu } }) };
        }),
      ),
  }),
);

function grantable(nodes: ResourceNode[], live: LiveAllocation[]): LiveAllocation[] {
  const tree = QuotaTree.ofQuotas(nodes);
  return live.filter(({ node, amounts }) => {
    const fits = tree.fits(node, amounts);
    if (fits) tree.use(node, amounts, 1);
    return fits;
  });
}

test('I-02 D-04 there is a conflict exactly where not all requests can be granted', () => {
  fc.assert(
    fc.property(snapshot, ({ nodes, live, pending }) => {
      const conflicts = new ResourceConflictResolver({ nodes }).detectConflicts(pending, live);
      const tree = treeWith(nodes, live);
      const isFree = pending.every(({ node, amounts }) => {
        const fits = tree.fits(node, amounts);
        tree.use(node, amounts, 1);
        return fits;
      });
      assert.is(conflicts.length === 0, isFree);
    }),
    { numRuns: 2_000 },
  );
});

test('I-01 each request of a conflict is granted, queued or denied, and what is granted fits', () => {
  fc.assert(
    fc.property(snapshot, fc.constantFrom(...Strategy.options), (given, strategy) => {
      const { nodes, live, pending } = given;
      const resolver = new ResourceConflictResolver({ nodes });
      for (const conflict of resolver.detectConflicts(pending, live)) {
        const result = resolver.resolveConflict(conflict, strategy);
        const decided = [
          ...result.allocationsGranted,
          ...result.allocationsDenied,
          ...result.allocationsQueued,
        ];
        assert.equal(
          decided.map(({ id }) => id).sort(),
          conflict.requests.map(({ id }) => id).sort(),
        );
        const tree = treeWith(nodes, live);
        for (const { id, take } of result.preemptedTasks) {
          const holder = live.find((one) => one.id === id);
          tree.use(holder?.node ?? '', take ?? holder?.amounts ?? {}, -1);
        }
        for (const { id, amounts } of result.allocationsGranted) {
          const request = pending.find((one) => one.id === id);
          assert.ok(tree.fits(request?.node ?? '', amounts), `${id} fits`);
          tree.use(request?.node ?? '', amounts, 1);
          const [least, asked] = [request?.mins?.['cpu'] ?? 0, request?.amounts['cpu'] ?? 0];
          assert.ok((amounts['cpu'] ?? 0) >= least && (amounts['cpu'] ?? 0) <= asked);
        }
        for (const { id, reason } of result.allocationsDenied) {
          const request = pending.find((one) => one.id === id);
          assert.ok(reason === 'never_fits' || request?.maxWaitMs === 0);
        }
        if (strategy !== 'preemption_allowed') assert.equal(result.preemptedTasks, []);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('I-01 the order of the input changes no result', () => {
  fc.assert(
    fc.property(snapshot, ({ nodes, live, pending }) => {
      const results = (given: Snapshot) => {
        const resolver = new ResourceConflictResolver({ nodes: given.nodes });
        return resolver
          .detectConflicts(given.pending, given.live)
          .map((conflict) => [conflict.account, resolver.resolveConflict(conflict)]);
      };
      const turned = {
        nodes: [...nodes].reverse(),
        live: [...live].reverse(),
        pending: [...pending].reverse(),
      };
      assert.equal(results(turned), results({ nodes, live, pending }));
    }),
  );
});

const NODES: ResourceNode[] = ['a', 'b'].map((id) => ({
  id,
  parent: 'team',
  quotas: {},
  preemption: {
    withinNode: 'lower',
    reclaim: 'any',
    whileBorrowing: { policy: 'lower' },
  },
}));

function team(resource: string, nominal: number): ResourceConflictResolver {
  const root = { id: 'team', parent: null, quotas: { [resource]: { nominal } } };
  return new ResourceConflictResolver({ nodes: [root, ...NODES] });
}

function asks(id: string, cpu: number, more: Partial<PendingRequest> = {}): PendingRequest {
  return { id, node: 'a', priority: 100, amounts: { cpu }, ...more };
}

const HELD: LiveAllocation = {
  id: 'held',
  node: 'b',
  priority: 0,
  amounts: { cpu: 4 },
  grantedAtMs: 0,
};

test('D-02 D-05 a conflict names who asks, who holds, demand and supply', () => {
  const [conflict, ...others] = team('cpu', 10).detectConflicts(
    [asks('x', 4), asks('y', 5)],
    [HELD],
  );
  assert.equal(others, []);
  assert.equal(conflict?.account, { path: 'team', resource: 'cpu' });
  assert.is(conflict?.type, 'insufficient_resource');
  assert.is(conflict?.scenario, 'competing_requests');
  assert.is(conflict?.requested, 9);
  assert.is(conflict?.available, 6);
  assert.equal(conflict?.holders, ['held']);
});

test('D-06 D-07 over-allocation and emergencies are told apart', () => {
  const over = team('cpu', 3).detectConflicts([], [HELD]);
  assert.equal(
    over.map(({ scenario, available }) => [scenario, available]),
    [['over_allocation', 0]],
  );
  assert.ok(over[0]);
  assert.is(team('cpu', 3).resolveConflict(over[0]).rule, 'short');
  const urgent = asks('x', 9, { priority: ExecutionPriority.emergency });
  const [emergency] = team('cpu', 10).detectConflicts([urgent], [HELD]);
  assert.is(emergency?.scenario, 'emergency_need');
});

test('D-08 the type of a conflict follows the resource', () => {
  const typeOf = (resource: string, limit: number) => {
    const request = asks('x', 0, { amounts: { [resource]: limit + 1 } });
    return team(resource, limit).detectConflicts([request], [])[0]?.type;
  };
  assert.is(typeOf('credits', 5), 'insufficient_credits');
  assert.is(typeOf('compute_ms', 5), 'insufficient_time');
  assert.is(typeOf('memory', 5), 'insufficient_memory');
  assert.is(typeOf('concurrency', 5), 'concurrency_limit_reached');
  assert.is(typeOf('slot.gpu', 5), 'concurrency_limit_reached');
  assert.is(typeOf('slot.gpu', 1), 'exclusive_access_required');
  assert.is(typeOf('tool.search', 5), 'tool_limit_reached');
});

/** What each strategy makes of x (first, 4), y (more urgent, 4) and z (4 or 1) where 6 are free. */
function resolved(strategy?: Strategy) {
  const pending = [
    asks('x', 4, { createdAtMs: 1 }),
    asks('y', 4, { createdAtMs: 2, priority: 200 }),
    asks('z', 4, { createdAtMs: 3, mins: { cpu: 1 } }),
  ];
  const resolver = team('cpu', 10);
  const [conflict] = resolver.detectConflicts(pending, [HELD]);
  assert.ok(conflict);
  return resolver.resolveConflict(conflict, strategy);
}

function granted(strategy?: Strategy) {
  return resolved(strategy).allocationsGranted.map(({ id, amounts }) => [id, amounts['cpu']]);
}

test('S-01 first come is first served, and nobody passes who waits', () => {
  assert.equal(granted('first_come_first_served'), [['x', 4]]);
});

test('S-02 O-02 priority goes first, what is left is shared by those who take a part', () => {
  assert.equal(granted('priority_based'), [
    ['y', 4],
    ['z', 2],
  ]);
});

test('S-04 a proportional share cuts those who can be cut', () => {
  assert.equal(granted('proportional_sharing'), [
    ['y', 4],
    ['z', 2],
  ]);
});

test('S-05 O-07 O-09 evictions make room, as far as the right goes', () => {
  const result = resolved('preemption_allowed');
  assert.equal(granted('preemption_allowed'), [
    ['y', 4],
    ['x', 4],
  ]);
  assert.equal(result.preemptedTasks, [
    {
      id: 'held',
      right: 'priority',
      reason: 'priority-while-borrowing',
      beneficiary: 'x',
    },
  ]);
  assert.equal(result.cost, { evictedCount: 1, takenAmount: 4, unservedAmount: 4 });
  assert.equal(result.allocationsQueued, [{ id: 'z', position: 1 }]);
  assert.is(result.success, false);
});

test('S-08 O-05 who queues and waits is neither cut nor evicted for', () => {
  const result = resolved('queue_and_wait');
  assert.equal(granted('queue_and_wait'), [['y', 4]]);
  assert.equal(
    result.allocationsQueued.map(({ id }) => id),
    ['x', 'z'],
  );
});

test('S-10 S-12 F-04 the table chooses, and the other strategies are shown with their cost', () => {
  const mixed = resolved();
  assert.is(mixed.rule, '8-mixed');
  assert.equal(
    mixed.alternatives.map(({ strategy, grantedCount, cost }) => [
      strategy,
      grantedCount,
      cost.evictedCount,
    ]),
    [
      ['first_come_first_served', 1, 0],
      ['proportional_sharing', 2, 0],
      ['preemption_allowed', 2, 1],
      ['queue_and_wait', 1, 0],
    ],
  );
});

test('O-04 who could never fit, or will not wait, is denied', () => {
  const resolver = team('cpu', 10);
  const pending = [asks('huge', 11), asks('now', 7, { maxWaitMs: 0 })];
  const [conflict] = resolver.detectConflicts(pending, [HELD]);
  assert.ok(conflict);
  assert.equal(resolver.resolveConflict(conflict).allocationsDenied, [
    { id: 'huge', reason: 'never_fits' },
    { id: 'now', reason: 'insufficient_resource' },
  ]);
});

test.run();
