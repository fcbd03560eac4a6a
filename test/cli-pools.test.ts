import { CliRig } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const test = suite('cli: pools, over a real server');

test.before(async () => {
  await rig.start();
  await rig.done('open', 'acme', '--limit', 'pool.a=2', '--limit', 'pool.b=4');
  await rig.done('open', 'acme/lab');
  await rig.done('open', 'acme/lab/run');
});
test.after(() => rig.close());

test('R-23 A-07 request --any-of takes the pool with the least to do; pools shows who holds it', async () => {
  const ask = (id: string, ...more: string[]) =>
    rig.done('request', 'acme/lab/run/s', '--id', id, '--ttl', '10m', ...more);
  assert.equal((await ask('a', '--any-of', 'pool.a,pool.b=1')).granted, { 'pool.a': 1 });
  const both = ['--any-of', 'pool.a,pool.b=8', '--min', 'pool.b=2', '--item', 'tool_calls=1'];
  assert.equal((await ask('b', ...both)).granted, { tool_calls: 1, 'pool.b': 4 });
  const { pools } = await rig.done('pools', 'acme/lab');
  assert.equal(
    pools.map((pool: Record<string, unknown>) => [pool['resource'], pool['weightedUsePermille']]),
    [
      ['pool.a', 500],
      ['pool.b', 1_000],
    ],
  );
  const { stdout } = await rig.run('pools', 'acme/lab');
  assert.match(stdout, /pool\.a +acme +1 of 2 +50 % +1 +1 +0/);
  assert.match(stdout, /pool\.b: operator holds 4 as b on acme\/lab\/run\/s, .* left/);
  const wrong = await rig.run('request', 'acme/lab/run/s', '--any-of', 'pool.a');
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, /--any-of/);
});

test.run();
