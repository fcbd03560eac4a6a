import fc from 'fast-check';
import { SpendRate } from '../../actors/forecasts/spend-rate.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, the } from './rig.ts';
import { givenLab, policy, setLimits } from './world.ts';

const test = suite('actors: forecast');

const MINUTE = 60_000;
const forecast = { horizonMs: 60 * MINUTE, windowMs: 12 * MINUTE, leastSamples: 3 };

/** acme with a limit of 1,000 credits, spent by charges on acme/lab. */
function watched(more: object = {}) {
  const rig = givenLab(policy({ forecast: { ...forecast, ...more } }));
  let charges = 0;
  const spend = (credits: number, atMs = rig.nowMs) => {
    charges += 1;
    const id = `x${charges}`;
    return rig.when({ op: 'charge', id, path: 'acme/lab', amounts: { credits } }, 'operator', atMs);
  };
  const line = () => {
    const { answer } = rig.when({ op: 'balance', path: 'acme' });
    if (answer.outcome !== 'balance') throw new Error(answer.outcome);
    return answer.lines.find(({ resource }) => resource === 'credits');
  };
  return { rig, spend, line };
}

const typesOf = ({ events }: { events: readonly { type: string }[] }) =>
  events.map(({ type }) => type);

test('X-01 a warning is raised once when what is left will not last, and shown in the balance', () => {
  const { rig, spend, line } = watched();
  spend(1);
  rig.pass(5 * MINUTE);
  spend(1);
  assert.is(line()?.forecast, undefined, 'two bookings say nothing');
  rig.pass(5 * MINUTE);
  // 3 in 10 minutes: the 997 that are left last for 55 hours.
  assert.equal(typesOf(spend(1)), ['Charged']);
  assert.is(line()?.forecast?.ratePerHour, 18);
  rig.pass(MINUTE);
  const told = the(spend(297).events, 'ExhaustionForecast');
  // 300 in 11 minutes: the 700 that are left last 25 minutes and 40 seconds.
  const lastsMs = Math.floor((700 * 11 * MINUTE) / 300);
  has(told, { path: 'acme', resource: 'credits', left: 700, limit: 1_000, samples: 4 });
  assert.is(told.exhaustsAtMs, rig.nowMs + lastsMs);
  assert.ok(told.earliestAtMs < told.exhaustsAtMs);
  assert.is(told.latestAtMs, null, 'one booking made nearly all of it');
  assert.is(line()?.forecast?.lastsMs, lastsMs);
  assert.equal(typesOf(spend(10)), ['Charged'], 'told once');
  const { answer } = rig.when({ op: 'emergencies' });
  if (answer.outcome !== 'emergencies') throw new Error(answer.outcome);
  const [emergency] = answer.emergencies;
  has(emergency, { kind: 'warning', path: 'acme', resource: 'credits' });
  assert.is(emergency?.forecast?.exhaustsAtMs, told.exhaustsAtMs);
});

test('X-01 it is cleared when it lasts longer by a quarter, and may be raised again', () => {
  const { rig, spend } = watched();
  for (const credits of [100, 100, 100]) {
    rig.pass(4 * MINUTE);
    spend(credits);
  }
  // 300 in 8 to 12 minutes: 700 last for less than half an hour.
  assert.is(rig.team.spendRates.get('acme|credits')?.isRaised, true);
  const more = rig.when(setLimits('acme', { credits: 3_400 }));
  assert.equal(typesOf(more), ['LimitsSet', 'ForecastCleared'], '3,100 last for more than 75');
  const less = rig.when(setLimits('acme', { credits: 900 }));
  assert.ok(typesOf(less).includes('ExhaustionForecast'));
  // Between the horizon and a quarter more nothing is told: what comes and goes there is told once.
  assert.equal(typesOf(rig.when(setLimits('acme', { credits: 1_900 }))), ['LimitsSet']);
});

test('X-01 what would run out about when its window ends is told once, not at each booking', () => {
  const { rig, spend } = watched();
  const window = { every: '1h', tz: 'UTC' };
  const limitTo = (limit: number) => rig.when(setLimits('acme', { credits: { limit, window } }));
  limitTo(1_000);
  for (const credits of [60, 60, 60]) {
    rig.pass(4 * MINUTE);
    spend(credits);
  }
  // 180 in 8 minutes, and the window ends in 31 minutes and 20 seconds: 705 more.
  const told = limitTo(180 + 704);
  assert.equal(typesOf(told), ['LimitsSet', 'ExhaustionForecast']);
  for (const left of [706, 704, 720, 700]) {
    assert.equal(typesOf(limitTo(180 + left)), ['LimitsSet'], `${left} left`);
  }
  assert.equal(typesOf(limitTo(180 + 882)), ['LimitsSet', 'ForecastCleared'], 'a quarter more');
});

