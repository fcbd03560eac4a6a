import { LEVEL_MAX } from '../events/degradation-rules.ts';
import { EmergencyKind } from '../events/emergency-kind.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';

const test = suite('every kind of emergency, through NATS');
const lab = new Lab();
const SEARCH = 'tool.search';

test.before(() => lab.start());
test.after(() => lab.close());

test('M-02 X-03 a bad day tells every kind on its own topic, each level, durable and once', async () => {
  const heard = await lab.ann.emergencies();
  await lab.policy({
    degradation: { levels: [{}, {}, {}, { admit: 'emergency' }], dwellMs: 50 },
    recovery: { startPermille: 500, stepPermille: 500, everyMs: 50 },
    breakers: [
      { path: 'acme', resource: SEARCH, failures: 1, windowMs: 60_000, openMs: 50, mode: 'queue' },
    ],
  });
  const swarm = await lab.openSwarm({ credits: 1_000 });
  const run = await lab.open(swarm);
  const settled = (allocation: string, failed: readonly string[]) =>
    lab.ann.expect('settled', { op: 'settle', allocation, actual: {}, failed });
  const isTold = (kind: string, level?: number) =>
    heard.some(({ emergency }) => emergency.kind === kind && emergency.level === level);

  const fails = await lab.ann.expect('granted', lab.request(run, { [SEARCH]: 1 }));
  await settled(fails.id, [SEARCH]);
  await until('the breaker is open', () => isTold('breaker-open'));
  const probe = lab.request(run, { [SEARCH]: 1 }, wait);
  const tried = await lab.ann.ask(probe);
  if (tried.outcome === 'queued') await lab.told('granted', probe.id);
  await settled(probe.id, []);
  await until('the breaker is closed', () => isTold('breaker-closed'));

  for (const credits of [600, 150, 150, 100]) {
    await lab.ann.expect('granted', lab.request(run, { credits }));
  }
  await until('level 3 is told', () => isTold('degraded', 3));
  const stopped = { op: 'stop', path: swarm, below: 'all', ackMs: 50 };
  const { stop } = await lab.operator.expect('stopped', stopped);
  await until('it stands still', () => isTold('stopped'));
  await lab.operator.expect('recovered', { op: 'recover', path: swarm, stop });
  const more = { op: 'topUp', id: lab.newId(), path: swarm, amounts: { credits: 9_000 } };
  await lab.operator.expect('topped_up', more);
  await until('all is well again', () => isTold('recovered', 0));

  const stored = await lab.rig.storedEmergencies();
  await until('all is heard that is stored', () => heard.length >= stored.length);
  const kinds = new Set(heard.map(({ emergency }) => emergency.kind));
  assert.equal([...kinds].sort(), [...EmergencyKind.options].sort());
  const levels = heard.map(({ emergency: { kind, level } }) => (kind === 'degraded' ? level : 0));
  for (let level = 1; level <= LEVEL_MAX; level += 1) assert.ok(levels.includes(level), `${level}`);
  for (const { subject, emergency } of heard) {
    const token = emergency.swarm;
    assert.is(subject, `bursar.emergency.acme.${token}.${emergency.kind}`);
  }
  assert.equal(
    stored.map(({ msgId }) => msgId),
    heard.slice(0, stored.length).map(({ emergency }) => emergency.id),
  );
  assert.is(new Set(stored.map(({ msgId }) => msgId)).size, stored.length);
});

test.run();
