import { CliRig } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const test = suite('cli: windows, grants and thresholds, over a real server');

test.before(async () => {
  await rig.start();
  await rig.done('open', 'acme', '--credits', '100');
});
test.after(() => rig.close());

async function line(node: string, ...more: string[]) {
  const { lines } = await rig.done('balance', node, ...more);
  return lines.find((one: { resource: string }) => one.resource === 'credits');
}

test('T-11 open --window, charge --ago, reset-window: what was spent, and in which window', async () => {
  const window = ['--window', 'credits=1mo@Europe/Berlin', '--window-at', '06:00'];
  await rig.done('open', 'acme/day', '--credits', '5', ...window);
  const set = (await line('acme/day')).window;
  assert.equal(
    [set.every, set.tz, set.at, set.carryDebt],
    ['1mo', 'Europe/Berlin', '06:00', false],
  );
  assert.ok(set.endsAtMs > set.startsAtMs);
  await rig.done('charge', 'acme/day', '--credits', '2', '--id', 'c1');
  const reset = await rig.done('reset-window', 'acme/day', 'credits');
  assert.equal([reset.outcome, reset.spent], ['window_reset', 2_000_000]);
  await rig.done('charge', 'acme/day', '--credits', '1', '--id', 'c2', '--ago', '1h');
  const { spentTree, spentTotal } = await line('acme/day');
  assert.equal([spentTree, spentTotal], [0, 3_000_000]);
  assert.is((await line('acme')).spentTree, 3_000_000);
  const { stdout } = await rig.run('balance', 'acme/day');
  assert.match(stdout, /credits: window of 1mo \(Europe\/Berlin\) until .*\$3\.00 ever/);
});

test('T-11 top-up with an end is a grant: balance shows what is left, void-grant takes it', async () => {
  await rig.done(
    'open',
    'acme/pot',
    '--credits',
    '1',
    '--window',
    'credits=manual',
    '--carry-debt',
  );
  const made = await rig.done(
    ...['top-up', 'acme/pot', '--credits', '4', '--id', 'trial', '--priority', '0'],
    ...['--ends-in', '14d', '--rollover', '1.50'],
  );
  assert.is(made.grant, 'trial');
  await rig.done('charge', 'acme/pot', '--credits', '3', '--id', 'c3');
  const { limit, grants } = await line('acme/pot');
  assert.equal([limit, grants[0].left, grants[0].state], [5_000_000, 1_000_000, 'active']);
  const { stdout } = await rig.run('balance', 'acme/pot', '--history');
  assert.match(stdout, /grant trial \(active, priority 0\): \$1\.00 left of \$4\.00 until /);
  assert.match(stdout, /to now: \$3\.00 used; left of trial \$1\.00/);
  await rig.done('void-grant', 'acme/pot', 'trial');
  assert.is((await line('acme/pot')).limit, 4_000_000);
  const gone = await rig.json('void-grant', 'acme/pot', 'trial');
  assert.is(gone.document.code, 'unknown_grant');
});

test('D-03 --threshold is told once it is reached, and a wrong one is refused with a word', async () => {
  const set = ['--threshold', 'credits=50%:warning', '--threshold', 'credits=left<0.50:critical'];
  await rig.done('open', 'acme/told', '--credits', '2', ...set);
  await rig.done('charge', 'acme/told', '--credits', '1.60', '--id', 'c4');
  const { stdout } = await rig.run('emergencies', '--team', 'acme', '--json');
  const emergencies = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text));
  const told = emergencies.filter(({ path }) => path === 'acme/told');
  assert.equal(
    told.map(({ kind }) => kind),
    ['warning', 'critical'],
  );
  const wrong = await rig.run('set-limits', 'acme/told', '--threshold', 'credits=50%:loud');
  assert.match(wrong.stderr, /Write NAME=80%/);
  const zone = await rig.run('set-limits', 'acme/told', '--window', 'credits=fortnight');
  assert.match(zone.stderr, /Write NAME=EVERY/);
});

test.run();
