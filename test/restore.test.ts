import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compareWithCopy } from '../cli/compare-with-copy.ts';
import { connectGovernor } from '../cli/reach.ts';
import { Screen } from '../cli/screen.ts';
import type { Session } from '../cli/session.ts';
import { generateSigningKeyPem } from '../events/signing.ts';
import { CliRig, type Json } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const restored = new CliRig();
const file = path.join(rig.root, 'log.jsonl');
const keyFile = path.join(rig.dataDir, 'keys', 'ledger-signing.key');
const test = suite('disaster recovery, over a real server', { timeoutMs: 30_000 });

const temporary = process.env['TMPDIR'];

test.before(async () => {
  process.env['TMPDIR'] = rig.root;
  await rig.start();
  await rig.done('open', 'acme', '--credits', '10');
  await rig.done('open', 'acme/lab', '--credits', '2');
  await rig.done('open', 'acme/lab/run');
  await rig.done('agent', 'add', 'alice', '--team', 'acme', '--prefix', 'acme/lab');
  await rig.done('request', 'acme/lab/run/a', '--credits', '0.5', '--id', 'one');
  await rig.done('settle', 'one', '--credits', '0.4', '--team', 'acme');
  await rig.stop();
  await rig.start();
  await rig.done('open', 'globex', '--credits', '3');
  await rig.done('request', 'acme/lab/run/b', '--credits', '0.25', '--id', 'two');
  await rig.done('charge', 'globex', '--credits', '1', '--id', 'three');
  await rig.done('audit', 'export', file);
});
test.after(async () => {
  if (temporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporary;
  await restored.close();
  await rig.close();
});

const silent = { write: () => {} };

const drillFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bursar-drill-'));

const sessionOn = ({ dataDir }: CliRig): Session => ({
  screen: new Screen({ isJson: true, stdout: silent, stderr: silent, env: {} }),
  dataDir,
  isVerbose: false,
  agent: undefined,
  team: undefined,
  timeoutMs: 5_000,
  signal: new AbortController().signal,
  env: {},
});

/** One after the other, so that each is a message of its own. */
async function chargeOften(on: CliRig, times: number): Promise<void> {
  const operator = await connectGovernor(sessionOn(on), 'globex', 'operator');
  for (let no = 0; no < times; no += 1) await operator.charge('globex', { credits: 10 });
  await operator.disconnect();
}

const balancesOn = async (on: CliRig) => {
  const shown: Json[] = [];
  for (const node of ['acme', 'acme/lab', 'globex']) shown.push(await on.done('balance', node));
  return shown;
};

const restore = (from: string, ...more: string[]) =>
  restored.json('restore', from, '--key', keyFile, ...more);

/** Nothing of a restore that failed: neither the folder nor the draft beside it. */
const assertNothingLeft = () => assert.equal(readdirSync(restored.root), []);

test('X-07 an export that was altered, cut, partial or of another key makes no folder', async () => {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const bad = path.join(rig.root, 'bad.jsonl');
  const refused = async (code: number, word: string, why: RegExp, ...more: string[]) => {
    const ran = await restore(bad, ...more);
    assert.is(ran.code, code, JSON.stringify(ran.document));
    assert.is(ran.document.code, word);
    assert.match(ran.document.message, why);
    assertNothingLeft();
  };
  const message = JSON.parse(lines[3] ?? '');
  const bytes = Buffer.from(message.data, 'base64');
  bytes.writeUInt8(bytes.readUInt8(90) ^ 1, 90);
  const altered = JSON.stringify({ ...message, data: bytes.toString('base64') });
  writeFileSync(bad, `${[...lines.slice(0, 3), altered, ...lines.slice(4)].join('\n')}\n`);
  await refused(4, 'export_unsound', /cannot be restored from/);
  writeFileSync(bad, `${lines.slice(0, -2).join('\n')}\n`);
  await refused(4, 'export_unsound', /export_cut/);
  await rig.done('audit', 'export', bad, '--shard', '0');
  await refused(4, 'export_unsound', /shard 1 of 2 is not in it/);
  const nameless = [...lines.slice(0, 3), JSON.stringify({ ...message, id: null })];
  const sealed = `${[...nameless, ...lines.slice(4, -1)].join('\n')}\n`;
  const seal = createHash('sha256').update(sealed).digest('hex');
  writeFileSync(bad, `${sealed}${JSON.stringify({ sha256: seal })}\n`);
  await refused(1, 'log_refused', /has no id/);
  cpSync(file, bad);
  const otherKey = path.join(rig.root, 'other.key');
  writeFileSync(otherKey, generateSigningKeyPem());
  await refused(4, 'export_unsound', /untrusted_key/, '--key', otherKey);
  const publicKey = path.join(rig.dataDir, 'keys', 'ledger-signing.pub');
  await refused(2, 'usage', /no private Ed25519 key/, '--key', publicKey);
});

test('X-07 an export that ends before what a witness saw is refused', async () => {
  const older = path.join(rig.root, 'older.jsonl');
  cpSync(file, older);
  await rig.done('charge', 'globex', '--credits', '0.5', '--id', 'four');
  await rig.stop();
  const ran = await restore(older, '--witness', path.join(rig.dataDir, 'witness'));
  assert.is(ran.code, 4);
  assert.match(ran.document.message, /shorter_than_witness/);
  assert.match(ran.document.advice, /Bring a newer export; or leave --witness away/);
  assertNothingLeft();
  // A folder without witnesses would look like a check, and be none.
  const misspelt = await restore(older, '--witness', path.join(rig.dataDir, 'witnes'));
  assert.equal([misspelt.code, misspelt.document.code], [2, 'usage']);
  assertNothingLeft();
  await rig.start();
  // More than are under way at a time when they are restored.
  await chargeOften(rig, 100);
  await rig.done('audit', 'export', file);
});

test('X-07 a folder that is not empty stays as it is', async () => {
  mkdirSync(restored.dataDir);
  const mine = path.join(restored.dataDir, 'mine.txt');
  writeFileSync(mine, 'mine');
  const ran = await restore(file);
  assert.is(ran.document.code, 'folder_not_empty');
  assert.equal(readdirSync(restored.root), ['data']);
  assert.equal(readdirSync(restored.dataDir), ['mine.txt']);
  rmSync(restored.dataDir, { recursive: true });
});

test('X-07 restored, it is the same log: up serves the same balances and grants on', async () => {
  const before = await balancesOn(rig);
  await rig.stop();
  const { code, document } = await restore(file);
  assert.is(code, 0, JSON.stringify(document));
  assert.is(document.outcome, 'restored');
  assert.is(document.shards.length, 2);
  assert.ok(!existsSync(path.join(restored.dataDir, 'broker.lock')), 'nothing holds the folder');
  for (const folder of ['agents', path.join('keys', 'agents')]) {
    const from = path.join(rig.dataDir, folder);
    cpSync(from, path.join(restored.dataDir, folder), { recursive: true });
  }
  await restored.start();
  assert.equal(await balancesOn(restored), before);
  const again = await restored.done('settle', 'two', '--credits', '0.2', '--team', 'acme');
  assert.is(again.outcome, 'settled', 'what was held then can be settled here');
  const granted = await restored.done(
    'request',
    'acme/lab/run/c',
    '--credits',
    '0.1',
    '--id',
    'five',
  );
  assert.is(granted.outcome, 'granted');
  const spent = await restored.json('request', 'acme/lab/run/d', '--credits', '1.9', '--id', 'six');
  assert.is(spent.document.outcome, 'denied', 'what was spent before is spent');
  assert.is((await restored.done('audit', 'verify')).ok, true, 'one chain, before and after');
  assert.is((await restored.done('projections', 'check')).ok, true);
});

test('V-03 the drill passes while the governor serves, and leaves nothing', async () => {
  const report = await restored.done('drill');
  assert.equal(
    report.steps.map(({ step, ok }: Json) => [step, ok]),
    [
      ['export', true],
      ['restore', true],
      ['start', true],
      ['compare', true],
    ],
  );
  assert.is(report.teams, 2);
  assert.equal(report.differences, []);
  assert.ok(report.recoveryMs > 0);
  assert.equal(drillFolders(), []);
  const more = await restored.done('charge', 'globex', '--credits', '0.01', '--id', 'seven');
  assert.is(more.outcome, 'charged', 'the live governor was only read');
});

test('V-03 writers that do not say what the export says are told apart', async () => {
  await rig.start();
  await chargeOften(rig, 10);
  await restored.done('audit', 'export', file);
  await restored.done('charge', 'globex', '--credits', '0.01', '--id', 'eight');
  const { teams, differences } = await compareWithCopy(sessionOn(restored), file, rig.dataDir);
  assert.is(teams, 2);
  const ofLive = differences.filter(({ writer }) => writer === 'live');
  assert.equal(ofLive, [], 'it has gone on since, and is held against its own log');
  const spent = differences.find(
    ({ path: node, field }) => node === 'globex' && field === 'spentTree',
  );
  assert.is(spent?.projection, 1_511_000);
  assert.is(spent?.actors, 1_501_100, 'the old governor has gone another way');
});

test('V-03 a drill that cannot restore fails, says where, and leaves nothing', async () => {
  const key = path.join(restored.dataDir, 'keys', 'ledger-signing.key');
  const genuine = readFileSync(key);
  writeFileSync(key, generateSigningKeyPem());
  const { code, stdout } = await restored.run('drill');
  writeFileSync(key, genuine);
  assert.is(code, 1);
  assert.match(stdout, /✗ +restore .*untrusted_key/);
  assert.match(stdout, /failed/);
  assert.equal(drillFolders(), []);
});

test.run();
