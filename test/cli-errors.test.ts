import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { explainError } from '../cli/explain-error.ts';
import { CliRig, runHere } from './cli-rig.ts';
import { assert, suite } from './harness/suite.ts';

const usage = suite('cli: what it does not understand');

/** A wrong command line: exit 2, a message and advice, no stack, and nothing on stdout. */
async function expectUsage(args: readonly string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await runHere(args);
  assert.is(code, 2, `${args.join(' ')}: ${stderr}`);
  assert.is(stdout, '');
  assert.match(stderr, message);
  assert.match(stderr, /\n {2}\S/, 'it says what to do');
  assert.not.match(stderr, /\n\s+at /, 'no stack');
}

usage('unknown commands and options, with a guess at what was meant', async () => {
  await expectUsage(['balnce', 'acme'], /unknown command 'balnce'.*\n.*Did you mean balance/);
  await expectUsage(['request', 'acme', '--credit', '1'], /unknown option '--credit'/);
  await expectUsage(['balance'], /missing required argument 'path'/);
  await expectUsage(['balance', 'a', 'b'], /too many arguments/);
});

usage('paths, amounts, durations, numbers and priorities that are none', async () => {
  await expectUsage(['balance', 'acme//x'], /'acme\/\/x' is no path/);
  await expectUsage(['balance', 'a/b/c/d/e/f/g/h/i'], /deeper than 8 tiers/);
  await expectUsage(['request', 'acme'], /how much of what/);
  await expectUsage(['request', 'acme', '--credits', 'lots'], /--credits/);
  await expectUsage(['request', 'acme', '--credits', '-1'], /--credits/);
  await expectUsage(['request', 'acme', '--item', 'Gold=1'], /no resource 'Gold'/);
  await expectUsage(['request', 'acme', '--item', 'memory'], /no NAME=AMOUNT/);
  await expectUsage(['request', 'acme', '--credits', '1', '--ttl', '5'], /'5' is no duration/);
  await expectUsage(['request', 'acme', '--credits', '1', '--priority', 'top'], /no priority/);
  await expectUsage(['settle', 'x', '--team', 'acme'], /how much of what/);
  await expectUsage(['open', 'acme/a/b', '--tier', 'leaf'], /no tier/);
  await expectUsage(['balance', 'acme', '--at', 'noon'], /neither a sequence nor a time/);
  await expectUsage(['balance', 'acme', '--timeout', 'soon'], /'soon' is no duration/);
  await expectUsage(['open', 'acme', '--credits', 'lots'], /--credits: /);
  await expectUsage(
    ['up', '--port', '99999'],
    /--port: '99999' is no whole number from 0 to 65535/,
  );
  const elsewhere = ['agent', 'add', 'bob', '--team', 'acme', '--prefix', 'other/x'];
  await expectUsage(elsewhere, /--prefix: other\/x is of team other/);
});

usage('names of teams, events and children, and options that exclude each other', async () => {
  const all = ['--team', 'acme/lab', 'status', 'x'];
  await expectUsage(all, /--team: 'acme\/lab' is no name of a team/);
  await expectUsage(
    ['audit', 'replay', '--type', 'distributed'],
    /no event.*\n.*mean Distributed\?/,
  );
  const divide = ['distribute', 'acme', '--credits', '4'];
  await expectUsage([...divide, '--child', 'a', '--child', 'a=weight:2'], /a is given twice/);
  await expectUsage([...divide, '--all', 'credits'], /credits is given twice/);
  await expectUsage(['stop', 'acme', '--all', '--below', 'high'], /--all.*cannot be used with/);
});

usage('--json puts the error on stdout as the one document', async () => {
  const { code, stdout, stderr } = await runHere(['request', 'acme', '--json']);
  assert.is(code, 2);
  assert.is(stderr, '');
  const { outcome, message, advice } = JSON.parse(stdout);
  assert.is(outcome, 'error');
  assert.ok(message !== '' && advice !== '');
});

usage('--help shows examples and exit codes and ends well', async () => {
  const all = await runHere(['--help']);
  assert.is(all.code, 0);
  for (const word of ['demo', 'workload', 'doctor', 'Exit codes', 'NATS_URL']) {
    assert.ok(all.stdout.includes(word), word);
  }
  for (const name of ['up', 'demo', 'workload', 'request', 'audit verify', 'agent add', 'watch']) {
    const one = await runHere([...name.split(' '), '--help']);
    assert.is(one.code, 0);
    assert.match(one.stdout, new RegExp(`Examples:\\n {2}\\$ bursar ${name}`));
  }
});

