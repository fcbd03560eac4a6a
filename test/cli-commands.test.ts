import { CliRig } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const test = suite('cli: every command of a team, over a real server');

test.before(async () => {
  await rig.start();
});
test.after(() => rig.close());

/** The line of one resource in a balance. */
async function line(node: string, resource = 'credits') {
  const { lines } = await rig.done('balance', node);
  return lines.find((one: { resource: string }) => one.resource === resource);
}

test('open: team, swarm and run with their limits', async () => {
  assert.is((await rig.done('open', 'acme', '--credits', '10')).tier, 'team');
  const swarm = ['open', 'acme/lab', '--credits', '2', '--limit', 'concurrency=1'];
  assert.is((await rig.done(...swarm, '--limit', 'memory=1GiB')).tier, 'swarm');
  assert.is((await rig.done('open', 'acme/lab/run-1')).tier, 'run');
  const step = await rig.done('open', 'acme/lab/run-1/plan', '--tier', 'step');
  assert.is(step.tier, 'step');
  assert.is((await line('acme/lab', 'memory')).limit, 2 ** 30);
  assert.is((await line('acme/lab')).limit, 2_000_000);
});

test('agent: add makes a key and records the role, list shows it', async () => {
  const added = await rig.done('agent', 'add', 'wile', '--team', 'acme');
  assert.is(added.outcome, 'enrolled');
  assert.is(added.role, 'agent');
  const lead = ['agent', 'add', 'boss', '--prefix', 'acme/lab', '--role', 'lead'];
  assert.is((await rig.done(...lead, '--priority-max', 'critical')).prefix, 'acme/lab');
  const listed = await rig.done('agent', 'list');
  assert.equal(
    listed.map(({ name, team }: { name: string; team: string }) => [name, team]),
    [
      ['boss', 'acme'],
      ['wile', 'acme'],
    ],
  );
});

test('request and settle: in the name of an agent, priced in USD', async () => {
  const ask = ['request', 'acme/lab/run-1/step-1', '--credits', '0.05', '--id', 'first'];
  const granted = await rig.done(...ask, '--item', 'tool_calls=1', '--as', 'wile');
  assert.is(granted.outcome, 'granted');
  assert.equal(granted.granted, { credits: 50_000, tool_calls: 1 });
  assert.is((await line('acme')).heldTree, 50_000);
  const status = await rig.done('status', 'first', '--team', 'acme');
  assert.is(status.allocation.agent, 'wile');
  const renewed = await rig.done('renew', 'first', '--ttl', '5m', '--team', 'acme');
  assert.ok(renewed.expiresInMs > 200_000, 'the lease is longer');
  const use = ['--credits', '0.04', '--item', 'tool_calls=1', '--as', 'wile'];
  const settled = await rig.done('settle', 'first', ...use);
  assert.equal(settled.booked, { credits: 40_000, tool_calls: 1 });
  assert.is((await line('acme')).spentTree, 40_000);
});

test('explain: the events behind a decision, in JSON and in words', async () => {
  const explained = await rig.done('explain', 'first', '--team', 'acme');
  assert.is(explained.events[0].type, 'AllocationGranted');
  const { stdout } = await rig.run('explain', 'first', '--team', 'acme');
  assert.match(stdout, /wile .*0\.05 credits/);
});

test('adjust, charge, release, top-up, set-limits change the books as they say', async () => {
  await rig.done('adjust', 'first', '--credits', '0.03', '--team', 'acme');
  assert.is((await line('acme')).spentTree, 30_000);
  await rig.done('charge', 'acme/lab', '--credits', '0.01', '--id', 'invoice-1');
  await rig.done('charge', 'acme/lab', '--credits', '0.01', '--id', 'invoice-1');
  assert.is((await line('acme')).spentTree, 40_000, 'an id is charged once');
  const { id } = await rig.done('request', 'acme/lab/run-1', '--credits', '0.5');
  await rig.done('release', id, '--team', 'acme');
  assert.is((await line('acme')).heldTree, 0);
  await rig.done('top-up', 'acme', '--credits', '5', '--id', 'may');
  assert.is((await line('acme')).limit, 15_000_000);
  await rig.done('set-limits', 'acme', '--credits', '12', '--limit', 'tool_calls=none');
  assert.is((await line('acme')).limit, 12_000_000);
});

test('request --dry-run says what would happen and holds nothing', async () => {
  const dry = await rig.done('request', 'acme/lab/run-1', '--credits', '1', '--dry-run');
  assert.is(dry.outcome, 'would_grant');
  assert.is((await line('acme')).heldTree, 0);
});

test('a denied request exits with 1 and names the tier that was short', async () => {
  const asked = await rig.json('request', 'acme/lab/run-1', '--credits', '3', '--id', 'big');
  assert.is(asked.code, 1);
  assert.is(asked.document.outcome, 'denied');
  assert.is(asked.document.short[0].path, 'acme/lab');
  const again = await rig.run('request', 'acme/lab/run-1', '--credits', '3', '--id', 'big');
  assert.is(again.code, 1);
  assert.match(again.stdout, /denied.*\n.*acme\/lab has \$1\.96 credits left, \$3\.00 needed/);
});

