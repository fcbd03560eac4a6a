import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';

const test = suite('pools, through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

const A = 'pool.a';
const B = 'pool.b';
const anyOf = (amount: number, ...pools: string[]) => ({ anyOf: [{ pools, amount }] });

test('R-23 A-07 R-10 R-14 workers of one of two pools, the least used; who waits takes the first to come', async () => {
  const swarm = await lab.openSwarm({ [A]: 2, [B]: 2, 'pool.m': 64 });
  const run = await lab.open(swarm);
  await lab.policy({ resources: { 'pool.m': { class: 'capacity', unit: 'bytes' } } });
  const memory = { 'pool.m': 10 };
  const first = await lab.ann.expect('granted', lab.request(run, memory, anyOf(1, A, B)));
  assert.equal(first.granted, { 'pool.m': 10, [A]: 1 });
  const second = await lab.bob.expect('granted', lab.request(run, {}, anyOf(1, A, B)));
  assert.equal(second.granted, { [B]: 1 });
  const grant = await lab.eventBehind(second, 'AllocationGranted');
  assert.equal(grant.factors, { [`use of ${A}`]: 500, [`use of ${B}`]: 0 });
  assert.equal(grant.ask.anyOf, [{ pools: [A, B], amount: 1 }]);

  const waits = lab.request(run, {}, { ...anyOf(2, A, B), ...wait });
  const queued = await lab.bob.expect('queued', waits);
  assert.equal(queued.account, { path: swarm, resource: A });
  const { pools = [] } = await lab.ann.expect('balance', {
    op: 'balance',
    path: swarm,
    pools: true,
  });
  assert.equal(
    pools.map((pool) => [pool.resource, pool.used, pool.waitingCount, pool.unit]),
    [
      [A, 1, 1, 'slots'],
      [B, 1, 1, 'slots'],
      ['pool.m', 10, 0, 'bytes'],
    ],
  );
  assert.equal(
    pools[0]?.holders.map(({ id, agent, held }) => [id, agent, held]),
    [[first.id, 'ann', 1]],
  );
  await lab.bob.expect('released', { op: 'release', allocation: second.id });
  const { answer } = await lab.told('granted', waits.id);
  assert.equal(answer?.outcome === 'granted' && answer.granted, { [B]: 2 });
  const short = await lab.bob.expect('denied', lab.request(run, { 'pool.m': 60 }));
  assert.is(short.reason, 'insufficient_memory');
});

test('R-23 a pool of others is denied by name, and so is one that nobody has set up', async () => {
  const swarm = await lab.openSwarm({ [A]: 2 });
  const [run, other] = [await lab.open(swarm), await lab.open(swarm)];
  await lab.policy({ pools: { [A]: { nodes: [other] } } });
  const denied = await lab.ann.expect('denied', lab.request(run, {}, anyOf(1, A)));
  assert.equal([denied.reason, denied.rule], ['pool_not_allowed', 'pool-not-its-node']);
  assert.match(denied.message, new RegExp(`${A} is no pool here; policy shares it`));
  assert.is((await lab.eventBehind(denied, 'RequestDenied')).reason, 'pool_not_allowed');
  const nobodys = await lab.ann.expect('denied', lab.request(other, { 'pool.none': 1 }));
  assert.is(nobodys.rule, 'pool-no-limit');
  await lab.ann.expect('granted', lab.request(other, {}, anyOf(1, A)));
});

test.run();
