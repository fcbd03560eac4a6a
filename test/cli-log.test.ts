import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readWitnesses } from '../events/witness.ts';
import { systemHost } from '../host/system-host.ts';
import { CliRig, runHere } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const test = suite('cli: what is read from the log, over a real server');

test.before(async () => {
  await rig.start();
  await rig.done('open', 'acme', '--credits', '10');
  await rig.done('open', 'acme/lab', '--credits', '2');
  await rig.done('open', 'acme/lab/run-1');
  await rig.done('request', 'acme/lab/run-1/a', '--credits', '0.5', '--id', 'one');
  await rig.done('settle', 'one', '--credits', '0.4', '--team', 'acme');
  await rig.done('request', 'acme/lab/run-1/b', '--credits', '0.5', '--id', 'two');
  await rig.json('request', 'acme/lab/run-1/c', '--credits', '1.5', '--id', 'three');
});
test.after(() => rig.close());

const spent = (balance: { lines: { resource: string; spentTree: number }[] }) =>
  balance.lines.find(({ resource }) => resource === 'credits')?.spentTree;

test('audit replay: each event in its order, of a node and in words too', async () => {
  const events = await rig.lines('audit', 'replay', 'acme');
  const types = events.map(({ event }) => event.type);
  assert.equal(types.slice(0, 5), [
    'NodeOpened',
    'NodeOpened',
    'NodeOpened',
    'AllocationGranted',
    'AllocationEnded',
  ]);
  const denials = await rig.lines('audit', 'replay', 'acme/lab', '--type', 'RequestDenied');
  assert.equal(
    denials.map(({ event }) => event.id),
    ['three'],
  );
  const { stdout, stderr } = await rig.run('audit', 'replay', 'acme/lab/run-1/b');
  assert.match(stdout, /AllocationGranted .*two/);
  assert.not.match(stdout, /\(one\)/);
  assert.match(stderr, /1 event/);
  const none = await rig.lines('audit', 'replay', 'acme', '--since', '2100-01-01T00:00:00Z');
  assert.equal(none, []);
});

test('balance --at: as it was at a sequence and at a time', async () => {
  const events = await rig.lines('audit', 'replay', 'acme');
  const granted = events.find(({ event }) => event.id === 'one');
  const before = await rig.done('balance', 'acme', '--at', String(granted.seq));
  assert.is(spent(before), 0);
  assert.is(before.lines[0].heldTree, 500_000, 'the events of that message are in it');
  const settled = events.find(({ event }) => event.type === 'AllocationEnded');
  const at = new Date(settled.event.atMs).toISOString();
  assert.is(spent(await rig.done('balance', 'acme', '--at', at)), 400_000);
  const early = await rig.json('balance', 'acme', '--at', '1');
  assert.is(early.code, 1);
  assert.is(early.document.code, 'not_there');
});

test('audit explain: what was true before a decision', async () => {
  const [explained] = await rig.done('audit', 'explain', 'three', '--team', 'acme');
  assert.is(explained.decisions[0].outcome, 'denied');
  const { stdout } = await rig.run('audit', 'explain', 'three');
  assert.match(stdout, /acme\/lab: limit 2 credits, committed 0\.9 credits.*SHORT/);
  const { alternatives } = explained.decisions[0];
  assert.equal(
    alternatives
      .filter(({ chosen }: { chosen: boolean }) => chosen)
      .map(({ kind }: { kind: string }) => kind),
    ['deny'],
  );
  assert.match(stdout, /what could be done about it:\n +× all of it now: there is not enough room/);
  assert.match(stdout, /→ a denial/);
  assert.is((await rig.json('audit', 'explain', 'nobody')).document.code, 'not_there');
});

