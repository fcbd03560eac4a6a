import { termTexts } from '../cli/term-text.ts';
import { emergenciesAt, emergencies as projection } from '../projections/emergencies.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab } from './lab-rig.ts';

const test = suite('forecast of exhaustion, through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

let chargeCount = 0;
async function charge(path: string, credits: number): Promise<void> {
  chargeCount += 1;
  const sent = { op: 'charge', id: `x-${chargeCount}`, path, amounts: { credits } };
  await lab.operator.expect('charged', sent);
}

test('X-01 D-03 a rate that will use a swarm up is told on its topic, in the log and in the balance', async () => {
  const heard = await lab.ann.emergencies();
  const path = await lab.openSwarm({ credits: 1_000 });
  // No ladder: what is told is the forecast.
  const forecast = { horizonMs: 60_000, windowMs: 12_000, leastSamples: 3 };
  await lab.policy({ ladder: [], forecast });
  for (const credits of [100, 100, 100]) await charge(path, credits);
  await until('a warning', () => heard.length > 0, 10_000);
  const [told] = heard;
  const swarm = path.split('/')[1];
  assert.is(told?.subject, `bursar.emergency.acme.${swarm}.warning`);
  assert.is(told?.emergency.kind, 'warning');
  const [event, ...others] = await lab.rig.events('ExhaustionForecast');
  assert.equal(others, [], 'once');
  assert.equal([event?.path, event?.left, event?.samples], [path, 700, 3]);
  assert.is(told?.emergency.forecast?.exhaustsAtMs, event?.exhaustsAtMs);
  // 300 in the pieces of a second that they took: 700 last some seconds, not the minute.
  const lastsMs = (event?.exhaustsAtMs ?? 0) - (event?.atMs ?? 0);
  assert.ok(lastsMs >= 2_333 && lastsMs < 60_000, `${lastsMs}`);

  const balance = await lab.operator.expect('balance', { op: 'balance', path });
  const shown = balance.lines.flatMap(termTexts);
  assert.match(shown.join('\n'), /credits: lasts .* at .* an hour/);

  await lab.operator.expect('topped_up', {
    op: 'topUp',
    id: 'more',
    path,
    amounts: { credits: 1_000_000_000 },
  });
  assert.is((await lab.rig.events('ForecastCleared')).length, 1);
  const later = await lab.operator.expect('emergencies', { op: 'emergencies' });
  assert.equal(later.emergencies, [told?.emergency], 'what is over is no emergency');
});

test('X-01 projections show what is forecast until it is cleared', async () => {
  const path = await lab.openSwarm({ credits: 1_000 });
  await lab.policy({ ladder: [], forecast: { leastSamples: 2 } });
  await charge(path, 400);
  await charge(path, 400);
  const state = projection.initial();
  const alarmed = () => emergenciesAt(state, path).alarms.map(({ kind }) => kind);
  const seen: string[][] = [];
  await lab.policy({ ladder: [] });
  for (const { event, at } of (await lab.rig.log()).recorded) {
    projection.evolve(state, event, at);
    if (event.type === 'ExhaustionForecast') seen.push(alarmed());
  }
  assert.equal(seen.at(-1), ['warning']);
  assert.equal(alarmed(), [], 'under another policy it is watched anew');
});

test.run();
