import fc from 'fast-check';
import { effectivePriority } from '../actors/queue/wait-queue.ts';
import { readEvent } from '../events/upcast.ts';
import {
  allocationOf,
  allocations,
  endedAllocations,
  liveAllocations,
} from '../projections/allocations.ts';
import { auditTrail, idsIn, trailOf } from '../projections/audit-trail.ts';
import { emergencies, emergenciesAt } from '../projections/emergencies.ts';
import { pack, unpack } from '../projections/packed.ts';
import { pathOf, places } from '../projections/places.ts';
import type { Projection, Recorded } from '../projections/projection.ts';
import { queue, queueAt } from '../projections/queue.ts';
import { usage } from '../projections/usage.ts';
import { usageSeries } from '../projections/usage-series.ts';
import { assert, suite } from './harness/suite.ts';
import { anyMoves, Governor, openLab } from './projection-governor.ts';

const RUNS = Number(process.env['RUNS'] ?? 150);
const LIMITS = { timeoutMs: 120_000 };
const test = suite('projection: views');

function fold<State>(projection: Projection<State>, recorded: readonly Recorded[]): State {
  const state = projection.initial();
  for (const { event, at } of recorded) projection.evolve(state, event, at);
  return state;
}

/** Holds a view against the actors over random histories. */
function overHistories(check: (governor: Governor) => void): void {
  fc.assert(
    fc.property(anyMoves, (moves) => {
      const governor = new Governor('acme');
      openLab(governor);
      governor.play(moves);
      check(governor);
    }),
    { numRuns: RUNS },
  );
}

/** Compares by value, with both sides in the message. */
function same(actual: unknown, expected: unknown): void {
  assert.is(JSON.stringify(actual), JSON.stringify(expected));
}

test(
  'live allocations are those that the actors hold',
  () =>
    overHistories((governor) => {
      const state = fold(allocations, governor.recorded);
      same(
        liveAllocations(state, { team: 'acme' }).map((live) => [
          live.id,
          live.path,
          live.agent,
          live.items,
          live.reported,
          live.expiresAtMs,
          live.claimUntilMs,
          live.yieldsTo,
        ]),
        [...governor.team.allocations.values()].map((live) => [
          live.id,
          live.node.path,
          live.agent,
          live.items,
          live.reported,
          live.expiresAtMs,
          live.claimUntilMs,
          live.yieldsTo,
        ]),
      );
      for (const [id, tomb] of governor.team.tombstones) {
        if (governor.team.allocations.has(id)) continue;
        const gone = endedAllocations(state, {}, 1_000).find((ended) => ended.id === id);
        same([gone?.as, gone?.booked], [tomb.as, tomb.booked]);
      }
    }),
  LIMITS,
);

test(
  'the queue has the order in which the actors serve',
  () =>
    overHistories((governor) => {
      const { team, nowMs } = governor;
      const expected = [];
      for (const node of team.nodes.values()) {
        for (const [resource, waiting] of node.queues ?? []) {
          for (const [index, one] of [...waiting.inOrder()].entries()) {
            const effective = effectivePriority(one, nowMs, team.policy.aging);
            const { id, state, untilMs, earmarked, victims } = one;
            const rest = [state, untilMs, earmarked, victims, effective, nowMs - one.sinceMs];
            expected.push([`${node.path}|${resource}`, index + 1, id, ...rest]);
          }
        }
      }
      const actual = queueAt(fold(queue, governor.recorded), 'acme', nowMs).map((one) => [
        `${one.account.path}|${one.account.resource}`,
        one.position,
        one.id,
        one.state,
        one.untilMs,
        one.earmarked,
        one.victims,
        one.effectivePriority,
        one.waitedMs,
      ]);
      same(actual.map(String).sort(), expected.map(String).sort());
    }),
  LIMITS,
);

test(
  'X-06 freezes, stops and alarms are those of the actors',
  () =>
    overHistories((governor) => {
      const found = emergenciesAt(fold(emergencies, governor.recorded), 'acme');
      const nodes = [...governor.team.nodes.values()];
      const freezes = nodes.flatMap(({ path, freezes }) =>
        [...(freezes?.values() ?? [])].map(({ id, untilMs }) => [path, id, untilMs]),
      );
      same(
        found.freezes.map(({ path, freeze, untilMs }) => [path, freeze, untilMs].join()).sort(),
        freezes.map((freeze) => freeze.join()).sort(),
      );
      const stops = nodes.flatMap(({ path, stops }) =>
        [...(stops?.values() ?? [])].map((stop) =>
          [path, stop.id, stop.isComplete ? stop.fencedCount : null].join(),
        ),
      );
      same(
        found.stops.map(({ path, stop, fencedCount }) => [path, stop, fencedCount].join()).sort(),
        stops.sort(),
      );
      const rungs = nodes.flatMap(({ path, accounts }) =>
        [...accounts].flatMap(([name, { rung, alerts }]) =>
          [rung, (alerts?.usage ?? -1) + 1, (alerts?.balance ?? -1) + 1]
            .filter((told) => told > 0)
            .map((told) => [path, name, told]),
        ),
      );
      same(
        found.alarms.map(({ path, resource, rung }) => [path, resource, rung].join()).sort(),
        rungs.map((rung) => rung.join()).sort(),
      );
      same(found.recent.length, governor.team.emergencies.length);
    }),
  LIMITS,
);