usage('no server: exit 3, and how to start one', async () => {
  const rig = new CliRig();
  try {
    for (const args of [
      ['balance', 'acme'],
      ['audit', 'verify'],
      ['watch', 'acme'],
    ]) {
      const { code, stdout, stderr } = await rig.run(...args);
      assert.is(code, 3, args.join(' '));
      assert.is(stdout, '');
      assert.not.match(stderr, /\n\s+at /, 'no stack');
    }
    const { code, document } = await rig.json('balance', 'acme');
    assert.is(code, 3);
    assert.is(document.code, 'no_server');
    assert.match(document.advice, /bursar up/);
  } finally {
    await rig.close();
  }
});

usage('an error without a code is a fault of bursar, and is said to be', () => {
  const { explained, exitCode } = explainError(new TypeError('x is not a function'));
  assert.is(exitCode, 70);
  assert.is(explained.code, 'internal');
  const node = Object.assign(new Error('bad'), { code: 'ERR_ASSERTION' });
  assert.is(explainError(node).exitCode, 70);
});

usage('what Ctrl-C breaks off ends as interrupted, whatever it was', async () => {
  const broken = await promisify(execFile)('sleep', ['9'], { signal: AbortSignal.abort() }).catch(
    explainError,
  );
  assert.equal(broken, {
    explained: {
      outcome: 'error',
      code: 'aborted',
      message: 'It was ended before it was done.',
      advice: 'Start it again; nothing of it is left running.',
      retryable: false,
    },
    exitCode: 130,
  });
});

usage.run();

const rig = new CliRig();
const served = suite('cli: what the governor refuses, over a real server');

served.before(async () => {
  await rig.start();
  await rig.done('open', 'acme', '--credits', '1');
  await rig.done('open', 'globex', '--credits', '1');
  await rig.done('agent', 'add', 'wile', '--team', 'acme');
});
served.after(() => rig.close());

served('a refusal is shown with code and advice; --verbose adds the stack', async () => {
  const { code, stdout, stderr } = await rig.run('balance', 'acme/none');
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.is(
    stderr,
    'bursar: acme/none is not open [unknown_node]\n  Open the node first, or ask on a node that is open.\n',
  );
  const verbose = await rig.run('balance', 'acme/none', '--verbose');
  assert.match(verbose.stderr, /\n\s+at /);
  const { document } = await rig.json('open', 'acme');
  assert.is(document.outcome, 'refused');
  assert.is(document.code, 'node_exists');
});

served('an agent reaches its own team only', async () => {
  const own = await rig.json('freeze', 'acme', '--as', 'wile');
  assert.is(own.document.code, 'not_permitted');
  const other = await rig.json('balance', 'globex', '--as', 'wile');
  assert.is(other.code, 1);
  assert.is(other.document.code, 'forbidden');
});

served('files that cannot be used: policy, budget and workload', async () => {
  const file = path.join(rig.root, 'bad.yaml');
  writeFileSync(file, 'bursar: policy/v1\npriorityMax: highest\n');
  const policy = await rig.json('policy', 'apply', file, '--team', 'acme');
  assert.is(policy.code, 2);
  assert.is(policy.document.problems[0].field, 'priorityMax');
  assert.is((await rig.json('policy', 'apply', '/nowhere', '--team', 'acme')).code, 2);
  const rows = path.join(rig.root, 'rows.jsonl');
  writeFileSync(rows, '{"team":"acme"}\n{"cost_usd":-1}\n');
  const workload = await rig.json('workload', rows);
  assert.is(workload.code, 2);
  assert.match(workload.document.message, /rows\.jsonl:2: cost_usd/);
  writeFileSync(file, 'rnu: { credits_usd: 1 }\n');
  const budget = await rig.json('workload', rows, '--budget', file);
  assert.match(budget.document.message, /bad\.yaml:1: rnu/);
  assert.is((await rig.json('workload', rows, '--speed', '0')).code, 2);
  assert.is((await rig.json('workload', rows, '--on-deny', 'cry')).code, 2);
});

served('it does not guess the team where several have agents', async () => {
  await rig.done('agent', 'add', 'bugs', '--team', 'globex');
  const { code, document } = await rig.json('status', 'x');
  assert.is(code, 2);
  assert.match(document.message, /which team.*acme, globex/);
});

served('a broker without a writer: exit 3, and soon', async () => {
  await rig.stop();
  await rig.start({ hasWriter: false });
  const { code, document } = await rig.json('balance', 'acme', '--timeout', '300ms');
  assert.is(code, 3);
  assert.is(document.code, 'no_writer');
});

served.run();
