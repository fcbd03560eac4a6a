import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { NodeName } from '../events/names.ts';
import { WorkloadFileError } from '../workload/errors.ts';
import { IdBook } from '../workload/ids.ts';
import { WORKLOAD_LIMITS } from '../workload/limits.ts';
import { newRowIds, parseRow, type Row } from '../workload/row.ts';
import { readRows } from '../workload/row-file.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('workload rows');
let folder = '';

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bursar-rows-'));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

async function read(file: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readRows(file)) rows.push(row);
  return rows;
}

const failsWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof WorkloadFileError && error.code === code && message.test(error.message);

const parse = (text: string) => parseRow(text, { file: 'f.jsonl', line: 7 }, newRowIds());

test('a full row is read, unknown fields are ignored', () => {
  const row = parse(
    '{"t_ms":14000,"team":"t","swarm":"s","run":"r__1","step":0,"kind":"llm","role":"search",' +
      '"model":"gpt-4-0125-preview","tokens_in":850,"tokens_out":282,"cost_usd":0.01696,' +
      '"gap_ms":8000,"ok":true}',
  );
  assert.equal(row, {
    line: 7,
    tMs: 14_000,
    team: 't',
    swarm: 's',
    run: 'r__1',
    step: '0',
    kind: 'llm',
    role: 'search',
    model: 'gpt-4-0125-preview',
    tool: null,
    tokensIn: 850,
    tokensOut: 282,
    estTokensIn: null,
    maxTokensOut: null,
    costMicro: 16_960,
    durationMs: null,
    gapMs: 8_000,
  });
});

test('absent and null fields are "not recorded", ids among them `unknown`', () => {
  const row = parse('{"run":null,"cost_usd":null}');
  assert.equal([row.team, row.swarm, row.run], ['unknown', 'unknown', 'unknown']);
  assert.equal([row.step, row.tMs, row.costMicro, row.tokensIn], [null, null, null, null]);
});

test('a malformed row names file, line and field', () => {
  const cases: [string, RegExp][] = [
    ['{"t_ms":', /^f\.jsonl:7: not JSON/],
    ['[1]', /^f\.jsonl:7: the row: /],
    ['{"tokens_in":"many"}', /^f\.jsonl:7: tokens_in: .*got "many"/],
    ['{"tokens_in":-1}', /^f\.jsonl:7: tokens_in: /],
    ['{"tokens_out":1.5}', /^f\.jsonl:7: tokens_out: /],
    ['{"gap_ms":-5}', /^f\.jsonl:7: gap_ms: /],
    ['{"t_ms":1e999}', /^f\.jsonl:7: t_ms: /],
    ['{"team":{}}', /^f\.jsonl:7: team: /],
    ['{"cost_usd":-1}', /^f\.jsonl:7: cost_usd: -1 USD is below zero/],
    ['{"cost_usd":1e30}', /^f\.jsonl:7: cost_usd: .*above 9007199254740991/],
    ['{"cost_usd":"a lot"}', /^f\.jsonl:7: cost_usd: "a lot" is not a decimal/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parse(text), failsWith('row_malformed', message), text);
  }
});

test('.jsonl and .jsonl.gz give the same rows; blank lines, CRLF and a byte-order mark pass', async () => {
  const text = '\uFEFF{"step":1,"run":"文字"}\r\n\n{"step":2}\n   \n{"step":3}';
  const plain = await read(write('a.jsonl', text));
  const zipped = await read(write('a.jsonl.gz', gzipSync(text)));
  assert.equal(plain, zipped);
  assert.equal(
    plain.map((row) => [row.step, row.line]),
    [
      ['1', 1],
      ['2', 3],
      ['3', 5],
    ],
  );
});

test('a row cut across read chunks is read whole', async () => {
  const lines = Array.from({ length: 4_000 }, (_, i) => `{"step":${i},"run":"é文-${i}"}`);
  const rows = await read(write('chunks.jsonl', lines.join('\n')));
  assert.is(rows.length, 4_000);
  assert.is(rows[3_999]?.step, '3999');
  assert.is(new Set(rows.map((row) => row.run)).size, 4_000);
});

test('what is wrong with a file is a typed error that says what to do', async () => {
  const valid = gzipSync('{"step":1}\n'.repeat(5_000));
  const bad = write('bad.jsonl', '{"step":1}\n{"step":2}\n{"step":');
  await assert.rejects(read(bad), failsWith('row_malformed', /bad\.jsonl:3: not JSON/));
  const cut = write('cut.jsonl.gz', valid.subarray(0, valid.length - 12));
  await assert.rejects(read(cut), failsWith('gzip_damaged', /cut\.jsonl\.gz:\d+: .*cut/));
  const notGzip = write('plain.jsonl.gz', '{"step":1}\n');
  await assert.rejects(read(notGzip), failsWith('gzip_damaged', /damaged/));
  const csv = write('x.csv', 't_ms\n1\n');
  await assert.rejects(read(csv), failsWith('file_kind_unknown', /neither \.jsonl/));
  const absent = join(folder, 'absent.jsonl');
  await assert.rejects(read(absent), failsWith('file_unreadable', /check the path/));
  await assert.rejects(read(`${absent}.gz`), failsWith('file_unreadable', /check the path/));
  const empty = write('empty.jsonl', '\n\n');
  await assert.rejects(read(empty), failsWith('no_rows', /no rows/));
  const latin = write('latin.jsonl', Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x7d, 0x0a]));
  await assert.rejects(read(latin), failsWith('not_utf8', /UTF-8/));
  const cutLetter = write('letter.jsonl', Buffer.from('{"run":1}\né').subarray(0, -1));
  await assert.rejects(read(cutLetter), failsWith('not_utf8', /letter\.jsonl:2: .*UTF-8/));
  const long = write('long.jsonl', `{"x":"${'a'.repeat(WORKLOAD_LIMITS.lineCharsMax)}"}`);
  await assert.rejects(read(long), failsWith('line_too_long', /longer than/));
});

test('a reader that stops early closes the file', async () => {
  const file = write('early.jsonl.gz', gzipSync('{"step":1}\n'.repeat(100_000)));
  for await (const row of readRows(file)) {
    assert.is(row.step, '1');
    break;
  }
});

test('names become node names: foreign characters and length by a hash of the original', () => {
  const book = new IdBook();
  assert.is(book.idOf('django__django-11564'), 'django__django-11564');
  assert.is(book.idOf(7), '7');
  assert.is(book.idOf("Today's"), 'Today_s_702d6b1f');
  assert.is(book.idOf("Today's"), 'Today_s_702d6b1f');
  assert.match(book.idOf('文字大冒险'), /^_{5}_[0-9a-f]{8}$/);
  const long = book.idOf('x'.repeat(65));
  assert.is(long.length, 64);
  assert.not.equal(long, book.idOf('x'.repeat(66)));
  assert.not.equal(book.idOf('a.b'), book.idOf('a/b'));
});

test('two different originals never share an id, whatever the order', () => {
  const originals = [null, 'unknown', 'a.b', 'a/b', 'a b', 'a_b', '文', '字', '~', 'x'.repeat(70)];
  const mangled = originals.map((name) => new IdBook().idOf(name));
  for (const names of [
    [...originals, ...mangled],
    [...mangled, ...originals],
  ]) {
    const book = new IdBook();
    const distinct = new Set(names.map((name) => name ?? ''));
    const ids = new Set([...distinct].map((name) => book.idOf(name)));
    assert.is(ids.size, distinct.size);
    for (const id of ids) assert.ok(NodeName.safeParse(id).success, id);
  }
});

test.run();