test('queue and cancel: who waits for the only slot', async () => {
  const slot = ['request', 'acme/lab/run-1', '--item', 'concurrency=1'];
  await rig.done(...slot, '--id', 'holder');
  const waiting = [...slot, '--id', 'waiter', '--max-wait', '1m', '--no-wait'];
  assert.is((await rig.done(...waiting)).outcome, 'queued');
  const { waiting: queue, total } = await rig.done('queue', 'acme');
  assert.is(total, 1);
  assert.is(queue[0].id, 'waiter');
  const { stdout } = await rig.run('queue', 'acme/lab');
  assert.match(stdout, /waiter .* concurrency of acme\/lab/);
  const next = ['queue', 'acme/lab/run-1', '--what-if', '--item', 'concurrency=1'];
  const { whatIf, queue: seen } = await rig.done(...next, '--max-wait', '1m');
  assert.is(seen.total, 1);
  assert.is(whatIf.outcome, 'would_queue');
  assert.is(whatIf.position, 2);
  assert.match((await rig.run(...next)).stdout, /what could be done about it:/);
  assert.is((await rig.done('queue', 'acme')).total, 1, 'nothing was asked');
  assert.is((await rig.json('queue', 'acme', '--item', 'concurrency=1')).code, 2);
  const misspelt = await rig.json('queue', 'acme/lba');
  assert.equal([misspelt.code, misspelt.document.code], [1, 'unknown_node']);
  assert.is((await rig.done('cancel', 'waiter', '--team', 'acme')).outcome, 'cancelled');
  await rig.done('release', 'holder', '--team', 'acme');
});

test('freeze admits nothing until it is lifted', async () => {
  const { freeze } = await rig.done('freeze', 'acme/lab', '--reason', 'looking');
  const asked = await rig.json('request', 'acme/lab/run-1', '--credits', '0.01');
  assert.is(asked.code, 1);
  assert.is(asked.document.reason, 'frozen');
  assert.equal((await rig.done('balance', 'acme/lab')).freezes, [freeze]);
  assert.is((await rig.done('unfreeze', 'acme/lab', freeze)).stillFrozen, false);
});

test('X-04 stop --wait shows who is left, and in the end what became of all', async () => {
  const [first, ...rest] = await rig.lines('stop', 'acme/lab', '--within', '300ms', '--wait');
  const last = rest.at(-1);
  assert.equal([first.outcome, first.path], ['stopped', 'acme/lab']);
  assert.equal([last.stop, last.complete, last.remaining], [first.stop, true, 0]);
  assert.is(last.allocations, first.allocations);
  await rig.done('recover', 'acme/lab', first.stop);
  const words = await rig.run('stop', 'acme/lab', '--within', '0ms', '--wait');
  assert.is(words.code, 0, words.stderr);
  assert.match(words.stdout, /stands still acme\/lab after .*: of \d+ allocations/);
  await rig.done('recover', 'acme/lab', /recover acme\/lab (\S+)/.exec(words.stdout)?.[1] ?? '');
});

test('stop tells the team, recover lifts it, emergencies lists both', async () => {
  const stop = ['stop', 'acme/lab', '--all', '--within', '100ms', '--reason', 'runaway'];
  const stopped = await rig.done(...stop);
  assert.is(stopped.path, 'acme/lab');
  const refused = await rig.json('request', 'acme/lab/run-1', '--credits', '0.01');
  assert.is(refused.document.reason, 'stopped');
  await rig.done('recover', 'acme/lab', stopped.stop);
  const told = await rig.lines('emergencies', '--team', 'acme');
  const kinds = told.map(({ kind }) => kind);
  assert.ok(kinds.includes('stop') && kinds.includes('recovered'), kinds.join(' '));
  const later = await rig.lines('emergencies', '--since', String(told.at(-1)?.seq));
  assert.equal(later, [], 'nothing after the last position');
});

test('watch --once: the tree from the log, as the writer has it', async () => {
  const shown = await rig.lines('watch', 'acme', '--once');
  const team = shown.find((node) => node.path === 'acme');
  const written = await rig.done('balance', 'acme');
  const credits = ({ lines }: { lines: { resource: string; spentTree: number }[] }) =>
    lines.find(({ resource }) => resource === 'credits')?.spentTree;
  assert.is(credits(team), credits(written));
  const { stdout } = await rig.run('watch', 'acme', '--once', '--resource', 'concurrency');
  assert.match(stdout, /acme\/lab/);
});

test('close takes a node out of the tree; agent remove takes the key', async () => {
  assert.is((await rig.done('close', 'acme/lab/run-1', '--force')).outcome, 'closed');
  assert.is((await rig.json('balance', 'acme/lab/run-1')).document.code, 'unknown_node');
  assert.is((await rig.done('agent', 'remove', 'wile')).agent, 'wile');
  const gone = await rig.json('request', 'acme/lab', '--credits', '1', '--as', 'wile');
  assert.is(gone.document.code, 'unknown_agent');
  assert.is(gone.code, 1);
});

test.run();
