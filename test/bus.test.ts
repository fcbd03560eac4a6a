import { spawnSync } from 'node:child_process';
import { KeyRefused, Unreachable } from '../bus/errors.ts';
import { connectBus } from '../bus/nats-bus.ts';
import { busContract } from './bus-contract.ts';
import { makeClientRig, until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('bus');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

const REQUEST = 'bursar.req.wile.acme.request';
const SHARDS = 'bursar.shard.*.req.>';

busContract(test, (body) =>
  body({
    bus: (user) => rig.bus(user),
    killBroker: () => rig.kill(),
    restartBroker: () => rig.restart(),
    nowMs: () => performance.now(),
    until,
  }),
);

test('a handler that throws is seen by the process, and the next message still arrives', () => {
  const program = `
    import { connectBus } from './bus/nats-bus.ts';
    const [url, ownerSeed, wileSeed] = process.argv.slice(1);
    const seen = [];
    process.on('uncaughtException', (error) => seen.push(error.message));
    const owner = await connectBus(url, 'owner', ownerSeed, 'thrower');
    owner.subscribe('${SHARDS}', (message) => {
      if (seen.length === 0) throw new Error('handler broke');
      message.respond(message.data);
    });
    await owner.flush();
    const wile = await connectBus(url, 'wile', wileSeed, 'asker');
    for (const timeoutMs of [200, 5_000]) {
      const request = wile.request('${REQUEST}', new Uint8Array(1), { timeoutMs });
      await request.then(() => seen.push('answered'), (error) => seen.push(error.code));
    }
    await Promise.all([owner.close(), wile.close()]);
    process.stdout.write(JSON.stringify(seen));
  `;
  const seeds = [rig.broker.keys.users.owner.seed, rig.seedOf('wile')];
  const run = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program, rig.broker.url, ...seeds],
    { encoding: 'utf8' },
  );
  assert.equal(run.stdout, '["handler broke","timeout","answered"]', run.stderr);
});

test('an address without a broker and a key that is none are told apart', async () => {
  await assert.rejects(
    connectBus('nats://127.0.0.1:1', 'wile', rig.seedOf('wile'), 'test'),
    (error) => error instanceof Unreachable && error.retryable,
  );
  await assert.rejects(
    connectBus(rig.broker.url, 'wile', 'nonsense', 'test'),
    (error) => error instanceof KeyRefused && !error.retryable,
  );
});

test.run();