test('audit verify and export: whole, until a byte of the export is changed', async () => {
  const live = await rig.done('audit', 'verify');
  assert.is(live.ok, true);
  assert.is(live.shards.length, 2);
  const file = path.join(rig.root, 'log.jsonl');
  const exported = await rig.done('audit', 'export', file);
  assert.ok(exported.messages > 7);
  assert.is((await rig.done('audit', 'verify', '--file', file)).ok, true);
  const key = path.join(rig.dataDir, 'keys', 'ledger-signing.pub');
  const elsewhere = ['--data', path.join(rig.root, 'none'), 'audit', 'verify', '--file', file];
  assert.is((await runHere(elsewhere)).code, 2, 'it says that it has no key to believe');
  assert.is((await runHere([...elsewhere, '--key', key])).code, 0);
  const replayed = await rig.lines('audit', 'replay', 'acme', '--file', file);
  assert.equal(replayed, await rig.lines('audit', 'replay', 'acme'), 'the same events');
  const text = readFileSync(file, 'utf8');
  const at = text.indexOf('"data":"') + 200;
  writeFileSync(file, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
  const found = await rig.json('audit', 'verify', '--file', file);
  assert.is(found.code, 4, 'a check that found something');
  assert.is(found.document.ok, false);
  const { stdout } = await rig.run('audit', 'verify', '--file', file);
  assert.match(stdout, /not whole/);
});

test('audit verify of an export that the log has outlived: whole, and as old as it is', async () => {
  const file = path.join(rig.root, 'yesterday.jsonl');
  await rig.done('audit', 'export', file);
  await rig.done('charge', 'acme/lab', '--credits', '0.01');
  const folder = path.join(rig.dataDir, 'witness');
  const heads = async () => (await readWitnesses(systemHost.files, folder)).map(({ no }) => no);
  const before = Math.max(...(await heads()));
  for (const id of ['c-1', 'c-2']) {
    await rig.done('charge', 'acme/lab', '--credits', '0.01', '--id', id);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  }
  assert.ok(Math.max(...(await heads())) > before, 'the witness has seen more');
  const { code, stdout } = await rig.run('audit', 'verify', '--file', file);
  assert.is(code, 0, stdout);
  assert.match(stdout, /^whole: .*\nwritten .*; what was stored since is not in it$/m);
  // One that says it was written now, and lacks what a witness saw long ago, was cut.
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, -1);
  const header = JSON.parse(lines[0] ?? '');
  lines[0] = JSON.stringify({ ...header, atMs: header.atMs + 3_600_000 });
  const body = `${lines.join('\n')}\n`;
  const seal = createHash('sha256').update(body).digest('hex');
  writeFileSync(file, `${body}{"sha256":"${seal}"}\n`);
  const cut = await rig.run('audit', 'verify', '--file', file);
  assert.is(cut.code, 4);
  assert.match(cut.stdout, /^shorter_than_witness/);
});

test('a file that is no export, or not there, is told as such and not read as an empty log', async () => {
  const file = path.join(rig.root, 'policy.yaml');
  writeFileSync(file, 'bursar: policy/v1\n');
  for (const args of [['replay'], ['explain', 'one']]) {
    const { code, document } = await rig.json('audit', ...args, '--file', file);
    assert.equal([code, document.code], [4, 'export_damaged']);
    assert.match(document.message, /its first line is no header/);
  }
  const gone = path.join(rig.root, 'gone', 'log.jsonl');
  for (const args of [
    ['replay', '--file', gone],
    ['verify', '--file', gone],
    ['export', gone],
  ]) {
    const { code, document } = await rig.json('audit', ...args);
    assert.equal([code, document.code], [2, 'usage'], args.join(' '));
    assert.is(document.message, `${gone}: there is no such file or folder.`);
  }
});

test('projections check: the log says what the writer says; rebuild starts from nothing', async () => {
  const checked = await rig.done('projections', 'check');
  assert.equal(checked, { ok: true, teams: ['acme'], differences: [] });
  const rebuilt = await rig.done('projections', 'rebuild');
  assert.is(rebuilt.keptAside, 0);
  assert.is(rebuilt.shards.length, 2);
});

test('doctor: all is well, and what is not when the writer is gone', async () => {
  const well = await rig.done('doctor');
  assert.equal(
    well.checks.filter(({ ok }: { ok: boolean }) => !ok),
    [],
  );
  await rig.stop();
  const gone = await rig.json('doctor');
  assert.is(gone.code, 3);
  await rig.start({ hasWriter: false });
  const unserved = await rig.json('doctor');
  assert.is(unserved.code, 4);
  const failed = unserved.document.checks.filter(({ ok }: { ok: boolean }) => !ok);
  assert.equal(
    failed.map(({ check }: { check: string }) => check),
    ['writer'],
  );
  const { stdout } = await rig.run('doctor');
  assert.match(stdout, /✗ writer +no shard is served\n {4}Start one with bursar up/);
});

test.run();
