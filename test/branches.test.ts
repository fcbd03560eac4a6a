import { CliRig } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';

const test = suite('parallel branches, through NATS');
const lab = new Lab();
const cli = new CliRig();

test.before(() => lab.start());
test.after(async () => {
  await lab.close();
  await cli.close();
});

test('T-15 three branches, one ends early: the others get its rest, and who waits is served by it', async () => {
  const run = await lab.openRun({ credits: 90 });
  const more = { branchOf: run };
  const [a, b, c] = [
    await lab.open(run, {}, more),
    await lab.open(run, {}, more),
    await lab.open(run, {}, more),
  ];
  const limitOf = async (path: string) => {
    const { lines, branchOf } = await lab.operator.expect('balance', { op: 'balance', path });
    assert.is(branchOf, run);
    return lines.find(({ resource }) => resource === 'credits')?.limit;
  };
  assert.equal(await Promise.all([a, b, c].map(limitOf)), [30, 30, 30]);
  const used = await lab.ann.expect('granted', lab.request(a, { credits: 10 }));
  await lab.ann.expect('settled', { op: 'settle', allocation: used.id, actual: { credits: 10 } });
  const waits = lab.request(b, { credits: 35 }, wait);
  assert.equal((await lab.bob.expect('queued', waits)).account, { path: b, resource: 'credits' });

  const closed = await lab.operator.expect('closed', { op: 'close', path: a });
  const shares = (await lab.behind(closed)).filter((event) => event.type === 'LimitsSet');
  assert.equal(
    shares.map((event) => event.type === 'LimitsSet' && [event.path, event.limits, event.branch]),
    [b, c].map((path) => [path, { credits: { limit: 40 } }, { of: run, by: 'fair' }]),
  );
  const { answer } = await lab.told('granted', waits.id);
  assert.equal(answer?.outcome === 'granted' && answer.granted, { credits: 35 });
  assert.equal(await Promise.all([b, c].map(limitOf)), [40, 40]);
  const parent = await lab.operator.expect('balance', { op: 'balance', path: run });
  assert.is(parent.branchBy, 'fair');
});

test('T-15 open --branch-of by the command line; balance says whose branch a node is', async () => {
  await cli.start();
  for (const path of ['acme', 'acme/lab']) await cli.done('open', path);
  await cli.done('open', 'acme/lab/run', '--credits', '3');
  const more = ['--branch-of', 'acme/lab/run', '--branch-by', 'proportional'];
  await cli.done('open', 'acme/lab/run/left', ...more);
  await cli.done('open', 'acme/lab/run/right', ...more, '--weight', '2');
  const { lines } = await cli.done('balance', 'acme/lab/run/right');
  assert.is(lines[0].limit, 2_000_000);
  const { stdout } = await cli.run('balance', 'acme/lab/run/right');
  assert.match(stdout, /a branch: its limits are its share of acme\/lab\/run/);
  const above = await cli.run('balance', 'acme/lab/run');
  assert.match(above.stdout, /shared by its branches: proportional/);
  const wrong = await cli.run('open', 'acme/lab/run/x', ...more.slice(0, 3), 'equal');
  assert.equal([wrong.code, /no method/.test(wrong.stderr)], [2, true]);
});

test.run();
