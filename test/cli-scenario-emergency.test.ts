import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EXIT } from '../cli/exit-codes.ts';
import { runHere } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('demo --scenario emergency: on a real server');
const folder = mkdtempSync(path.join(tmpdir(), 'bursar-scenario-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const BIN = path.resolve(import.meta.dirname, '..', 'cli', 'bin.js');

/** Whoever waits for the slow start, by the request that is served. */
const WAITED: Readonly<Record<string, string>> = { 'dan-2': 'dan', 'fay-1': 'fay', 'gil-1': 'gil' };

type Told = {
  readonly notice?: { readonly kind: string };
  readonly emergency?: { readonly kind: string };
};

test('X-03 X-04 X-05 X-06 emergency: warned, reduced, stopped, topped up, drained in order', async () => {
  const played = await runHere(['demo', '--scenario', 'emergency', '--report', folder, '--json']);
  assert.is(played.code, 0, played.stderr);
  const { steps, audit, files } = JSON.parse(played.stdout);
  const told = (steps as Told[]).flatMap(({ emergency }) => (emergency ? [emergency.kind] : []));
  assert.equal(told, [
    ...['notice', 'warning', 'degraded', 'critical', 'degraded', 'exhausted', 'degraded'],
    ...['stop', 'degraded', 'stopped', 'recovering', 'recovering', 'degraded'],
    ...['recovered', 'recovered'],
  ]);
  const heard = (steps as Told[]).flatMap(({ notice }) => (notice ? [notice.kind] : []));
  assert.equal(heard, ['denied', 'stop', 'stop', 'fenced', 'granted', 'granted', 'granted']);
  assert.equal([audit.ok, audit.admissionsAboveLimit], [true, 0]);
  // From the export alone: whoever waited was served in order, and none before the slow start let in steps.
  const source = ['--file', files.log, '--key', files.key, '--data', path.join(folder, 'none')];
  const replayed = await runHere(['audit', 'replay', 'acme', ...source, '--json']);
  const events = replayed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const order = events.flatMap(({ event }) => {
    if (event.type === 'RecoveryAdvanced') return [event.tier];
    return event.type === 'AllocationGranted' ? (WAITED[event.id] ?? []) : [];
  });
  assert.equal(order, ['run', 'step', 'dan', 'step', 'fay', 'gil']);
});

test('U-02 Ctrl-C breaks a story off: nothing more is played, and nothing runs on', async () => {
  const child = spawn(BIN, ['demo', '--scenario', 'emergency', '--report', folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let told = '';
  child.stdout.on('data', (text) => {
    told += String(text);
    if (told.includes('2. Reduced')) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.is(code, EXIT.interrupted);
  assert.not.match(told, /5\. Stop|Audit/);
});

test.run();
