import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CliRig } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new CliRig();
const test = suite('docs/distribution.md, over a real server');

/** Each example of the page: a command line and all that it prints. */
const page = readFileSync(path.resolve(import.meta.dirname, '../docs/distribution.md'), 'utf8');
const EXAMPLES = [...page.matchAll(/```console\n\$ bursar ([^\n]+)\n([\s\S]*?)```/g)].map(
  ([, line = '', printed = '']) => ({ args: line.split(' '), printed }),
);

test.before(async () => {
  await rig.start();
  await rig.done('open', 'acme', '--credits', '100', '--limit', 'concurrency=9');
});
test.after(() => rig.close());

async function openRuns(swarm: string): Promise<void> {
  await rig.done('open', swarm, '--credits', '8');
  for (const run of ['a', 'b', 'c']) await rig.done('open', `${swarm}/${run}`);
}

/** What a node has of credits. */
async function lineOf(node: string) {
  const { lines } = await rig.done('balance', node);
  return lines.find((line: { resource: string }) => line.resource === 'credits');
}

/** What has to be true before an example. */
const BEFORE: Readonly<Record<string, () => Promise<unknown>>> = {
  'acme/demand': async () => {
    await rig.done('request', 'acme/demand/a', '--credits', '3', '--id', 'held-a');
    await rig.done('request', 'acme/demand/b', '--credits', '1', '--id', 'held-b');
  },
};

for (const { args, printed } of EXAMPLES) {
  const [, swarm = ''] = args;
  const by = args[args.indexOf('--by') + 1];
  test(`T-08 T-14 A-01 A-02 A-03 A-04 A-05 A-06 A-11 the page is right about ${swarm} (${by})`, async () => {
    await openRuns(swarm);
    await BEFORE[swarm]?.();
    const { code, stdout } = await rig.run(...args);
    assert.is(code, 0, stdout);
    assert.is(stdout, printed);
  });
}

test('T-14 what the log has of a division is what was answered and what the balances show', async () => {
  const shares = EXAMPLES.find(({ args }) => args[1] === 'acme/need');
  assert.ok(shares !== undefined);
  for (const [run, limit] of [
    ['a', 2_000_000],
    ['b', 2_000_000],
    ['c', 4_000_000],
  ] as const) {
    assert.is((await lineOf(`acme/need/${run}`)).limit, limit);
  }
  assert.is((await lineOf('acme/guess/a')).guarantee, 2_400_000);
  assert.is((await lineOf('acme/guess')).available, 2_000_000);
});

test('T-14 --dry-run shows the plan and changes nothing; the id is used when it is carried out', async () => {
  await openRuns('acme/plan');
  const line = ['distribute', 'acme/plan', '--all', 'credits', '--by', 'fair', '--id', 'plan'];
  const plan = await rig.done(...line, '--dry-run');
  assert.is(plan.outcome, 'would_distribute');
  assert.is((await lineOf('acme/plan/a'))?.limit ?? null, null);
  const done = await rig.done(...line);
  assert.equal([done.outcome, done.divisions], ['distributed', plan.divisions]);
  assert.is((await rig.done(...line)).replayed, true);
  const { stdout } = await rig.run('explain', 'plan', '--team', 'acme');
  assert.match(stdout, /Distributed/);
});

test('T-14 several resources at once, and a child that is never given less than it holds', async () => {
  await openRuns('acme/two');
  await rig.done('request', 'acme/two/a', '--credits', '5', '--item', 'concurrency=2');
  const both = ['--all', 'credits', '--item', 'concurrency=4'];
  const terms = ['a=need.credits:1,need.concurrency:1', 'b=need.credits:9,need.concurrency:9'];
  const named = terms.flatMap((one) => ['--child', one]);
  const { divisions } = await rig.done('distribute', 'acme/two', ...both, ...named);
  const given = divisions.map(({ shares }: { shares: { is: number }[] }) =>
    shares.map(({ is }) => is),
  );
  assert.equal(given, [
    [2, 2],
    [5_000_000, 3_000_000],
  ]);
});

test('A-10 by policy what was divided follows its demand, and who waits is served', async () => {
  await openRuns('acme/move');
  const rebalance = { path: 'acme/move', everyMs: 100 };
  const file = path.join(rig.root, 'policy.json');
  writeFileSync(file, JSON.stringify({ bursar: 'policy/v1', team: 'acme', rebalance }));
  await rig.done('policy', 'apply', file);
  await rig.done('distribute', 'acme/move', '--all', 'credits', '--by', 'fair');
  await rig.done('request', 'acme/move/a', '--credits', '2.50', '--id', 'most');
  const more = ['--credits', '2', '--max-wait', '20s', '--id', 'more', '--no-wait'];
  assert.is((await rig.done('request', 'acme/move/a', ...more)).outcome, 'queued');
  const endAtMs = performance.now() + 10_000;
  let limit = 0;
  while (limit < 4_500_000 && performance.now() < endAtMs) {
    limit = (await lineOf('acme/move/a')).limit;
  }
  // 4.50 are wanted, and the rest is for all alike.
  assert.is(limit, 5_666_667);
  const granted = await rig.done('status', 'more', '--team', 'acme');
  assert.equal([granted.outcome, granted.granted], ['granted', { credits: 2_000_000 }]);
});

test('A-10 --by previous goes back to what each had before, by one division more', async () => {
  await openRuns('acme/back');
  const divide = (...by: string[]) =>
    rig.done('distribute', 'acme/back', '--all', 'credits', '--by', ...by);
  const limits = async () => {
    const lines = await Promise.all(['a', 'b', 'c'].map((run) => lineOf(`acme/back/${run}`)));
    return lines.map((line) => line.limit);
  };
  const needs = ['--child', 'a=need:1', '--child', 'b=need:1', '--child', 'c=need:2'];
  await divide('proportional', ...needs);
  const first = await limits();
  await divide('fair', ...needs.map((one) => one.replace(/need:.$/, 'need:8')));
  assert.not.equal(await limits(), first);
  const back = await divide('previous');
  assert.equal(await limits(), first);
  assert.is(back.divisions[0].method, 'previous');
});

test('T-14 what cannot be divided says why and what to do', async () => {
  const { code, document } = await rig.json('distribute', 'acme/need', '--credits', '9');
  assert.is(document.code, 'does_not_fit');
  assert.ok(code !== 0);
  assert.match(document.message, /has 8000000 microcredits for these children, not 9000000$/);
  const wrong = await rig.run('distribute', 'acme/need', '--credits', '1', '--child', 'a=heavy:1');
  assert.match(wrong.stderr, /says nothing of a child/);
});

test.run();
