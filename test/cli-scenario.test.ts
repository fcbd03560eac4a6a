import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runHere } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('demo --scenario: a story on a real server');
const folder = mkdtempSync(path.join(tmpdir(), 'bursar-scenario-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

type Told = {
  readonly answer?: { readonly outcome: string; readonly rule?: string; readonly reason?: string };
  readonly notice?: { readonly kind: string };
};

test('U-02 contention: granted, in part, queued, preempted, served in order, refused at once', async () => {
  const played = await runHere(['demo', '--scenario', 'contention', '--report', folder, '--json']);
  assert.is(played.code, 0, played.stderr);
  const { steps, audit, files } = JSON.parse(played.stdout);
  const asked = (steps as Told[]).flatMap(({ answer }) =>
    answer?.rule === undefined ? [] : [answer.outcome],
  );
  assert.equal(asked, [
    'granted',
    'granted',
    'partial',
    'queued',
    'queued',
    'would_preempt',
    'preempting',
    'denied',
  ]);
  const heard = (steps as Told[]).flatMap(({ notice }) => (notice ? [notice.kind] : []));
  const served = ['granted', 'granted', 'granted'];
  assert.equal(heard, ['preempt', 'preempted', 'granted', ...served]);
  assert.is(audit.ok, true);
  assert.is(audit.admissionsAboveLimit, 0);
  // Nothing but the export and the key is left, and enough to say why.
  const source = ['--file', files.log, '--key', files.key];
  const elsewhere = ['--data', path.join(folder, 'none'), '--json'];
  const explained = await runHere(['audit', 'explain', 'dan-1', ...source, ...elsewhere]);
  const [{ decisions }] = JSON.parse(explained.stdout);
  assert.is(decisions[0].outcome, 'queued');
  assert.is(decisions[0].strategy, 'queue_and_wait');
  assert.is(decisions[0].situation.holdersCount, 3);
  const { alternatives } = decisions[0];
  const chosen = alternatives.find((one: { chosen: boolean }) => one.chosen);
  assert.is(chosen.kind, 'wait');
  const replayed = await runHere(['audit', 'replay', 'acme', ...source, ...elsewhere]);
  assert.ok(replayed.stdout.trim().split('\n').length >= 30);
});

test('demo --scenario: one that is not there is named with those that are', async () => {
  const asked = await runHere(['demo', '--scenario', 'nothing', '--json']);
  assert.is(asked.code, 2);
  assert.match(asked.stderr + asked.stdout, /contention/);
  assert.is(existsSync(path.join(folder, 'nothing.jsonl')), false);
});

test.run();
