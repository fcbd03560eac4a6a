import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CliRig, runHere } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('cli: policy');

const rig = new CliRig();
test.before(async () => {
  await rig.start();
  await rig.done('open', 'acme');
  await rig.done('open', 'acme/lab');
});
test.after(() => rig.close());

const file = path.join(rig.root, 'policy.yaml');
const write = (text: string) => writeFileSync(file, `bursar: policy/v1\n${text}`);
const ofAcme = ['--team', 'acme'] as const;

test('T-04 check needs no server, and points at the line', async () => {
  write('autoOpen: runs\npriorityMax: hihg\nqueueing: fair\nsharing: need\n');
  const { code, stdout } = await runHere(['policy', 'check', file]);
  assert.is(code, 2);
  const lines = stdout.split('\n');
  assert.ok(lines[0]?.includes(`${file}:3:14 error: 'hihg' is none of the values`), lines[0]);
  assert.is(lines[1], '    3 | priorityMax: hihg');
  assert.is(lines[2], `      | ${' '.repeat(13)}^^^^`);
  assert.match(lines[3] ?? '', /Did you mean high\?/);
  assert.match(stdout, /:5:1 warning: sharing has no effect/);
  assert.match(stdout, /not valid \(1 error, 1 warning\)/);
  write('queueing: fair\nsharing: need\n');
  assert.is((await runHere(['policy', 'check', file])).code, 0, 'a warning is none');
  assert.is((await runHere(['policy', 'check', file, '--strict'])).code, 2);
});

test('T-04 of a long line so much is shown as a person reads', async () => {
  write(`comment: "${'x'.repeat(5_000)}\\e[2J"\nbounds: { ${' '.repeat(3_000)}credits: 0.5 }\n`);
  const { stdout } = await runHere(['policy', 'check', file]);
  const lines = stdout.split('\n');
  for (const line of lines) assert.ok(line.length < 200, `${line.length}`);
  const [, excerpt = '', mark = ''] = lines.slice(lines.findIndex((line) => line.includes(':3:')));
  assert.is(excerpt.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1), '0.5');
});

test('T-04 diff, apply, show and history: versions of one policy', async () => {
  write('preset: guarded\nautoOpen: runs\ncomment: for nightly runs\n');
  const different = await rig.json('policy', 'diff', file, ...ofAcme);
  assert.is(different.code, 1);
  assert.is(different.document.version, 0);
  const changed = different.document.changes.find(
    ({ field }: { field: string }) => field === 'autoOpen',
  );
  assert.equal(changed, { field: 'autoOpen', before: 'steps', after: 'runs' });

  const dry = await rig.done('policy', 'apply', file, '--dry-run', ...ofAcme);
  assert.equal([dry.outcome, dry.version], ['would_set_policy', 1]);
  assert.is((await rig.done('policy', 'show', ...ofAcme)).version, 0, 'nothing was set');
  // It is the governor who says whether it could be set: the swarm has no limit of memory.
  write('reserves: { "acme/lab|memory": { amount: 5 } }\n');
  const refused = await rig.json('policy', 'apply', file, '--dry-run', ...ofAcme);
  assert.is(refused.document.code, 'reserve_not_possible');
  write('preset: guarded\nautoOpen: runs\ncomment: for nightly runs\n');
  const set = await rig.done('policy', 'apply', file, ...ofAcme);
  assert.is(set.outcome, 'policy_set');
  assert.is(set.version, 1);
  const opened = await rig.done('request', 'acme/lab/run-2/step-1', '--credits', '0.01');
  assert.is(opened.outcome, 'granted', 'it is in force: the run opened by itself');
  await rig.done('release', opened.id, ...ofAcme);
  assert.is((await rig.json('policy', 'diff', file, ...ofAcme)).code, 0);
  assert.is((await rig.done('policy', 'apply', file, ...ofAcme)).outcome, 'unchanged');

  write('autoOpen: none\n');
  const late = await rig.json('policy', 'apply', file, '--if-version', '0', ...ofAcme);
  assert.is(late.code, 1);
  assert.is(late.document.code, 'version_conflict');
  const why = ['--if-version', '1', '--comment', 'no more'];
  assert.is((await rig.done('policy', 'apply', file, ...why, ...ofAcme)).version, 2);

  const [first, second] = await rig.lines('policy', 'history', ...ofAcme);
  assert.is(first?.preset, 'guarded');
  assert.is(first?.comment, 'for nightly runs');
  assert.is(second?.comment, 'no more');
  assert.ok(second?.changes.some(({ field }: { field: string }) => field === 'autoOpen'));
  const old = await rig.done('policy', 'show', '--version', '1', ...ofAcme);
  assert.is(old.policy.autoOpen, 'runs');
  assert.is((await rig.json('policy', 'show', '--version', '9', ...ofAcme)).code, 1);
});

test('T-04 what is shown can be applied again', async () => {
  const { stdout } = await rig.run('policy', 'show', '--all', ...ofAcme);
  assert.match(stdout, /^# version 2, set by operator .* ago$/m);
  writeFileSync(file, stdout);
  assert.is((await rig.done('policy', 'apply', file, ...ofAcme)).outcome, 'unchanged');
  const elsewhere = await rig.json('policy', 'apply', file, '--team', 'globex');
  assert.is(elsewhere.code, 2, 'it is the policy of acme');
  assert.is(elsewhere.document.problems[0].field, 'team');
});

test('T-04 each preset can be printed and applied', async () => {
  const presets = await rig.done('policy', 'presets');
  assert.is(presets.length, 4);
  for (const { preset } of presets) {
    const { stdout, code } = await rig.run('policy', 'presets', preset, ...ofAcme);
    assert.is(code, 0);
    writeFileSync(file, stdout);
    assert.equal((await rig.done('policy', 'check', file)).problems, []);
    await rig.done('policy', 'apply', file, ...ofAcme);
  }
  assert.is((await rig.json('policy', 'presets', 'stric', ...ofAcme)).code, 2);
});

test.run();
