import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countOutcome } from './harness/outcome.ts';
import { runFile } from './harness/run-file.ts';
import { assert, suite } from './harness/suite.ts';
import { awaitFile, endsSoon, fixturePath, runScript, withTestFolder } from './harness/trial.ts';

/** Each was green, or hung, in uvu alone or would be in a careless harness. */
const FALSE_GREENS: [fixture: string, shown: RegExp][] = [
  ['before-throws', /broken before/],
  ['before-each-throws', /broken before\.each/],
  ['after-throws', /broken after/],
  ['after-each-throws', /broken after\.each/],
  ['string-thrown', /not an Error: 'a bare string'[\s\S]*the second test ran/],
  ['undefined-rejected', /not an Error: undefined/],
  ['odd-error', /odd fields[\s\S]*the second test ran/],
  ['cause-shown', /outer[\s\S]*the inner reason/],
  ['property-fails', /Counterexample: \[50\][\s\S]*fifty or more/],
  ['run-forgotten', /"fixture › is never run" never ended/],
  ['added-after-run', /"fixture › is never run" never ended/],
  ['only-left-in', /\.only is left in at "runs"/],
  ['empty-suite', /suite "fixture" has no test/],
  ['no-test', /registered no test/],
  ['pending-promise', /longer than its limit of 200 ms/],
  ['pending-hook', /before hook took longer than its limit of 200 ms/],
  ['own-timeout', /1 passed, 1 failed/],
  ['late-error', /uncaught outside any test: Error: a late error/],
  ['late-rejection', /uncaught outside any test: Error: a late rejection/],
  ['uncaught-meanwhile', /thrown beside the test/],
  ['early-exit', /is never reached" never ended/],
  ['import-throws', /thrown while loading/],
  ['open-handle', /open handle kept the process alive[\s\S]*Timeout/],
];

/** Says which other files of its folder were running at the same time. */
const SEES_OTHERS = `
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
const folder = import.meta.dirname;
const me = basename(import.meta.filename, '.test.ts');
test('sees who runs', async () => {
  writeFileSync(folder + '/running-' + me, '');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const running = readdirSync(folder).filter((name) => name.startsWith('running-'));
  writeFileSync(folder + '/seen-by-' + me, running.join());
  await new Promise((resolve) => setTimeout(resolve, 200));
  rmSync(folder + '/running-' + me);
  assert.ok(running.length > 0);
});`;

/** Starts another process, writes down its id and then never ends. */
const ENDLESS = `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
test('never ends', async () => {
  const child = spawn('sleep', ['300'], { stdio: 'inherit' });
  writeFileSync(import.meta.dirname + '/pid', String(child.pid));
  await new Promise(() => {});
});`;

const PASSING = "test('passes', () => assert.ok(true));";
const FAILING = "test('fails', () => assert.equal(1, 2, 'never equal'));";

const guard = suite('harness');

for (const [name, shown] of FALSE_GREENS) {
  guard(`a file fails: ${name}`, async () => {
    const { code, output } = await runScript(fixturePath(name));
    assert.is(code, 1, output);
    assert.match(output, shown);
  });
}

guard('a clean file passes, with its skips counted', async () => {
  const { code, output } = await runScript(fixturePath('clean'));
  assert.is(code, 0, output);
  assert.match(output, /^2 passed, 0 failed, 2 skipped$/m);
});

guard('assert.rejects sees a fulfilled promise and another error', async () => {
  await assert.rejects(() => Promise.reject(new Error('as told')), /as told/);
  await assert.rejects(assert.rejects(Promise.resolve()), /was fulfilled/);
  await assert.rejects(assert.rejects(Promise.reject(new Error('a')), /b/), /another error/);
});
guard.run();

const runner = suite('runner');

runner('a clean file: outcome with reasons of the skips', async () => {
  const { outcome } = await runFixture('clean');
  assert.equal(countOutcome(outcome), { passed: 2, failed: 0, skipped: 2 });
  const reasons = outcome.tests.filter((test) => test.status === 'skipped').map((t) => t.reason);
  assert.equal(reasons, ['reason of the suite', 'reason of the test']);
});

runner('a file that reports no test fails', async () => {
  const { outcome } = await runFixture('not-a-test');
  assert.equal(outcome.problems, ['reported no test']);
});

runner('a file killed by a signal fails', async () => {
  const { outcome } = await runFixture('killed');
  assert.equal(outcome.problems, ['ended with signal SIGKILL']);
});

runner('a file over its limit is killed with what it started', async () => {
  const { outcome, output } = await runFixture('never-ends', 2_000);
  assert.equal(outcome.problems, ['was killed at its limit of 2 s']);
  assert.ok(await endsSoon(startedPidIn(output)), 'the process it started still lives');
});

runner('a process left behind fails the file and is killed', async () => {
  const { outcome, output } = await runFixture('leaves-process');
  // Leftovers are seen through /proc; elsewhere they are killed without a word.
  if (process.platform === 'linux') assert.match(outcome.problems.join(), /left .* sleep 300/);
  assert.ok(await endsSoon(startedPidIn(output)), 'the process it started still lives');
});

runner('a run ends with the line of totals, and its exit code tells', async () => {
  await withTestFolder({ 'green.test.ts': PASSING, 'red.test.ts': FAILING }, async (_, runAll) => {
    const all = await runAll();
    assert.is(all.code, 1, all.output);
    assert.match(all.output, /\n1 passed, 1 failed, 0 skipped\n$/);
    assert.match(all.output, /FAIL red\.test\.ts {2}1 test, 1 failed[\s\S]*never equal/);
    assert.is(all.output.match(/\d passed, /g)?.length, 1, 'another line looks like the totals');

    const green = await runAll(['green']);
    assert.is(green.code, 0);
    assert.match(green.output, /\n1 passed, 0 failed, 0 skipped\n$/);
    assert.not.match(green.output, 'red.test.ts');

    const none = await runAll(['no-file-has-this-name']);
    assert.is(none.code, 1);
    assert.match(none.output, /\n0 passed, 0 failed, 0 skipped\n$/);
  });
});

runner('--json writes one document to stdout', async () => {
  await withTestFolder({ 'green.test.ts': PASSING }, async (_, runAll) => {
    const { stdout } = await runAll(['--json']);
    const report = JSON.parse(stdout) as { passed: number; files: { file: string }[] };
    assert.is(report.passed, 1);
    assert.is(report.files[0]?.file, 'green.test.ts');
  });
});

runner('two files run at once, one marked alone does not', async () => {
  const files = {
    'a.test.ts': SEES_OTHERS,
    'b.test.ts': `// alone\n${SEES_OTHERS}`,
    'c.test.ts': SEES_OTHERS,
  };
  await withTestFolder(files, async (folder, runAll) => {
    const { code, output } = await runAll();
    assert.is(code, 0, output);
    const seenBy = (name: string) => readFileSync(join(folder, `seen-by-${name}`), 'utf8');
    assert.is(seenBy('b'), 'running-b');
    assert.match(`${seenBy('a')} ${seenBy('c')}`, /running-a,running-c/);
  });
});

runner('the limit of a first line holds', async () => {
  await withTestFolder({ 'slow.test.ts': `// limit 1 s\n${ENDLESS}` }, async (_, runAll) => {
    const { code, output } = await runAll();
    assert.is(code, 1);
    assert.match(output, 'was killed at its limit of 1 s');
  });
});

runner('an interrupt ends the files that run, and what they started', async () => {
  await withTestFolder({ 'slow.test.ts': ENDLESS }, async (folder, runAll) => {
    let startedPid = 0;
    const { code } = await runAll([], async (runnerPid) => {
      startedPid = Number(await awaitFile(join(folder, 'pid')));
      process.kill(runnerPid, 'SIGINT');
    });
    assert.is(code, 130);
    assert.ok(await endsSoon(startedPid), 'the process it started still lives');
  });
});
runner.run();

function runFixture(name: string, limitMs = 60_000) {
  return runFile(fixturePath(name), limitMs, () => {});
}

function startedPidIn(output: string): number {
  return Number(/^pid (\d+)$/m.exec(output)?.[1] ?? Number.NaN);
}
