import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ALL_PROJECTIONS } from '../projections/all-projections.ts';
import { balancesOfTeam } from '../projections/balance-lines.ts';
import { balances } from '../projections/balances.ts';
import { checkpointFile } from '../projections/checkpoint.ts';
import { LogSweep } from '../projections/log-sweep.ts';
import { pack } from '../projections/packed.ts';
import { places } from '../projections/places.ts';
import type { ProjectorOptions } from '../projections/projector.ts';
import { replayTo } from '../projections/replay.ts';
import { usage } from '../projections/usage.ts';
import { assert, suite } from './harness/suite.ts';
import { signer } from './projection-log.ts';
import {
  agrees,
  ask,
  counting,
  type Log,
  openLog,
  openProjector,
  SHARD,
  until,
} from './projection-rig.ts';

const test = suite('projection: projector');
let dataDir = '';

test.before.each(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'bursar-projector-'));
});
test.after.each(() => rmSync(dataDir, { recursive: true, force: true }));

/** A projector with checkpoints. */
function open(log: Log, more: Partial<ProjectorOptions> = {}) {
  return openProjector(log, { dataDir, ...more });
}

test('Z-03 catches up, follows live and agrees with the actors', async () => {
  const log = await openLog();
  const { projector } = open(log);
  await projector.catchUp();
  await agrees(projector, log.governor);
  projector.follow();
  for (let n = 0; n < 20; n += 1) await ask(log, `live-${n}`);
  await until(() => projector.health().seq === log.writer.seq);
  await agrees(projector, log.governor);
  assert.is(projector.health().isLive, true);
  await projector.stop();
  assert.is(projector.health().isLive, false);
  assert.is(projector.health().failure, undefined);
});

test('a restart goes on from the checkpoint, and no event is folded in twice', async () => {
  const log = await openLog();
  const counter = counting('counter');
  const first = open(log, { projections: [counter] });
  await first.projector.catchUp();
  await first.projector.stop();
  await ask(log, 'later');
  const second = open(log, { projections: [counter, counting('newer')] });
  await second.projector.catchUp();
  const counts = second.projector.stateOf(counter);
  assert.is(counts.size, log.governor.recorded.length);
  assert.equal([...new Set(counts.values())], [1]);
  await second.projector.stop();
  const third = open(log, { projections: [counter] });
  await ask(log, 'last');
  await third.projector.catchUp();
  assert.equal([...new Set(third.projector.stateOf(counter).values())], [1]);
  assert.is(third.projector.stateOf(counter).size, log.governor.recorded.length);
});

test('a checkpoint written while another projection is still behind keeps its own place', async () => {
  const log = await openLog();
  const ahead = counting('ahead');
  const one = open(log, { projections: [ahead] });
  await one.projector.catchUp();
  await one.projector.stop();
  const both = open(log, { projections: [ahead, counting('behind')] });
  let isCut = false;
  const cut: ProjectorOptions['onEvent'] = (_recorded, swept) => {
    isCut ||= swept.seq > 3;
    if (isCut) throw new Error('cut');
  };
  const torn = open(log, { projections: [ahead, counting('behind')], onEvent: cut });
  await assert.rejects(torn.projector.catchUp(), /cut/);
  await torn.projector.checkpoint();
  await both.projector.catchUp();
  assert.equal([...new Set(both.projector.stateOf(ahead).values())], [1]);
  assert.is(both.projector.stateOf(ahead).size, log.governor.recorded.length);
});

test('every state survives its checkpoint', async () => {
  const log = await openLog();
  for (let n = 0; n < 60; n += 1) await ask(log, `ask-${n}`);
  log.governor.pass(70_000);
  const { projector } = open(log);
  await projector.catchUp();
  await projector.stop();
  const again = open(log);
  await again.projector.catchUp();
  for (const projection of ALL_PROJECTIONS) {
    assert.equal(
      pack(again.projector.stateOf(projection)),
      pack(projector.stateOf(projection)),
      projection.name,
    );
  }
  assert.equal(again.lines, []);
  assert.ok(projector.stateOf(usage).nodes.size > 0);
  assert.ok(projector.stateOf(places).ids.size > 0);
});

