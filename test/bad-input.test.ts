import { JSON_TYPE } from '../bus/bus.ts';
import type { Answer, AnswerOf } from '../events/answers.ts';
import { encode } from '../events/codec.ts';
import { LIMITS } from '../events/limits.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, parseJson, readAnswer, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('bad input');
const rig = new WriterRig();
let operator: Caller;
let wile: Caller;
let road: Caller;
let stranger: Caller;

const RUN = 'acme/lab/run';
const request = (more: object = {}): Sent => ({
  op: 'request',
  path: RUN,
  items: { credits: { amount: 1 } },
  ...more,
});

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  await operator.expect('opened', {
    op: 'open',
    path: 'acme',
    limits: { credits: { limit: 10_000 } },
  });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab2' });
  await operator.expect('opened', { op: 'open', path: RUN, limits: { credits: { limit: 500 } } });
  wile = await rig.enrolled('wile', 'acme/lab');
  road = await rig.enrolled('road', 'acme/lab');
  await rig.addAgent('stranger', 'acme');
  stranger = await rig.caller('stranger');
  await wile.expect('granted', request({ id: 'held', items: { credits: { amount: 40 } } }));
  await wile.expect('granted', request({ id: 'spent', items: { credits: { amount: 40 } } }));
  await wile.expect('settled', { op: 'settle', id: 'end', allocation: 'spent', actual: {} });
});
test.after(() => rig.close());

/** All balances of the team, as one text. */
async function books(): Promise<string> {
  const all: unknown[] = [];
  for (const path of ['acme', 'acme/lab', 'acme/lab2', RUN]) {
    const { evidence, ...balance } = await operator.expect('balance', { op: 'balance', path });
    all.push(balance);
  }
  return JSON.stringify(all);
}

/** Sends something wrong: the refusal, after which the books and the log are as before. */
async function refusedUnchanged(send: () => Promise<Answer>): Promise<AnswerOf<'refused'>> {
  const before = await books();
  const lastSeq = await rig.lastSeq();
  const answer = await send();
  assert.is(answer.outcome, 'refused', JSON.stringify(answer));
  const refusal = answer as AnswerOf<'refused'>;
  assert.ok(refusal.message.length > 5, 'it says what is wrong');
  assert.ok(refusal.advice.length > 10, 'it says what to do');
  assert.is(await books(), before, 'no balance has changed');
  assert.is(await rig.lastSeq(), lastSeq, 'nothing was recorded');
  return refusal;
}

