import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportedMessages } from '../events/export-read.ts';
import { verifyExport } from '../events/export-verify.ts';
import { fromHex } from '../events/signing.ts';
import { readEvent } from '../events/upcast.ts';
import { balances } from '../projections/balances.ts';
import { checkBalances } from '../projections/check.ts';
import { LogSweep } from '../projections/log-sweep.ts';
import type { Recorded } from '../projections/projection.ts';
import { readStream } from './fixtures/streams/read.ts';
import { assert, suite } from './harness/suite.ts';
import { balanceIn, replayActors } from './projection-governor.ts';

const FOLDER = fileURLToPath(new URL('fixtures/streams', import.meta.url));
const test = suite('audit: streams of earlier versions');

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'))) {
  const stream = path.join(FOLDER, file);
  const expected = JSON.parse(readFileSync(stream.replace(/l$/, ''), 'utf8'));
  const publicKey = fromHex(expected.publicKey, 32) as Uint8Array;

  test(`U-02 ${file} replays to the state that it had`, async () => {
    const { publicKey: _key, ...state } = expected;
    const read: unknown = JSON.parse(JSON.stringify(await readStream(stream, publicKey)));
    assert.equal(asOf(read, state), state);
  });

  test(`U-02 ${file} is still genuine`, async () => {
    const settings = { pinnedKeys: [publicKey], witnesses: [], parseEvent: readEvent };
    const [report] = await verifyExport(stream, settings);
    assert.equal(report?.findings, []);
  });

  test(`Z-03 ${file} is folded alike by the projection and the actors`, async () => {
    const recorded: Recorded[] = [];
    const sweep = new LogSweep(0, [publicKey]);
    const state = balances.initial();
    for await (const message of exportedMessages(stream, 0)) {
      for (const one of sweep.take(message)?.recorded ?? []) {
        recorded.push(one);
        balances.evolve(state, one.event, one.at);
      }
    }
    const team = replayActors('acme', recorded);
    assert.equal(await checkBalances(state, 'acme', (at) => balanceIn(team, at)), []);
  });
}

/** Without the fields that later versions show besides. */
function asOf(read: unknown, then: unknown): unknown {
  if (Array.isArray(read) && Array.isArray(then)) return read.map((one, i) => asOf(one, then[i]));
  if (typeof read !== 'object' || typeof then !== 'object' || !read || !then) return read;
  const known = Object.entries(read).filter(([field]) => field in then);
  const kept = then as Readonly<Record<string, unknown>>;
  return Object.fromEntries(known.map(([field, value]) => [field, asOf(value, kept[field])]));
}

test.run();
