import { termTexts } from '../cli/term-text.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab } from './lab-rig.ts';

const test = suite('load shedding, through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

const memory = (amount: number, min: number) => ({ memory: { amount, min } });

test('R-12 holders are asked to shrink; what is not given in time is taken', async () => {
  const run = await lab.openRun({ memory: 1_000 });
  const rule = { onPermille: 900, offPermille: 600, graceMs: 1_500 };
  await lab.policy({ shedding: { memory: rule } });
  const path = { path: run, ttlMs: 60_000, op: 'request' };
  const kind = { ...path, id: lab.newId(), items: memory(500, 200) };
  const deaf = { ...path, id: lab.newId(), items: memory(400, 300) };
  await lab.ann.expect('granted', kind);
  await lab.bob.expect('granted', deaf);

  const asked = await lab.told('shrink', kind.id);
  const { memory: by = 0 } = asked.shrink ?? {};
  assert.ok(by > 0 && asked.graceMs === 1_500, JSON.stringify(asked));
  const [request] = (await lab.rig.events('ShrinkRequested')).filter((one) => one.path === run);
  assert.equal([request?.held, request?.limit, request?.excess], [900, 1_000, 300]);
  const smaller = {
    op: 'resize',
    id: lab.newId(),
    allocation: kind.id,
    items: { memory: 500 - by },
  };
  await lab.ann.expect('resized', smaller);

  const shrunk = await lab.told('shrunk', deaf.id);
  const [taken] = await lab.recorded('AllocationResized', [deaf.id]);
  assert.is(taken?.reclaimed, true);
  const left = { outcome: 'resized', allocation: deaf.id, items: taken?.items };
  assert.equal(shrunk.answer, left);
  const [ended] = (await lab.rig.events('SheddingEnded')).filter((one) => one.path === run);
  assert.is(ended?.held, 600);
  assert.is((await lab.ann.use(run, 'memory')).held, 600);
});

test('X-01 M-02 who waits long for a capacity is told of on a topic, and shown in the balance', async () => {
  const heard = await lab.ann.emergencies();
  const run = await lab.openRun({ memory: 1_000 });
  await lab.policy({ queueAges: [{ resource: 'memory', warningMs: 300 }] });
  const path = { path: run, ttlMs: 60_000, op: 'request' };
  const holder = { ...path, id: lab.newId(), items: memory(1_000, 1_000) };
  const late = { ...path, id: lab.newId(), items: memory(10, 10), maxWaitMs: 60_000 };
  await lab.ann.expect('granted', holder);
  await lab.bob.expect('queued', late);
  await until('a warning', () => heard.length > 0, 10_000);
  const [told] = heard;
  assert.match(told?.subject ?? '', /^bursar\.emergency\.acme\..*\.warning$/);
  const { queueAge, resource, path: at } = told?.emergency ?? {};
  assert.equal([resource, at, queueAge?.request, queueAge?.waiting], ['memory', run, late.id, 1]);
  assert.ok((queueAge?.ageMs ?? 0) >= 300);
  const balance = await lab.operator.expect('balance', { op: 'balance', path: run });
  const shown = balance.lines.flatMap(termTexts).join('\n');
  assert.match(shown, /memory: the oldest in its queue waits for .* \(warning\)/);
  await lab.ann.expect('released', { op: 'release', allocation: holder.id });
  assert.is((await lab.rig.events('QueueAgeCleared')).length, 1);
});

test.run();