/** A refused command: its name, what is sent, by whom, the code, and what the message names. */
const WRONG: readonly [
  name: string,
  command: Sent,
  code: AnswerOf<'refused'>['code'],
  says: RegExp,
  by?: 'operator' | 'stranger' | 'road',
][] = [
  ['no items', request({ items: {} }), 'malformed', /items: must name 1 to 16 resources/],
  ['a field that is none', request({ colour: 'red' }), 'malformed', /colour/],
  ['a path that is none', request({ path: 'acme//x' }), 'malformed', /path: must be names/],
  ['a path of nine tiers', request({ path: `acme${'/x'.repeat(8)}` }), 'malformed', /8 tiers/],
  ['an id with a blank', request({ id: 'a b' }), 'malformed', /id: must be 1 to 64/],
  ['an id of 65 characters', request({ id: 'x'.repeat(65) }), 'malformed', /id: must be 1 to 64/],
  ['min above amount', request({ items: { credits: { amount: 1, min: 2 } } }), 'malformed', /min/],
  ['a priority of no name', request({ priority: 'urgent' }), 'malformed', /priority/],
  ['an op of no name', { op: 'grab', path: RUN }, 'unknown_op', /there is no op grab/],
  ['a version of tomorrow', request({ v: 2 }), 'unknown_version', /version 2/],
  [
    'a predicted amount',
    request({ items: { credits: { amount: 'predict' } } }),
    'not_available',
    /predict/,
  ],
  ['another team', request({ path: 'globex/lab' }), 'wrong_team', /acme.*globex/],
  ['outside the prefix', request({ path: 'acme/lab2' }), 'not_permitted', /beneath acme\/lab/],
  [
    'a prefix that only begins alike',
    request({ path: 'acme/lab2/r' }),
    'not_permitted',
    /acme\/lab/,
  ],
  ['nobody enrolled', request(), 'not_permitted', /stranger is not enrolled/, 'stranger'],
  ['not its role', { op: 'setLimits', path: RUN, limits: {} }, 'not_permitted', /role agent/],
  ['above its priority', request({ priority: 'critical' }), 'not_permitted', /cap of 200/],
  ['a node that is not open', { op: 'balance', path: 'acme/lab/none' }, 'unknown_node', /none/],
  [
    'a resource of no registry',
    request({ items: { gold: { amount: 1 } } }),
    'unknown_resource',
    /gold/,
  ],
  ['a lease of 9 ms', request({ ttlMs: 9 }), 'impossible_ttl', /ttlMs/],
  ['a lease of years', request({ ttlMs: 1e12 }), 'impossible_ttl', /ttlMs/],
  ['a renewal of nothing', { op: 'renew', allocation: 'held', byMs: 0 }, 'impossible_ttl', /byMs/],
  ['a deadline in the past', request({ deadlineMs: -5 }), 'deadline_past', /5 ms/],
  ['a deadline of now', request({ deadlineMs: 0 }), 'deadline_past', /deadline/],
  ['below zero', request({ items: { credits: { amount: -1 } } }), 'amount_out_of_range', /amount/],
  ['a fraction', request({ items: { credits: { amount: 1.5 } } }), 'amount_out_of_range', /amount/],
  [
    'beyond 2^53',
    request({ items: { credits: { amount: 2 ** 53 } } }),
    'amount_out_of_range',
    /amount/,
  ],
  [
    'not a number',
    request({ items: { credits: { amount: Number.NaN } } }),
    'amount_out_of_range',
    /amount/,
  ],
  [
    'a use beyond 2^53',
    { op: 'settle', allocation: 'held', actual: { credits: 2 ** 60 } },
    'amount_out_of_range',
    /actual/,
  ],
  [
    'a sum beyond 2^53',
    request({ items: { tool_calls: { amount: Number.MAX_SAFE_INTEGER } }, path: 'acme/lab2' }),
    'amount_out_of_range',
    /2\^53/,
    'operator',
  ],
  ["another's allocation", { op: 'release', allocation: 'held' }, 'not_permitted', /held/, 'road'],
  ['an allocation of no name', { op: 'release', allocation: 'nope' }, 'unknown_allocation', /nope/],
  ['a request of no name', { op: 'cancel', request: 'nope' }, 'unknown_request', /nope/],
  ['an id of no name', { op: 'status', of: 'nope' }, 'unknown_id', /nope/],
  [
    'a freeze of no name',
    { op: 'unfreeze', path: RUN, freeze: 'f' },
    'unknown_freeze',
    /f/,
    'operator',
  ],
  ['a stop of no name', { op: 'recover', path: RUN, stop: 's' }, 'unknown_stop', /s/, 'operator'],
  ['a node once more', { op: 'open', path: RUN }, 'node_exists', /acme\/lab\/run/],
  ['a node without its parent', { op: 'open', path: `${RUN}/a/b` }, 'parent_missing', /a/],
];

test('I-05 each wrong command is a typed refusal that says what to do, and changes nothing', async () => {
  await operator.expect('charged', {
    op: 'charge',
    id: 'much',
    path: 'acme/lab2',
    amounts: { tool_calls: 10 },
  });
  const callers = { wile, operator, stranger, road };
  for (const [name, command, code, says, by = 'wile'] of WRONG) {
    const refusal = await refusedUnchanged(() => callers[by].ask(command));
    assert.is(refusal.code, code, `${name}: ${JSON.stringify(refusal)}`);
    assert.match(refusal.message, says, name);
  }
});