test('a torn, foreign or outdated checkpoint is thrown away, said so, and rebuilt', async () => {
  const damages: [
    expected: RegExp,
    damage: (log: Log, file: string) => Partial<ProjectorOptions>,
  ][] = [
    [
      /malformed msgpack|checksum/,
      (_log, file) => {
        writeFileSync(file, readFileSync(file).subarray(0, 200));
        return {};
      },
    ],
    [
      /checksum is wrong|malformed/,
      (_log, file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
        writeFileSync(file, bytes);
        return {};
      },
    ],
    [/version \d+, this is \d+/, () => ({ projections: [{ ...balances, version: 99 }] })],
  ];
  for (const [expected, damage] of damages) {
    const log = await openLog();
    const first = open(log, { projections: [balances] });
    await first.projector.catchUp();
    await first.projector.stop();
    const more = damage(log, checkpointFile(dataDir, 'balances', SHARD));
    const second = open(log, { projections: [balances], ...more });
    await second.projector.catchUp();
    assert.match(second.lines.join('\n'), expected);
    assert.match(second.lines.join('\n'), /thrown away and rebuilt/);
    await agrees(second.projector, log.governor);
  }
});

test('a checkpoint of another stream is not believed', async () => {
  const log = await openLog();
  const first = open(log);
  await first.projector.catchUp();
  await first.projector.stop();
  const other = await openLog(2_000_000);
  await ask(other, 'other');
  const second = open(other, { projections: [balances] });
  await second.projector.catchUp();
  assert.match(second.lines.join('\n'), /another (block|epoch)/);
  await agrees(second.projector, other.governor);
});

test('X-07 a log that became shorter is reported, and the rest of it is read', async () => {
  const log = await openLog();
  await ask(log, 'kept');
  const first = open(log, { projections: [balances] });
  await first.projector.catchUp();
  await first.projector.stop();
  log.store.log(SHARD).dropTail(1);
  const second = open(log, { projections: [balances] });
  await second.projector.catchUp();
  assert.match(second.lines.join('\n'), /^error .*the log has lost messages/);
  assert.is(second.projector.health().seq, log.writer.seq - 1);
});

test('a message that comes again is passed over', async () => {
  const log = await openLog();
  const sweep = new LogSweep(SHARD, [signer.publicKey]);
  for await (const message of log.ledger.read(SHARD, 1, log.writer.seq)) {
    assert.is(sweep.take(message)?.seq, message.seq);
    assert.is(sweep.take(message), undefined);
  }
  assert.is(sweep.chain.seq, log.writer.seq);
});

test('Z-03 rebuild throws everything away and comes to the same', async () => {
  const log = await openLog();
  await ask(log, 'one');
  const { projector } = open(log);
  await projector.catchUp();
  projector.follow();
  const before = JSON.stringify(pack(projector.stateOf(balances)));
  projector.stateOf(balances).clear();
  await projector.rebuild();
  assert.is(JSON.stringify(pack(projector.stateOf(balances))), before);
  await ask(log, 'two');
  await until(() => projector.health().seq === log.writer.seq);
  await agrees(projector, log.governor);
  await projector.stop();
});

test('U-02 the state at a position and at a time is what it was then', async () => {
  const log = await openLog();
  const marks: { seq: number; atMs: number; lines: string }[] = [];
  for (let n = 0; n < 8; n += 1) {
    await ask(log, `ask-${n}`, 20 + n);
    const lines = JSON.stringify(log.governor.balance('acme')?.lines);
    marks.push({ seq: log.writer.seq, atMs: log.governor.nowMs, lines });
  }
  for (const mark of marks) {
    for (const target of [{ seq: mark.seq, index: 9_999 }, { atMs: mark.atMs }]) {
      const replayed = await replayTo(
        balances,
        log.ledger.read(SHARD, 1, log.writer.seq),
        new LogSweep(SHARD, [signer.publicKey]),
        target,
      );
      const [team] = balancesOfTeam(replayed.state, 'acme');
      assert.is(JSON.stringify(team?.lines), mark.lines);
      assert.is(replayed.at?.seq, mark.seq);
      assert.is(replayed.atMs, mark.atMs);
      assert.equal(replayed.poison, []);
    }
  }
});

test('U-02 a position is one event, and that event is in', async () => {
  const log = await openLog();
  const claimed = { type: 'AllocationClaimed', v: 1, team: 'acme', atMs: 9, allocation: 'x' };
  const seq = await log.writer.write([claimed, claimed, claimed]);
  const replayed = await replayTo(
    counting('counter'),
    log.ledger.read(SHARD, 1, log.writer.seq),
    new LogSweep(SHARD, [signer.publicKey]),
    { seq, index: 1 },
  );
  assert.equal([...replayed.state.keys()].slice(-2), [`${seq}.0`, `${seq}.1`]);
  assert.equal(replayed.at, { seq, index: 1 });
});

test.run();
