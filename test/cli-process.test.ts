// limit 240 s
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { runningServer } from '../broker/data-folder.ts';
import { bundledJsonLines } from '../workload/bundled.ts';
import type { Json, Ran } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const BIN = path.resolve(import.meta.dirname, '..', 'cli', 'bin.js');
const root = mkdtempSync(path.join(tmpdir(), 'bursar-cli-process-'));
const dataDir = path.join(root, 'data');
const temporary = path.join(root, 'tmp');
const children: ChildProcess[] = [];

const test = suite('cli: as processes', { timeoutMs: 60_000 });

test.before(() => mkdirSync(temporary));

test.after(() => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** Starts `bursar …` from a folder that has nothing to do with it. */
function start(args: readonly string[]): ChildProcess {
  const env = { ...process.env, NATS_URL: '', TMPDIR: temporary };
  const child = spawn(BIN, [...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

function bursar(...args: readonly string[]): Promise<Ran> {
  return ended(start(args));
}

function ended(child: ChildProcess): Promise<Ran> {
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code: code ?? -1, ...out }));
  });
}

/** `up --json` and its lines so far; resolves when it says that it is ready. */
async function up(...args: readonly string[]) {
  const child = start(['up', '--data', dataDir, '--json', ...args]);
  const lines: Json[] = [];
  const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const input = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const ready = await new Promise<Json>((resolve, reject) => {
    input.on('line', (line) => {
      lines.push(JSON.parse(line));
      if (lines.at(-1).event === 'ready') resolve(lines.at(-1));
    });
    input.on('close', () => reject(new Error(`not ready: ${JSON.stringify(lines)}`)));
  });
  return { child, ready, lines, closed };
}

const states = (ready: Json) => ready.shards.map(({ state }: { state: string }) => state);

test('up serves, a second one stands by and takes over when the first is killed', async () => {
  const first = await up('--port', '0', '--shards', '2');
  assert.equal(states(first.ready), ['serving', 'serving']);
  assert.is((await bursar('open', 'acme', '--credits', '1', '--data', dataDir)).code, 0);
  const second = await up('--no-broker', '--no-projector');
  assert.equal(states(second.ready), ['standby', 'standby']);
  const taken = await bursar('up', '--data', dataDir, '--port', '0');
  assert.is(taken.code, 1);
  assert.match(taken.stderr, /in use by process \d+.*\[store_in_use\]/);
  assert.ok(second.child.kill('SIGINT'), 'the standby ends first');
  assert.is(await second.closed, 0);
  const balance = await bursar('balance', 'acme', '--data', dataDir, '--json');
  assert.is(JSON.parse(balance.stdout).lines[0].limit, 1_000_000);
  first.child.kill('SIGINT');
  assert.is(await first.closed, 0);
  assert.is(first.lines.at(-1).event, 'stopped');
  assert.is(runningServer(dataDir), undefined, 'no broker is left');
});

test('a writer of another process takes over, with the same books', async () => {
  const broker = await up('--port', '0', '--no-writer', '--no-projector');
  const writer = await up('--no-broker', '--no-projector');
  const standby = await up('--no-broker', '--no-projector');
  assert.equal(states(standby.ready), ['standby', 'standby']);
  const charged = await bursar(
    'charge',
    'acme',
    '--credits',
    '0.25',
    '--id',
    'x',
    '--data',
    dataDir,
  );
  assert.is(charged.code, 0, charged.stderr);
  writer.child.kill('SIGKILL');
  const balance = await bursar('balance', 'acme', '--data', dataDir, '--json', '--timeout', '20s');
  assert.is(balance.code, 0, balance.stdout);
  assert.is(JSON.parse(balance.stdout).lines[0].spentTree, 250_000);
  for (const { child, closed } of [standby, broker]) {
    child.kill('SIGTERM');
    assert.is(await closed, 0);
  }
});

test('up ends with an error when its broker dies', async () => {
  const { child, closed, lines, ready } = await up('--port', '0');
  process.kill(ready.brokerPid, 'SIGKILL');
  assert.is(await closed, 1);
  assert.is(lines.at(-1).code, 'broker_crashed');
  assert.ok(child.exitCode !== null);
});

