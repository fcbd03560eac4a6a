import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeBlock } from '../events/block.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { balances } from '../projections/balances.ts';
import type { PoisonKind } from '../projections/log-sweep.ts';
import { assert, suite } from './harness/suite.ts';
import type { signer } from './projection-log.ts';
import { agrees, ask, type Log, openLog, openProjector, SHARD } from './projection-rig.ts';

const test = suite('projection: poison');
let dataDir = '';

test.before.each(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'bursar-poison-'));
});
test.after.each(() => rmSync(dataDir, { recursive: true, force: true }));

/** A projector of balances, with checkpoints. */
function open(log: Log) {
  return openProjector(log, { dataDir, projections: [balances] });
}

test('R17 poison is kept aside with its reason, and the sweep goes on', async () => {
  const log = await openLog();
  const junk = await log.writer.write([
    { type: 'NoSuchThing', v: 1 },
    { ...log.governor.recorded[0]?.event, v: 9 },
  ]);
  const unfit = await log.writer.write([
    {
      type: 'AllocationEnded',
      v: 1,
      team: 'acme',
      atMs: log.governor.nowMs,
      allocation: 'nobody',
      as: 'settled',
      booked: {},
    },
  ]);
  await ask(log, 'after');
  const { projector, lines } = open(log);
  await projector.catchUp();
  const { poison, poisonCount } = projector.health();
  assert.is(poisonCount, 3);
  assert.equal(
    poison.map(({ seq, index, kind }) => [seq, index, kind]),
    [
      [junk, 0, 'unreadable_event'],
      [junk, 1, 'unreadable_event'],
      [unfit, 0, 'unfit_event'],
    ],
  );
  assert.match(lines.join('\n'), /event 1 of message \d+ is kept aside .*newer than/);
  await agrees(projector, log.governor);
  await projector.stop();
  const again = open(log);
  await again.projector.catchUp();
  assert.is(again.projector.health().poisonCount, 3, 'remembered with the checkpoint');
});

test('R17 what nobody with the key wrote never counts, and the owner’s blocks still do', async () => {
  const log = await openLog();
  const stranger = createSigner(generateSigningKeyPem());
  await ask(log, 'before');
  const seq = log.store.log(SHARD).lastSeq;
  const event = { type: 'ToppedUp', v: 1, team: 'acme', atMs: log.governor.nowMs };
  inject(log, Uint8Array.of(1, 2, 3));
  inject(log, forgedBlock(log, stranger, [{ ...event, path: 'acme', amounts: { credits: 5 } }]));
  const { projector } = open(log);
  await projector.catchUp();
  const expected: [number, PoisonKind][] = [
    [seq + 1, 'undecodable'],
    [seq + 2, 'not_genuine'],
  ];
  const voided = () => projector.health().poison.filter(({ kind }) => kind !== 'gap');
  assert.equal(
    voided().map((record) => [record.seq, record.kind]),
    expected,
  );
  await agrees(projector, log.governor);
  await log.writer.claim();
  await ask(log, 'after');
  await projector.catchUp();
  await agrees(projector, log.governor);
  assert.is(voided().length, 2);
});

test('R17 a message that cannot be had leaves a gap that is reported, and the rest counts', async () => {
  const log = await openLog();
  await ask(log, 'one');
  const lost = log.writer.seq;
  await ask(log, 'two');
  log.store.log(SHARD).vanish(lost);
  const { projector } = open(log);
  await projector.catchUp();
  const { poison } = projector.health();
  assert.equal(
    poison.map(({ seq, kind }) => [seq, kind]),
    [
      [lost, 'unreadable_message'],
      [lost + 1, 'gap'],
    ],
  );
  const [held] = [...(projector.stateOf(balances).get('acme')?.holds.keys() ?? [])];
  assert.is(held, 'two');
});

/** Puts bytes into the log past everybody, as somebody with access to the store could. */
function inject({ store }: Log, bytes: Uint8Array): void {
  const log = store.log(SHARD);
  const messages = Array.from({ length: log.lastSeq }, (_, at) => log.get(at + 1)).filter(
    (message) => message !== undefined,
  );
  const forged = {
    shard: SHARD,
    seq: log.lastSeq + 1,
    kind: 'block' as const,
    msgId: undefined,
    storedAtMs: 0,
    bytes,
  };
  log.rewrite([...messages, forged]);
}

function forgedBlock({ writer }: Log, by: typeof signer, events: readonly unknown[]): Uint8Array {
  const place = {
    shard: SHARD,
    epoch: 1,
    no: writer.no + 1,
    prevSeq: writer.blockSeq,
    prevHash: writer.blockHash,
    atMs: 9_999_999,
  };
  return encodeBlock(place, events, by).bytes;
}

test.run();
