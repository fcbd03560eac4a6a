import { randomInt } from 'node:crypto';
import { Chance } from '../fuzz/chance.ts';
import { findText } from '../fuzz/report-text.ts';
import { problemOfInput, runTarget } from '../fuzz/run-target.ts';
import { holdReply, isMalformed } from '../fuzz/surface/expected.ts';
import { type Post, wildPost } from '../fuzz/surface/post.ts';
import { hold, type Target } from '../fuzz/target.ts';
import { TARGETS } from '../fuzz/targets/all.ts';
import { isHang, withinTime } from '../fuzz/time-limit.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, type Sent, WriterRig } from './writer-rig.ts';

const FIXED_SEED = 'short';
/** Whatever is drawn is named when something is found. */
const DRAWN_SEED = String(randomInt(1_000_000_000));

/** Inputs of one seed; the time bounds it where the machine is slow. */
const RUNS: Readonly<Record<string, number>> = {
  codec: 1_500,
  block: 1_500,
  commands: 1_500,
  surface: 12,
  replies: 1_500,
  checkpoints: 60,
  journal: 2_000,
  export: 40,
};
const SEED_MS_MAX = 500;

const short = suite('fuzz');

for (const [name, open] of Object.entries(TARGETS)) {
  short(`O-04 ${name}: nothing that is sent or stored breaks it`, async () => {
    const target = await open();
    try {
      for (const seed of [FIXED_SEED, DRAWN_SEED]) {
        const { runs, finds } = await runTarget(target, {
          seed,
          runs: RUNS[name] ?? 0,
          forMs: SEED_MS_MAX,
        });
        assert.ok(runs > 0, 'it ran');
        assert.is(finds.map((find) => findText(find, seed)).join('\n'), '');
      }
    } finally {
      await target.close?.();
    }
  });
}

short('the same seed gives the same inputs', async () => {
  for (const open of Object.values(TARGETS)) {
    const target = await open();
    for (let run = 0; run < 5; run += 1) {
      const make = () => target.make(new Chance(`same/${run}`));
      assert.equal(make(), make(), target.name);
    }
    await target.close?.();
  }
});

short('a broken property is found and its input made small', async () => {
  const target: Target = {
    name: 'broken',
    about: '',
    make: (chance) => ({ how: 'x', bytes: chance.bytes(200) }),
    check: ({ bytes }) => hold(!bytes.includes(0x91), 'no byte is 0x91'),
  };
  const { finds } = await runTarget(target, { seed: 'any', runs: 500 });
  assert.equal(
    finds.map(({ problem, input }) => [problem, [...input.bytes]]),
    [['BrokenProperty: no byte is 0x91', [0x91]]],
  );
});

short('what never ends is ended', () => {
  const endless = () => {
    for (;;);
  };
  assert.throws(() => withinTime(endless, 20), isHang);
});

short.run();

/** What was found once, in the form in which it was found. */
const FOUND: readonly [what: string, target: string, how: string, input: string][] = [
  ['a version that is a map', 'commands', 'json balance', '{"v":{"toString":1}}'],
  ['an op that is a map', 'commands', 'json balance', '{"op":{"toString":1}}'],
  ['a version of a batch that is a map', 'commands', 'json batch', '{"v":{"toString":null}}'],
  ['a version of many lists', 'commands', 'json batch', `{"v":${deep(30_000)}}`],
  ['an op of many lists', 'commands', 'json balance', `{"op":${deep(30_000)}}`],
  [
    'a field with a long name',
    'commands',
    'json release',
    `{"allocation":"a","${'k'.repeat(60_000)}":1}`,
  ],
  ['half a character', 'commands', 'json freeze', '{"path":"acme","reason":"\\ud800"}'],
  ['half a character for an op', 'commands', 'json cancelReservation', '{"op":"\\ud800"}'],
  ['an event whose type is a map', 'block', 'event', '\x82\xa1v\x02\xa4type\x81\xa8toString\x01'],
  ['text that is cut', 'codec', 'msgpack', '\x92\xa1\xc3\x01'],
  ['a letter in a long form', 'codec', 'msgpack', '\x81\xa3o\xc1\xb0\x01'],
  ['a witness of another shard', 'checkpoints', 'witness', witness(1)],
  [
    'a journal of many lists',
    'journal',
    'file',
    journal(`{"id":"a","op":"x","y":${deep(10_000)}}`),
  ],
  ['a journal of another world’s time', 'journal', 'file', journal('{"id":"a","op":"x"}', '1e17')],
  ['a journal of a number too large', 'journal', 'file', journal('{"id":"a","op":"x","y":1e535}')],
  [
    'a journal of an owner who is a map',
    'journal',
    'file',
    '{"bursarSettles":1,"agent":{"toString":1}}\n',
  ],
];