test('each of them in one batch, each with its own answer', async () => {
  const own = WRONG.filter(([, , , , by]) => by === undefined);
  const before = await books();
  const { answers } = await wile.batch(own.map(([, command]) => command));
  assert.equal(
    answers.map((answer) => (answer.outcome === 'refused' ? answer.code : answer.outcome)),
    own.map(([, , code]) => code),
  );
  assert.is(await books(), before);
});

test('bytes that are no msgpack, or no single map, are refused as such', async () => {
  const bytes = (...values: number[]) => Uint8Array.of(...values);
  const wrong: [Uint8Array, RegExp][] = [
    [bytes(), /not msgpack/],
    [bytes(0xc1), /not msgpack/],
    [bytes(0x81, 0xa1), /not msgpack/],
    [bytes(0x80, 0x80), /not msgpack/],
    [bytes(0xd4, 0x01, 0x00), /not msgpack/],
    [bytes(...Array.from({ length: 60_000 }, () => 0x91), 0xc0), /not msgpack/],
    [encode(7), /map of fields/],
    [encode(null), /map of fields/],
    [encode([]), /map of fields/],
    [encode('request'), /map of fields/],
    [new TextEncoder().encode('{"op":"balance"}'), /send Content-Type: application\/json/],
  ];
  for (const [body, says] of wrong) {
    const refusal = await refusedUnchanged(async () =>
      readAnswer(await wile.sendRaw('request', body)),
    );
    assert.is(refusal.code, 'malformed');
    assert.match(refusal.message, says);
  }
});

