import { CliRig } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const test = suite('cli: budgets that move, wait and end, over a real server');

test.before(async () => {
  await rig.start();
  await rig.done('open', 'acme', '--credits', '10', '--limit', 'concurrency=8');
});
test.after(() => rig.close());

async function line(node: string, resource = 'credits') {
  const { lines } = await rig.done('balance', node);
  return lines.find((one: { resource: string }) => one.resource === resource);
}

test('T-09 --lend: what of a guarantee others may use, and balance says so', async () => {
  const guarantee = ['--guarantee', 'concurrency=4'];
  await rig.done('open', 'acme/lab', ...guarantee, '--lend', 'concurrency=3');
  await rig.done('open', 'acme/shop', ...guarantee);
  assert.equal(
    [(await line('acme/lab', 'concurrency')).lend, (await line('acme/shop', 'concurrency')).lend],
    [3, null],
  );
  const { stdout } = await rig.run('balance', 'acme/lab');
  assert.match(stdout, /concurrency.*lends 3/);
});

test('F-07 reserve, draw by --reservation, cancel-reservation', async () => {
  const made = await rig.done(
    ...['reserve', 'acme/shop', '--item', 'concurrency=2', '--credits', '1'],
    ...['--for', '1h', '--id', 'night', '--reason', 'the report'],
  );
  assert.equal([made.outcome, made.startsInMs, made.endsInMs], ['reserved', 0, 3_600_000]);
  const ask = ['request', 'acme/shop', '--item', 'concurrency=1', '--reservation', 'night'];
  const granted = await rig.done(...ask, '--id', 'one');
  assert.equal([granted.outcome, granted.rule], ['granted', '3-reservation']);
  const { stdout } = await rig.run('balance', 'acme/shop');
  assert.match(stdout, /reserved as night: .*concurrency 1.* left of .*concurrency 2/);
  await rig.done('release', 'one', '--team', 'acme');
  const ended = await rig.done('cancel-reservation', 'night', '--team', 'acme');
  assert.equal(ended.returned, { concurrency: 2, credits: 1_000_000 });
});

test('T-09 transfer moves limit from sibling to sibling, once for an id', async () => {
  await rig.done('open', 'acme/lab/a', '--credits', '3', '--guarantee', 'credits=2');
  await rig.done('open', 'acme/lab/b', '--credits', '1');
  const move = ['transfer', 'acme/lab/a', 'acme/lab/b', '--credits', '1.50', '--id', 'move'];
  assert.equal((await rig.done(...move)).guarantees, { credits: 1_500_000 });
  assert.is((await rig.done(...move)).replayed, true);
  assert.is((await line('acme/lab/a')).limit, 1_500_000);
  assert.is((await line('acme/lab/b')).guarantee, 1_500_000);
});

test('§6.6 set-limits --reclaim takes back what is above the cut', async () => {
  await rig.done('open', 'acme/lab/c', '--limit', 'memory=4GiB');
  const ask = ['request', 'acme/lab/c', '--item', 'memory=4GiB', '--min', 'memory=1GiB'];
  await rig.done(...ask, '--id', 'big');
  const cut = await rig.done('set-limits', 'acme/lab/c', '--limit', 'memory=2GiB', '--reclaim');
  assert.equal(cut.reclaimed, { memory: 2 ** 31 });
  assert.is((await line('acme/lab/c', 'memory')).held, 2 ** 31);
});

test('§6.1 --overrun-limit: a settle far above its hold freezes the run', async () => {
  await rig.done('open', 'acme/lab/d', '--credits', '2', '--overrun-limit', 'credits=0.01');
  await rig.done('request', 'acme/lab/d', '--credits', '0.10', '--id', 'over');
  await rig.done('settle', 'over', '--credits', '0.12', '--team', 'acme');
  assert.is((await rig.done('balance', 'acme/lab/d')).frozen, true);
});

test('T-11 open --deadline: the node closes by force when its time is over', async () => {
  await rig.done('open', 'acme/brief', '--deadline', '1500ms');
  const shown = await rig.run('balance', 'acme/brief');
  assert.match(shown.stdout, /closes by force in 1\.\d s/);
  await rig.done('request', 'acme/brief', '--credits', '0.10', '--ttl', '1s', '--id', 'late');
  const deadline = Date.now() + 20_000;
  let answer = await rig.json('balance', 'acme/brief');
  while (answer.document.code !== 'unknown_node' && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await rig.json('balance', 'acme/brief');
  }
  assert.is(answer.document.code, 'unknown_node');
});

test.run();
