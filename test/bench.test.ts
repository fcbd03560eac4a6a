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
  const { points, settings, inProcess, decisionCost } = JSON.parse(stdout);
  assert.is(settings.syncInterval, 'always');
  assert.is(points.length, 1);
  const [point] = points;
  assert.is(point.callers, 4);
  assert.ok(point.pairsPerSecond > 10, 'pairs were settled');
  assert.ok(point.requestMs.p99Ms >= point.requestMs.p50Ms);
  assert.ok(point.echoPerSecond > 0 && point.publishPerSecond > 0, 'the peers ran too');
  assert.ok(inProcess.governPerSecond > 0);
  // Any decision among 100,000 that wait and as many that live, against the same among 10.
  for (const kind of ['fits', 'queues', 'serves', 'preempts']) {
    const of = decisionCost.filter((cost: { readonly kind: string }) => cost.kind === kind);
    assert.equal(
      of.map((cost: { readonly waitingAndLive: number }) => cost.waitingAndLive),
      [10, 1_000, 100_000],
    );
    const ratio = of[2].micros / of[0].micros;
    assert.ok(ratio < 4, `${kind}: ${ratio} times as dear`);
  }
});

test('X-04 measures how fast a swarm is stopped, and recounts from the log that it was', async () => {
  const args = ['--import', 'tsx', 'bench/main.ts', '--stop', '--json'];
  const small = ['--agents', '4', '--allocations', '40', '--rounds', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, ...small], {
    cwd: root,
  });
  const { rounds, log } = JSON.parse(stdout);
  assert.equal(
    rounds.map(({ agents }: { readonly agents: string }) => agents),
    ['settle', 'do nothing'],
  );
  for (const round of rounds) {
    assert.ok(round.allocations >= 40, 'all of them had to end');
    assert.ok(round.firstNoticeMs <= round.lastNoticeMs && round.durableMs > 0);
    assert.ok(round.lastAcknowledgedMs > 0);
    assert.ok(round.denied > 0, 'others asked meanwhile');
  }
  assert.ok(rounds[0].lastSettledMs > 0 && rounds[0].completeMs > 0);
  // From a deadline of the writer's clock, seen by another: near 0, on either side.
  assert.type(rounds[1].lastFencedAfterDeadlineMs, 'number');
  assert.equal([log.stops, log.admittedBelow], [2, []]);
  assert.ok(log.deniedByStop > 0);
});

test.run();