test('I-09 who asks in JSON is answered in JSON, also when it is none', async () => {
  const answer = (await wile.askJson({ op: 'balance', path: RUN })) as AnswerOf<'balance'>;
  assert.equal([answer.outcome, answer.path], ['balance', RUN]);
  const wrong: [string, string, RegExp][] = [
    ['', 'malformed', /not JSON/],
    ['{"op":', 'malformed', /not JSON/],
    ['[]', 'malformed', /map of fields/],
    ['"balance"', 'malformed', /map of fields/],
    ['{"op":"balance","path":"acme/lab/none"}', 'unknown_node', /none/],
    ['{"op":"balance","path":"acme","__proto__":{"path":"globex"}}', 'malformed', /__proto__/],
    [`{"op":"balance","path":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 'malformed', /path/],
  ];
  for (const [text, code, says] of wrong) {
    for (const type of [JSON_TYPE, 'Application/JSON; charset=utf-8']) {
      const reply = await wile.sendRaw('balance', new TextEncoder().encode(text), type);
      const refusal = parseJson(reply) as AnswerOf<'refused'>;
      assert.equal([refusal.outcome, refusal.code], ['refused', code], text.slice(0, 60));
      assert.match(refusal.message, says);
    }
  }
  const notUtf8 = await wile.sendRaw('balance', Uint8Array.of(0x22, 0xff, 0x22), JSON_TYPE);
  assert.is((parseJson(notUtf8) as AnswerOf<'refused'>).code, 'malformed');
});

test('64 KiB pass, one byte more is refused', async () => {
  const padded = (size: number) => {
    const body = encode({ op: 'freeze', path: RUN, reason: '' });
    return encode({ op: 'freeze', path: RUN, reason: 'x'.repeat(size - body.byteLength - 2) });
  };
  const whole = padded(LIMITS.requestBytesMax);
  assert.is(whole.byteLength, LIMITS.requestBytesMax);
  const passed = await refusedUnchanged(async () =>
    readAnswer(await wile.sendRaw('freeze', whole)),
  );
  assert.is(passed.code, 'malformed', 'it was read: the reason is too long');
  const over = padded(LIMITS.requestBytesMax + 1);
  const refused = await refusedUnchanged(async () =>
    readAnswer(await wile.sendRaw('freeze', over)),
  );
  assert.is(refused.code, 'oversize');
  assert.match(refused.message, /65537 bytes/);
});

test('batches: 256 pass, 257 do not, and none is nested', async () => {
  const reads = (count: number) =>
    Array.from({ length: count }, () => ({ op: 'status', of: 'held' }));
  assert.is((await wile.batch(reads(256))).answers.length, 256);
  const send = (body: object) => async () => readAnswer(await wile.sendRaw('batch', encode(body)));
  const wrong: [object, string, RegExp][] = [
    [{ op: 'batch', commands: reads(257) }, 'malformed', /256/],
    [{ op: 'batch', commands: [] }, 'malformed', /batch/],
    [{ op: 'batch' }, 'malformed', /batch/],
    [{ op: 'batch', v: 2, commands: reads(1) }, 'unknown_version', /version 2/],
  ];
  for (const [body, code, says] of wrong) {
    const refusal = await refusedUnchanged(send(body));
    assert.is(refusal.code, code);
    assert.match(refusal.message, says);
  }
  const { answers } = await wile.batch([
    { op: 'batch', commands: [] },
    { op: 'status', of: 'held' },
  ]);
  assert.equal(
    answers.map((answer) => (answer.outcome === 'refused' ? answer.code : answer.outcome)),
    ['unknown_op', 'granted'],
  );
});

test('the subject names the op and the team: a command that says otherwise is refused', async () => {
  const other = await refusedUnchanged(async () =>
    readAnswer(await wile.sendRaw('balance', encode(request()))),
  );
  assert.is(other.code, 'malformed');
  const odd = await rig.caller('operator', 'te$am');
  const reply = await odd.ask({ op: 'enrol', agent: 'x', role: 'agent', prefix: 'acme' });
  assert.equal([reply.outcome, 'code' in reply && reply.code], ['refused', 'malformed']);
});

test('§6.3 an id used for other content is a conflict that names the field', async () => {
  const items = { credits: { amount: 40 } };
  const first = request({ id: 'held', items });
  const conflicts: [Caller, Sent, string][] = [
    [wile, { ...first, items: { credits: { amount: 41 } } }, 'items'],
    [wile, { ...first, path: `${RUN}/step` }, 'path'],
    [wile, { ...first, ttlMs: 5_000 }, 'ttlMs'],
    [wile, { ...first, priority: 'low' }, 'priority'],
    [wile, { op: 'release', id: 'held', allocation: 'held' }, 'op'],
    [wile, { op: 'settle', id: 'end', allocation: 'held', actual: {} }, 'allocation'],
    [wile, request({ id: 'end' }), 'op'],
    [road, first, 'agent'],
  ];
  for (const [caller, command, field] of conflicts) {
    const refusal = await refusedUnchanged(() => caller.ask(command));
    assert.equal([refusal.code, refusal.field, refusal.id], ['id_conflict', field, command['id']]);
  }
  const again = await wile.expect('granted', first);
  assert.is(again.replayed, true, 'the first use stands');
});

test('a malformed request uses up no id', async () => {
  await refusedUnchanged(() => wile.ask(request({ id: 'later', ttlMs: 1 })));
  await wile.expect('granted', request({ id: 'later' }));
});

test('O-04 a request on a node that is not open is denied for good, with advice', async () => {
  const before = await books();
  const denied = await wile.expect('denied', request({ id: 'void', path: 'acme/lab/none/s' }));
  assert.equal([denied.reason, denied.class], ['unknown_node', 'input']);
  assert.match(denied.advice, /Open the node/);
  assert.is(await books(), before);
  const again = await wile.expect('denied', request({ id: 'void', path: 'acme/lab/none/s' }));
  assert.is(again.replayed, true);
});

test('INV-1 after all of it the writer serves, and the balances equal a replay', async () => {
  await wile.expect('granted', request({ id: 'still' }));
  assert.equal(await rig.differences(), []);
});

test.run();
