import type { BalanceLine } from '../events/balance-line.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab } from './lab-rig.ts';
import type { Caller } from './writer-rig.ts';

const test = suite('emergency reserves, through NATS');
const lab = new Lab();
let eve: Caller;

test.before(async () => {
  await lab.start();
  eve = await lab.rig.enrolled('eve', 'acme', { role: 'agent', priorityMax: 'emergency' });
});
test.after(() => lab.close());

async function reserveOf(path: string): Promise<(number | undefined)[]> {
  const { lines } = await lab.operator.expect('balance', { op: 'balance', path });
  const line = lines.find(({ resource }) => resource === 'credits') as BalanceLine | undefined;
  return [line?.reserved, line?.reserveTarget, line?.reserveDrawn];
}

test('X-02 R-05 a swarm keeps a tenth: an emergency draws it, what comes back fills it first', async () => {
  const swarm = 'acme/ward';
  const run = `${swarm}/run`;
  await lab.operator.expect('opened', {
    op: 'open',
    path: swarm,
    limits: { credits: { limit: 1_000 } },
  });
  await lab.operator.expect('opened', { op: 'open', path: run });
  await lab.policy({ reserves: { 'acme/ward|credits': { permille: 100 } } });
  assert.equal(await reserveOf(swarm), [100, 100, 0]);
  const [kept] = (await lab.rig.events('ReserveChanged')).filter(({ path }) => path === swarm);
  assert.equal([kept?.resource, kept?.target, kept?.left], ['credits', 100, 100]);

  const ordinary = lab.request(run, { credits: 900 }, { preemptible: false });
  const { id: allocation } = await lab.ann.expect('granted', ordinary);
  await lab.bob.expect('denied', lab.request(run, { credits: 1 }));
  const urgent = lab.request(run, { credits: 60 }, { priority: 'emergency' });
  const granted = await eve.expect('granted', urgent);
  assert.equal(
    [granted.rule, granted.reserve],
    ['5-reserve', { path: swarm, drawn: { credits: 60 } }],
  );
  assert.equal((await lab.eventBehind(granted, 'AllocationGranted')).reserve, granted.reserve);
  assert.equal(await reserveOf(swarm), [40, 100, 60]);

  await lab.ann.expect('settled', {
    op: 'settle',
    allocation,
    actual: { credits: 850 },
    id: lab.newId(),
  });
  assert.equal(await reserveOf(swarm), [90, 100, 10]);
  await lab.bob.expect('denied', lab.request(run, { credits: 1 }));
});

test('X-02 a reserve that cannot be is refused with what to do', async () => {
  const set = (reserves: object) => ({ op: 'setPolicy', path: 'acme', policy: { reserves } });
  const rate = await lab.operator.expect('refused', set({ 'rate.search': { permille: 10 } }));
  assert.equal(
    [rate.code, rate.message],
    ['reserve_not_possible', 'reserves: rate.search is a rate'],
  );
  const most = await lab.operator.expect('refused', set({ credits: { permille: 501 } }));
  assert.is(most.code, 'malformed');
});

test.run();
