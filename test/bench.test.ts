// alone
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { assert, suite } from './harness/suite.ts';

const root = path.resolve(import.meta.dirname, '..');
const test = suite('the benchmark', { timeoutMs: 120_000 });

test('I-06 measures durable pairs beside echo and publish of the same run, as JSON', async () => {
  const args = ['--import', 'tsx', 'bench/main.ts', '--callers', '4', '--seconds', '1', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const { points, settings, inProcess } = JSON.parse(stdout);
  assert.is(settings.syncInterval, 'always');
  assert.is(points.length, 1);
  const [point] = points;
  assert.is(point.callers, 4);
  assert.ok(point.pairsPerSecond > 10, 'pairs were settled');
  assert.ok(point.requestMs.p99Ms >= point.requestMs.p50Ms);
  assert.ok(point.echoPerSecond > 0 && point.publishPerSecond > 0, 'the peers ran too');
  assert.ok(inProcess.governPerSecond > 0);
});

test.run();