test('X-01 nothing is forecast beyond the end of a window, of what is used up, or without rules', () => {
  const daily = watched();
  const window = { every: '1h', tz: 'UTC' };
  daily.rig.when(setLimits('acme', { credits: { limit: 1_000, window } }));
  for (const minute of [1, 5, 9]) daily.spend(40, daily.rig.nowMs + minute * MINUTE);
  assert.is(daily.rig.team.spendRates.get('acme|credits')?.isRaised, false, 'it lasts that hour');

  const gone = watched();
  gone.spend(500);
  gone.spend(500);
  assert.equal(typesOf(gone.spend(500)), ['Charged'], 'the ladder has told it');

  const none = givenLab();
  none.when({ op: 'charge', id: 'x', path: 'acme/lab', amounts: { credits: 999 } });
  assert.is(none.team.spendRates.size, 0);
});

test('X-01 a policy begins anew; late use counts at its own time; a closed swarm is forgotten', () => {
  const { rig, spend } = watched();
  rig.when(setLimits('acme/lab', { credits: 500 }));
  for (const credits of [100, 100, 100]) spend(credits);
  assert.is(rig.team.spendRates.size, 2, 'acme and acme/lab');
  rig.when(policy({ forecast }));
  assert.is(rig.team.spendRates.size, 0);
  rig.passTo(rig.nowMs + 100 * MINUTE);
  for (const id of ['l1', 'l2', 'l3']) {
    const late = { id, path: 'acme/lab', amounts: { credits: 50 }, agoMs: 50 * MINUTE };
    rig.when({ op: 'charge', ...late });
  }
  rig.when({ op: 'close', path: 'acme/lab', force: true });
  assert.equal([...rig.team.spendRates.keys()], ['acme|credits']);
});

test('P-02 the rate is that of the window, whatever came before it', () => {
  const amounts = fc.array(fc.tuple(fc.nat(5_000), fc.nat(900)), { maxLength: 60 });
  fc.assert(
    fc.property(amounts, fc.integer({ min: 12, max: 3_000 }), (steps, windowMs) => {
      const rate = new SpendRate(windowMs);
      const piece = Math.floor(windowMs / 12);
      const noted: { atMs: number; amount: number }[] = [];
      let nowMs = 1_000_000;
      for (const [amount, gapMs] of steps) {
        nowMs += gapMs;
        rate.note(amount, nowMs, nowMs);
        if (amount > 0) noted.push({ atMs: nowMs, amount });
      }
      const fromMs = (Math.floor(nowMs / piece) - 11) * piece;
      const inside = noted.filter(({ atMs }) => atMs >= fromMs);
      const { spent, low, high, overMs, samples } = rate.over(nowMs);
      assert.is(spent, BigInt(inside.reduce((sum, { amount }) => sum + amount, 0)));
      assert.is(samples, inside.length);
      assert.ok(low <= spent && spent <= high);
      assert.ok(overMs >= piece && overMs < 12 * piece + piece);
    }),
  );
});

test('P-02 an even rate has a narrow interval', () => {
  const rate = new SpendRate(1_200);
  for (let atMs = 10_000; atMs < 11_200; atMs += 50) rate.note(5, atMs, atMs);
  const { spent, low, high } = rate.over(11_199);
  assert.is(spent, 120n);
  assert.is(low, 120n);
  assert.is(high, 120n);
});

test('R6 X-01 who takes over clears nothing and raises nothing because time has passed', () => {
  const { rig, spend } = watched();
  for (const credits of [100, 100, 100]) {
    rig.pass(4 * MINUTE);
    spend(credits);
  }
  assert.is(rig.eventsOf('ExhaustionForecast').length, 1);
  // Nothing of it is in the window any more.
  rig.pass(60 * MINUTE);
  const next = rig.takenOver();
  assert.is(next.recorded.length, rig.recorded.length);
  const charge = { op: 'charge', id: 'y', path: 'acme/lab', amounts: { credits: 1 } } as const;
  const { events } = next.when(charge);
  assert.equal(typesOf({ events }), ['Charged', 'ForecastCleared']);
  assert.equal(rig.when(charge).events, events);
});

test('R6 X-01 what was still to be told when its writer ended is told by the next', () => {
  const { rig, spend } = watched();
  for (const credits of [100, 100, 100]) {
    rig.pass(4 * MINUTE);
    spend(credits);
  }
  const told = rig.recorded.findIndex(({ event }) => event.type === 'ExhaustionForecast');
  rig.recorded.splice(told);
  rig.pass(1_000);
  has(
    the(
      rig.takenOver().recorded.map(({ event }) => event),
      'ExhaustionForecast',
    ),
    {
      atMs: rig.nowMs,
      path: 'acme',
      left: 700,
    },
  );
});

test.run();