function deep(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

function witness(shard: number): string {
  const hex = (byteLength: number) => '0'.repeat(byteLength * 2);
  const head = {
    v: 1,
    shard,
    seq: 5,
    no: 3,
    hash: hex(32),
    publicKey: hex(32),
    sig: hex(64),
    atMs: 7,
  };
  return JSON.stringify(head);
}

function journal(command: string, firstSentAtUnixMs = '7'): string {
  const header = '{"bursarSettles":1,"agent":"wile","team":"acme"}';
  return `${header}\n{"command":${command},"firstSentAtUnixMs":${firstSentAtUnixMs}}\n`;
}

const found = suite('fuzz: what was found once');

for (const [what, name, how, input] of FOUND) {
  found(what, async () => {
    const open = TARGETS[name];
    if (open === undefined) throw new Error(`there is no target ${name}`);
    const bytes = new Uint8Array(Buffer.from(input, 'latin1'));
    const problem = await problemOfInput(await open(), { how, bytes });
    assert.is(problem?.stack ?? '', '');
  });
}

found.run();

const POSTS = 2_000;
const AT_ONCE = 50;
const RUN = 'acme/lab/run';

const nats = suite('fuzz over NATS');
const rig = new WriterRig();
let operator: Caller;
let wile: Caller;

nats.before(async () => {
  await rig.start();
  operator = await rig.caller();
  const limits = { credits: { limit: 10_000 } };
  await operator.expect('opened', { op: 'open', path: 'acme', limits });
  for (const path of ['acme/lab', RUN]) await operator.expect('opened', { op: 'open', path });
  wile = await rig.enrolled('wile', 'acme/lab');
  await wile.expect('granted', requestOf('held'));
  await wile.expect('granted', requestOf('spent'));
  await wile.expect('settled', { op: 'settle', allocation: 'spent', actual: {} });
});
nats.after(() => rig.close());

function requestOf(id: string): Sent {
  return { op: 'request', id, path: RUN, items: { credits: { amount: 40 } }, ttlMs: 600_000 };
}

async function books(): Promise<string> {
  const all: unknown[] = [];
  for (const path of ['acme', 'acme/lab', RUN]) {
    const { evidence, ...balance } = await operator.expect('balance', { op: 'balance', path });
    all.push(balance);
  }
  return JSON.stringify(all);
}

function malformedPosts(seed: string): Post[] {
  const posts: Post[] = [];
  for (let run = 0; posts.length < POSTS; run += 1) {
    const post = wildPost(new Chance(`${seed}/nats/${run}`));
    if (isMalformed(post)) posts.push({ ...post, sender: 'wile', wantsReply: true });
  }
  return posts;
}

nats('O-04 thousands of malformed messages: each is refused, log and balances stay', async () => {
  const before = await books();
  const lastSeq = await rig.lastSeq();
  const posts = malformedPosts(DRAWN_SEED);
  const { bus } = wile;
  for (let at = 0; at < posts.length; at += AT_ONCE) {
    const some = posts.slice(at, at + AT_ONCE);
    const replies = await Promise.all(
      some.map(({ op, isJson, bytes }) => {
        const type = isJson ? { contentType: 'application/json' } : {};
        const subject = `bursar.req.wile.acme.${op}`;
        return bus.request(subject, Uint8Array.from(bytes), { timeoutMs: 10_000, ...type });
      }),
    );
    for (const [i, reply] of replies.entries()) {
      try {
        holdReply(some[i] as Post, reply);
      } catch (cause) {
        throw new Error(`message ${at + i} of seed ${DRAWN_SEED}`, { cause });
      }
    }
  }
  assert.is(await books(), before, 'no balance has changed');
  assert.is(await rig.lastSeq(), lastSeq, 'nothing was recorded');
});

nats('INV-1 after them the writer serves, and the balances equal a replay', async () => {
  await wile.expect('granted', requestOf('still'));
  await wile.expect('settled', { op: 'settle', allocation: 'still', actual: { credits: 7 } });
  assert.equal(await rig.differences(), []);
});

nats.run();