test(
  'usage adds up to the books of team and swarm, over any width of buckets',
  () =>
    overHistories((governor) => {
      const state = fold(usage, governor.recorded);
      for (const path of ['acme', 'acme/lab']) {
        for (const line of governor.balance(path)?.lines ?? []) {
          const use = state.nodes.get(path)?.total.resources.get(line.resource);
          same((use?.granted ?? 0) - (use?.returned ?? 0), line.heldTree);
          // Windows end and begin anew; what was used stays used.
          same(use?.spent ?? 0, line.spentTotal);
          const end = usageSeries(state, path, line.resource).at(-1);
          same([end?.spent ?? 0, end?.held ?? 0], [line.spentTotal, line.heldTree]);
        }
      }
      const count = (type: string) =>
        governor.recorded.filter(({ event }) => event.type === type).length;
      const total = state.nodes.get('acme')?.total;
      same(total?.denials ?? 0, count('RequestDenied'));
      same(total?.grants ?? 0, count('AllocationGranted'));
    }),
  LIMITS,
);

test('Q-03 usage tells held but unspent, overrun, denials by reason and waits', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, amount: number, maxWaitMs = 0) =>
    governor.send({
      op: 'request',
      id,
      path: 'acme/lab/r1',
      items: { credits: { amount } },
      maxWaitMs,
    });
  ask('a', 200);
  ask('b', 150);
  ask('c', 100);
  ask('d', 120, 9_000);
  governor.pass(40);
  governor.send({ op: 'settle', allocation: 'a', actual: { credits: 50 } });
  governor.send({ op: 'settle', allocation: 'c', actual: { credits: 130 } });
  const state = fold(usage, governor.recorded);
  const run = state.nodes.get('acme/lab/r1');
  const credits = run?.total.resources.get('credits');
  assert.equal(credits, { granted: 420, returned: 300, spent: 180, unspent: 150, overrun: 30 });
  assert.equal([...(run?.denialsByReason ?? [])], [['insufficient_credits', 1]]);
  assert.equal(run?.waits, { count: 1, totalMs: 40, longestMs: 40 });
  assert.equal(
    run?.limits.get('credits')?.map(({ limit }) => limit),
    [300],
  );
  const series = usageSeries(state, 'acme/lab/r1', 'credits');
  assert.equal(series.at(-1), { atMs: series.at(-1)?.atMs, spent: 180, held: 120, limit: 300 });
});

test('usage keeps a bounded number of buckets however long it goes on', () => {
  const governor = new Governor('acme');
  openLab(governor);
  for (let n = 0; n < 40; n += 1) {
    governor.pass(60_000 * n);
    for (const id of [`ch-${n}`, `again-${n}`]) {
      governor.send({ op: 'charge', id, path: 'acme/lab/r1', amounts: { credits: 1 } });
      governor.pass(200);
    }
  }
  const state = fold(usage, governor.recorded);
  assert.ok(state.bucketMs > 10_000 && state.bucketMs < 60_000, `${state.bucketMs} ms`);
  assert.ok((state.span?.last ?? 0) - (state.span?.first ?? 0) < 2_048);
  assert.is(usageSeries(state, 'acme', 'credits').at(-1)?.spent, 80);
});

test('N-01 N-02 N-03 the queue is in order of priority, slack, impact and arrival', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, more: object) =>
    governor.send({
      op: 'request',
      id,
      path: 'acme/lab/r1',
      items: { credits: { amount: 200 } },
      maxWaitMs: 60_000,
      ...more,
    });
  ask('holder', { maxWaitMs: 0 });
  ask('plain', {});
  ask('high', { priority: 'high' });
  ask('urgent', { deadlineMs: 20_000, expectedMs: 1_000 });
  ask('relaxed', { deadlineMs: 40_000, expectedMs: 1_000 });
  ask('weighty', { businessImpact: 90 });
  ask('low', { priority: 'low' });
  governor.pass(5_000);
  const order = () => queueAt(fold(queue, governor.recorded), 'acme/lab', governor.nowMs);
  assert.equal(
    order().map(({ id, position }) => `${position} ${id}`),
    ['1 high', '2 urgent', '3 relaxed', '4 weighty', '5 plain', '6 low'],
  );
  assert.equal(
    [order()[0]?.waitedMs, order()[0]?.timeoutInMs, order()[0]?.effectivePriority],
    [5_000, 55_000, 200],
  );
});

