import fc from 'fast-check';
import { RateGauge } from '../../actors/rates/rate-gauge.ts';
import type { RateMeter } from '../../events/resources.ts';
import { assert, suite } from '../harness/suite.ts';
import { apply, fails, grant } from './breaches.ts';
import { ask, givenLab, RUN } from './world.ts';

const test = suite('actors: rate properties');

/** What happens to a gauge: time passes, then something is asked, corrected or limited. */
const act = fc.record({
  passMs: fc.nat(40),
  amount: fc.nat(6),
  kind: fc.constantFrom('ask', 'ask', 'ask', 'correct', 'limit'),
  pick: fc.nat(),
});
const meter: fc.Arbitrary<RateMeter> = fc.oneof(
  fc.record({ ms: fc.integer({ min: 1, max: 50 }), by: fc.constant('sliding' as const) }),
  fc.record({
    ms: fc.integer({ min: 1, max: 50 }),
    by: fc.constant('bucket' as const),
    burst: fc.integer({ min: 1, max: 12 }),
  }),
);

test('R-17 INV-17 in any time no more than the limit is granted, and retryAfterMs is exact', () => {
  fc.assert(
    fc.property(meter, fc.integer({ min: 1, max: 8 }), fc.array(act), (per, limit, acts) => {
      const gauge = new RateGauge(per, limit, 0);
      const grants: { atMs: number; amount: number }[] = [];
      let nowMs = 0;
      for (const { passMs, amount, kind } of acts) {
        nowMs += passMs;
        if (kind !== 'ask' || amount === 0) continue;
        const readyAtMs = gauge.readyAtMs(nowMs, amount);
        const isFree = amount <= gauge.roomAt(nowMs);
        assert.is(readyAtMs === nowMs, isFree);
        if (readyAtMs === Infinity) assert.ok(amount > gauge.burst);
        else {
          assert.ok(amount <= gauge.roomAt(readyAtMs), 'there is room then');
          if (readyAtMs > nowMs) assert.ok(amount > gauge.roomAt(readyAtMs - 1), 'and not before');
        }
        if (!isFree) continue;
        gauge.count(nowMs, amount);
        grants.push({ atMs: nowMs, amount });
      }
      for (const [first, { atMs: from }] of grants.entries()) {
        let sum = 0;
        for (const { atMs, amount } of grants.slice(first)) {
          const spanMs = atMs - from;
          if (per.by === 'sliding' && spanMs >= per.ms) break;
          sum += amount;
          const most = per.by === 'sliding' ? limit : gauge.burst + (limit * spanMs) / per.ms;
          assert.ok(sum <= most + 1e-9, `${sum} within ${spanMs} ms`);
        }
      }
    }),
  );
});

test('INV-17 gauge, second count and a recount from the grants agree at every instant', () => {
  fc.assert(
    fc.property(meter, fc.integer({ min: 1, max: 8 }), fc.array(act), (per, from, acts) => {
      const gauge = new RateGauge(per, from, 0);
      const grants: { atMs: number; asked: number; amount: number }[] = [];
      let nowMs = 0;
      for (const { passMs, amount, kind, pick } of acts) {
        nowMs += passMs;
        const one = grants[pick % (grants.length || 1)];
        if (kind === 'ask' && amount > 0 && amount <= gauge.roomAt(nowMs)) {
          gauge.count(nowMs, amount);
          gauge.second.count(nowMs, amount);
          grants.push({ atMs: nowMs, asked: amount, amount });
        } else if (kind === 'correct' && one !== undefined && one.amount === one.asked) {
          const change = gauge.correctionOf(one.asked, amount);
          gauge.correct(one.atMs, nowMs, one.asked, amount);
          gauge.second.correct(one.atMs, nowMs, change);
          one.amount += change;
        } else if (kind === 'limit') {
          gauge.change(nowMs, amount);
          gauge.second.change(nowMs, amount, per.burst ?? amount);
        }
        assert.is(gauge.countedAt(nowMs), gauge.second.countedAt(nowMs));
        if (per.by !== 'sliding') continue;
        const counting = grants.filter(({ atMs }) => nowMs - atMs < per.ms);
        const sum = counting.reduce((total, { amount: each }) => total + each, 0);
        assert.is(gauge.countedAt(nowMs), sum);
      }
    }),
  );
});

test('R-17 a window keeps one entry an instant, and forgets what has left it', () => {
  const gauge = new RateGauge({ ms: 100, by: 'sliding' }, 1_000_000, 0);
  for (let atMs = 0; atMs < 10_000; atMs += 1) {
    for (let n = 0; n < 3; n += 1) gauge.count(atMs, 1);
  }
  const { kept } = gauge.state() as { kept: unknown[] };
  assert.is(kept.length, 100);
  assert.is(gauge.countedAt(9_999), 300);
});

test('R-17 grants that turn out to have used nothing take no place in a window', () => {
  const gauge = new RateGauge({ ms: 1_000_000, by: 'sliding' }, 1, 0);
  for (let atMs = 0; atMs < 1_000; atMs += 1) {
    gauge.count(atMs, 1);
    gauge.correct(atMs, atMs, 1, 0);
  }
  assert.equal((gauge.state() as { kept: unknown[] }).kept, []);
});

test('INV-17 a grant that exceeds a rate is stopped before it is recorded', () => {
  const rig = givenLab({
    op: 'setLimits',
    path: RUN,
    limits: { 'rate.search': { limit: 2 } },
  });
  rig.when(ask('a', { 'rate.search': 2 }, { path: RUN }), 'ann');
  const more = { rates: { 'rate.search': 1 } };
  fails('INV-17', RUN, () => apply(rig, grant(rig, 1, more)));
});

test('INV-17 a gauge that counts otherwise than its events say is found', () => {
  const rig = givenLab({
    op: 'setLimits',
    path: RUN,
    limits: { 'rate.search': { limit: 9 } },
  });
  rig.team.nodes.get(RUN)?.rates?.get('rate.search')?.count(rig.nowMs, 1);
  fails('INV-17', RUN, () => apply(rig, grant(rig, 1, { rates: { 'rate.search': 1 } })));
  const denied = () => rig.when(ask('b', { 'rate.search': 10 }, { path: RUN }), 'ann');
  fails('INV-6', RUN, denied);
});

test.run();