test('Ctrl-C takes a waiting request out of the queue', async () => {
  const { child, closed } = await up('--port', '0', '--no-projector');
  await bursar('open', 'globex', '--limit', 'concurrency=1', '--data', dataDir);
  const slot = ['request', 'globex', '--item', 'concurrency=1', '--data', dataDir];
  assert.is((await bursar(...slot)).code, 0);
  const waiting = start([...slot, '--max-wait', '1m']);
  const end = ended(waiting);
  const queue = async () => {
    const { stdout } = await bursar('queue', 'globex', '--data', dataDir, '--json');
    return JSON.parse(stdout).total;
  };
  while ((await queue()) === 0) assert.is(waiting.exitCode, null, 'it still waits');
  waiting.kill('SIGINT');
  assert.is((await end).code, 130);
  assert.is(await queue(), 0);
  child.kill('SIGINT');
  assert.is(await closed, 0);
});

test('a reader that goes ends the command, and quietly', async () => {
  const { child, closed } = await up('--port', '0', '--no-projector');
  const replay = start(['audit', 'replay', '--data', dataDir]);
  replay.stdout?.destroy();
  const { code, stderr } = await ended(replay);
  assert.not.match(stderr, /EPIPE|\n\s+at /);
  assert.ok(code === 130 || code === 0, `it ended with ${code}`);
  child.stdout?.destroy();
  child.kill('SIGINT');
  assert.is(await closed, 0);
  assert.is(runningServer(dataDir), undefined);
});

test('NO_COLOR, pipes and JSON: no escape sequences and no progress', async () => {
  const { stdout, stderr } = await bursar('--help');
  assert.not.ok((stdout + stderr).includes('\u001b'), stdout);
});

/** Temporary folders of ours that are there; tsx keeps one of its own. */
function foldersLeft(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('bursar-'));
}

/** A few runs of the bundled workload, as a file of somebody's. */
function smallTrace(): string {
  const file = path.join(root, 'trace.jsonl');
  const rows = bundledJsonLines()
    .split('\n')
    .filter((line) => line.includes('"run":"task-1"') || line.includes('"run":"session-2"'));
  writeFileSync(file, `${rows.join('\n')}\n`);
  return file;
}

test('demo: drives a trace from nothing, audits its log, and leaves nothing', async () => {
  const trace = smallTrace();
  const rows = readFileSync(trace, 'utf8').trim().split('\n').length;
  const report = path.join(root, 'report');
  const args = ['demo', '--trace', trace, '--run-cap', '0.30', '--report', report, '--json'];
  const { code, stdout, stderr } = await bursar(...args);
  assert.is(code, 0, stderr);
  const figures = JSON.parse(stdout);
  assert.is(figures.rows.accounted, rows);
  assert.ok(figures.rows.byOutcome.granted > 50, 'most are granted');
  assert.ok(figures.rows.byOutcome.denied > 0, 'the cap binds');
  assert.is(figures.admissionsAboveLimit, 0);
  assert.equal(figures.booksDiffer, []);
  assert.is(figures.audit.ok, true);
  assert.ok(figures.audit.limitsChecked > 20);
  assert.ok(figures.decisions > 100);
  for (const { resource, tier, bursar: ours } of figures.caps) {
    if (resource === 'credits') assert.ok(ours.nodes > 0, `${tier} has a cap`);
  }
  assert.match(readFileSync(path.join(report, 'spend.svg'), 'utf8'), /^<svg/);
  assert.match(readFileSync(path.join(report, 'report.html'), 'utf8'), /<pre>/);
  assert.match(readFileSync(path.join(report, 'report.txt'), 'utf8'), /every one of the/);
  const { audit: _audit, files: _files, ...kept } = figures;
  assert.equal(JSON.parse(readFileSync(path.join(report, 'report.json'), 'utf8')), kept);
  assert.equal(foldersLeft(), []);
});

test('demo: Ctrl-C settles what is held, reports, and leaves nothing', async () => {
  const report = path.join(root, 'interrupted');
  const child = start(['demo', '--speed', '2', '--report', report, '--json']);
  const end = ended(child);
  // Its folder says when it is under way: runs are open long before it could be done.
  while (!foldersLeft().some((name) => runningServer(path.join(temporary, name)))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [folder = ''] = foldersLeft();
  const { pid } = runningServer(path.join(temporary, folder)) ?? {};
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  child.kill('SIGINT');
  const { code, stdout, stderr } = await end;
  assert.is(code, 130, stderr);
  const figures = JSON.parse(stdout);
  assert.is(figures.rows.addsUp, true);
  assert.ok(figures.rows.byOutcome.granted > 0, 'some were granted before');
  assert.equal(figures.booksDiffer, [], 'what was held is settled');
  assert.ok(existsSync(path.join(report, 'report.html')));
  assert.equal(foldersLeft(), []);
  assert.throws(() => process.kill(pid ?? 0, 0), 'no server is left');
});

test.run();