test('an outage moves every lease, claim and time-out', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, maxWaitMs: number) =>
    governor.send({
      op: 'request',
      id,
      path: 'acme/lab/r1',
      items: { credits: { amount: 200 } },
      ttlMs: 1_000,
      maxWaitMs,
    });
  ask('a', 0);
  ask('b', 30_000);
  ask('c', 60_000);
  governor.send({ op: 'release', allocation: 'a' });
  const before = governor.recorded.slice();
  const extended = readEvent({
    type: 'LeasesExtended',
    v: 1,
    team: 'acme',
    atMs: governor.nowMs,
    byMs: 7_000,
  });
  const after = [...before, { event: extended, at: { seq: 99, index: 0 } }];
  const lease = (recorded: readonly Recorded[]) => {
    const [live] = liveAllocations(fold(allocations, recorded), { team: 'acme' });
    const [waits] = queueAt(fold(queue, recorded), 'acme', governor.nowMs);
    return [live?.expiresAtMs ?? 0, live?.claimUntilMs ?? 0, waits?.untilMs ?? 0];
  };
  assert.equal(
    lease(after),
    lease(before).map((ms) => ms + 7_000),
  );
});

test('S-06 while a victim yields, its allocation and the queue say so', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const path = 'acme/lab/r1';
  const items = (amount: number) => ({ credits: { amount } });
  governor.send({ op: 'request', id: 'v', path, items: items(250), graceMs: 500 });
  governor.send({ op: 'request', id: 'e', path, items: items(200), priority: 'emergency' });
  const [victim] = liveAllocations(fold(allocations, governor.recorded), {});
  assert.equal([victim?.id, victim?.yieldsTo], ['v', 'e']);
  const [waits] = queueAt(fold(queue, governor.recorded), path, governor.nowMs);
  assert.equal(
    [waits?.id, waits?.state, waits?.victims, waits?.earmarked],
    ['e', 'preempting', ['v'], { credits: 50 }],
  );
});

test('an allocation is found by id, node and agent, live and ended', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, agent: string, path: string) =>
    governor.send({ op: 'request', id, path, items: { credits: { amount: 5 } } }, agent);
  ask('a', 'ann', 'acme/lab/r1/s1');
  ask('b', 'bob', 'acme/lab/r1');
  ask('c', 'ann', 'acme/lab/r2');
  governor.send({ op: 'settle', allocation: 'a', actual: 'unknown' }, 'ann');
  governor.send({ op: 'adjust', id: 'adj', allocation: 'a', actual: { credits: 3 } });
  const state = fold(allocations, governor.recorded);
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);
  assert.equal(ids(liveAllocations(state, { agent: 'ann' })), ['c']);
  assert.equal(ids(liveAllocations(state, { path: 'acme/lab/r1' })), ['b']);
  assert.equal(ids(endedAllocations(state, { path: 'acme/lab' }, 10)), ['a']);
  const gone = allocationOf(state, 'acme', 'a');
  assert.ok(gone !== undefined && 'as' in gone);
  assert.equal([gone.as, gone.booked, gone.isEstimated], ['settled', { credits: 3 }, true]);
});

test('U-02 the trail of an id holds every event that speaks of it, and no other', () => {
  const governor = new Governor('acme');
  openLab(governor);
  governor.send({
    op: 'request',
    id: 'v',
    path: 'acme/lab/r1',
    items: { credits: { amount: 250 } },
  });
  governor.send({
    op: 'request',
    id: 'e',
    path: 'acme/lab/r1',
    items: { credits: { amount: 200 } },
    priority: 'emergency',
  });
  const state = fold(auditTrail, governor.recorded);
  const types = (id: string) =>
    trailOf(state, 'acme', id).map(
      (at) =>
        governor.recorded.find((one) => one.at.seq === at.seq && one.at.index === at.index)?.event
          .type,
    );
  assert.equal(types('v'), [
    'AllocationGranted',
    'PreemptionRequested',
    'AllocationEnded',
    'AllocationGranted',
  ]);
  assert.equal(types('e').slice(-2), ['ResourcesReclaimed', 'AllocationGranted']);
  for (const { event, at } of governor.recorded) {
    for (const id of idsIn(event)) {
      assert.ok(
        trailOf(state, 'acme', id).some((one) => one.seq === at.seq && one.index === at.index),
      );
    }
  }
  assert.equal(trailOf(state, 'other', 'v'), []);
});

test('every event is placed on the node that it is about', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const path = 'acme/lab/r1/s1';
  governor.send({ op: 'request', id: 'a', path, items: { credits: { amount: 5 } } });
  governor.send({ op: 'report', allocation: 'a', used: { credits: 1 } });
  governor.send({ op: 'settle', allocation: 'a', actual: 'unknown' });
  const state = places.initial();
  const placed = governor.recorded.map(({ event, at }) => {
    const found = pathOf(state, event);
    places.evolve(state, event, at);
    return `${event.type} ${found}`;
  });
  assert.equal(placed.slice(-3), [
    `AllocationGranted ${path}`,
    `UsageReported ${path}`,
    `AllocationEnded ${path}`,
  ]);
  assert.is(state.ids.size, 0);
});

test('maps and sets of any depth survive packing', () => {
  const value = new Map<string, unknown>([
    ['__proto__', new Set(['a', 'b'])],
    ['list', [new Map([[1, { deep: new Map() }]]), null, 'x', 3]],
    ['bytes', Uint8Array.of(1, 2)],
  ]);
  assert.equal(unpack(structuredClone(pack(value))), value);
});

test.run();
