import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type BursarError,
  JournalError,
  RefusedError,
  SettlesUndeliveredError,
  UnavailableError,
} from '../client/client.ts';
import { commandIds } from '../client/command-ids.ts';
import { type JournalEntry, memoryJournal, type SettleJournal } from '../client/journal.ts';
import { openJournalFile } from '../client/journal-file.ts';
import { Outbox } from '../client/outbox.ts';
import { Sender } from '../client/sender.ts';
import { Settler } from '../client/settler.ts';
import type { Answer } from '../events/answers.ts';
import { refuse } from '../events/refusals.ts';
import { systemHost } from '../host/system-host.ts';
import { generous, makeClientRig, until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const files = suite('client: the journal file');
const fileRig = makeClientRig();
files.after(() => fileRig.close());

const OWNER = { agent: 'wile', team: 'acme' };
let fileCount = 0;
const freshFile = () => {
  fileCount += 1;
  return path.join(fileRig.root, `journal-${fileCount}.jsonl`);
};
const entry = (id: string): JournalEntry => ({
  command: { op: 'settle', id, allocation: `a-${id}`, actual: { credits: 1 } },
  firstSentAtUnixMs: 1_700_000_000_000,
});
const idsIn = (journal: { entries(): readonly JournalEntry[] }) =>
  journal.entries().map(({ command }) => command.id);

files('R6 what was kept and not answered is there after a restart', async () => {
  const file = freshFile();
  const journal = await openJournalFile(file, OWNER);
  await Promise.all(['s-1', 's-2', 's-3'].map((id) => journal.append(entry(id))));
  journal.remove('s-2');
  await journal.close();
  const again = await openJournalFile(file, OWNER);
  assert.equal(again.entries(), [entry('s-1'), entry('s-3')]);
  await again.close();
});

files('R6 an append is in the file when it resolves', async () => {
  const file = freshFile();
  const journal = await openJournalFile(file, OWNER);
  await journal.append(entry('s-1'));
  assert.match(await readFile(file, 'utf8'), /"s-1"/);
  await journal.close();
});

files('a last line torn by a crash is left out, and the next one stands on its own', async () => {
  const file = freshFile();
  const journal = await openJournalFile(file, OWNER);
  await journal.append(entry('s-1'));
  await journal.close();
  await appendFile(file, '{"command":{"op":"settle","id":"s-2","alloc');
  const torn = await openJournalFile(file, OWNER);
  assert.equal(idsIn(torn), ['s-1']);
  await torn.append(entry('s-3'));
  await torn.close();
  const again = await openJournalFile(file, OWNER);
  assert.equal(idsIn(again), ['s-1', 's-3']);
  await again.close();
});

files(
  'damage in the middle, and a journal of another, are refused and left as they are',
  async () => {
    const file = freshFile();
    const journal = await openJournalFile(file, OWNER);
    await journal.append(entry('s-1'));
    await journal.append(entry('s-2'));
    await journal.close();
    await assert.rejects(
      openJournalFile(file, { agent: 'bugs', team: 'acme' }),
      (error) => error instanceof JournalError && /belongs to agent 'wile'/.test(error.message),
    );
    const whole = await readFile(file, 'utf8');
    const damaged = whole.replace('{"command"', '{"comm');
    await writeFile(file, damaged);
    await assert.rejects(
      openJournalFile(file, OWNER),
      (error) => error instanceof JournalError && /line 2/.test(error.message),
    );
    assert.is(await readFile(file, 'utf8'), damaged);
  },
);

files(
  'the file is written anew before it grows without need, and loses nothing by it',
  async () => {
    const file = freshFile();
    const journal = await openJournalFile(file, OWNER);
    await journal.append(entry('kept-0'));
    for (let round = 0; round < 24; round += 1) {
      const ids = Array.from({ length: 1_000 }, (_, i) => `s-${round}-${i}`);
      await Promise.all(ids.map((id) => journal.append(entry(id))));
      for (const id of ids) journal.remove(id);
    }
    await journal.append(entry('kept-1'));
    const bytes = (await readFile(file)).byteLength;
    assert.ok(bytes < 2_000_000, `${bytes} bytes`);
    await journal.close();
    const again = await openJournalFile(file, OWNER);
    assert.equal(idsIn(again), ['kept-0', 'kept-1']);
    await again.close();
  },
);

files('two live holders are refused, a dead one is taken over', async () => {
  const file = freshFile();
  const journal = await openJournalFile(file, OWNER);
  await assert.rejects(openJournalFile(file, OWNER), (error) => error instanceof JournalError);
  await journal.close();
  const sleeper = spawn('sleep', ['60']);
  await writeFile(`${file}.lock`, String(sleeper.pid));
  await assert.rejects(openJournalFile(file, OWNER), /in use/);
  sleeper.kill('SIGKILL');
  await once(sleeper, 'exit');
  const after = await openJournalFile(file, OWNER);
  await after.close();
});

files.run();

const test = suite('client: settles');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

test('R6 a settle is in the journal before it is sent, and out of it after its answer', async () => {
  const standIn = await rig.standIn();
  const file = path.join(rig.root, 'before.jsonl');
  const answering = standIn.answering;
  let seenInFile = '';
  const client = await rig.connect({ journal: file });
  standIn.answering = () => undefined;
  const settling = client.settle('a-1', { credits: 3 });
  await until('it arrived', () => standIn.commands.length === 1);
  seenInFile = await readFile(file, 'utf8');
  assert.match(seenInFile, new RegExp(`"${standIn.commands[0]?.id}"`));
  assert.is(client.counts.unsettled, 1);
  standIn.answering = answering;
  assert.is((await settling).outcome, 'settled');
  assert.is(client.counts.unsettled, 0);
  await client.disconnect();
  const next = await rig.connect({ journal: file });
  assert.is(next.counts.unsettled, 0);
});

test('R6 nothing is sent before the journal has it', async () => {
  const standIn = await rig.standIn();
  const bus = await rig.bus('wile');
  const limits = { timeoutMs: 5_000, tryTimeoutMs: 2_000, inFlightMax: 1, batchMax: 1 };
  const outbox = new Outbox(systemHost, bus, { agent: 'wile', team: 'acme', ...limits });
  let synced = () => {};
  const journal: SettleJournal = {
    ...memoryJournal(),
    append: () =>
      new Promise((resolve) => {
        synced = resolve;
      }),
  };
  const settler = new Settler(
    systemHost,
    bus,
    new Sender(outbox, commandIds(systemHost)),
    journal,
    () => {},
  );
  const command = { op: 'settle', id: 's-1', allocation: 'a-1', actual: { credits: 1 } };
  const settling = settler.settle(command, {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(standIn.commands.length, 0);
  synced();
  assert.is((await settling).outcome, 'settled');
  await settler.close();
});

test('R6 settles made while the broker is dead are delivered when it is back', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  await rig.kill();
  await until('it is noticed', () => !client.isConnected());
  const journaled = await client.settle('a-1', { credits: 1 }, { journal: true });
  assert.is(journaled.outcome, 'journaled');
  const waiting = client.settle('a-2', { credits: 2 });
  const expired = client.settle('a-3', { credits: 3 }, { timeoutMs: 100 });
  await assert.rejects(expired, (error) => error instanceof UnavailableError);
  assert.is(client.counts.unsettled, 3);
  await rig.restart();
  assert.is((await waiting).outcome, 'settled');
  await until('all are settled', () => client.counts.unsettled === 0);
  assert.equal(
    standIn
      .of('settle')
      .map((command) => command['allocation'])
      .sort(),
    ['a-1', 'a-2', 'a-3'],
  );
});

test('R6 one process settles what another, killed, had kept: same ids, broker killed too', async () => {
  const file = path.join(rig.root, 'killed.jsonl');
  const program = `
    import { connect } from './client/client.ts';
    const [url, seed, journal] = process.argv.slice(1);
    const client = await connect({ url, agent: 'wile', team: 'acme', seed, journal });
    process.stdout.write('connected');
    process.stdin.once('data', async () => {
      const answer = await client.settle('a-9', { credits: 9 }, { id: 's-9', journal: true });
      process.stdout.write(answer.outcome);
    });
  `;
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--input-type=module', '-e', program],
      ...[rig.broker.url, rig.seedOf('wile'), file],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const said = async () => String((await once(child.stdout, 'data'))[0]);
  assert.is(await said(), 'connected');
  await rig.kill();
  await new Promise((resolve) => setTimeout(resolve, 200));
  child.stdin.write('go');
  assert.is(await said(), 'journaled');
  // However quickly the broker is back: it was sent this long ago.
  await new Promise((resolve) => setTimeout(resolve, 120));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await rig.restart();
  const standIn = await rig.standIn();
  const client = await rig.connect({ journal: file });
  await until('it is settled', () => client.counts.unsettled === 0);
  const [settle] = standIn.of('settle');
  assert.equal(
    [settle?.id, settle?.['allocation'], settle?.['actual']],
    ['s-9', 'a-9', { credits: 9 }],
  );
  assert.ok(Number(settle?.['firstSentMsAgo']) > 100);
});

test('R6 without a writer a journaled settle does not keep its caller waiting', async () => {
  const standIn = await rig.standIn();
  await standIn.stopListening();
  const client = await rig.connect();
  const startMs = performance.now();
  const answer = await client.settle('a-1', 'unknown', { journal: true });
  assert.is(answer.outcome, 'journaled');
  assert.ok(performance.now() - startMs < 1_000);
  await standIn.listen();
  await until('it is settled', () => client.counts.unsettled === 0);
});

test('a journaled settle with a writer there has its answer, not less', async () => {
  await rig.standIn();
  const client = await rig.connect();
  assert.is((await client.settle('a-1', { credits: 1 }, { journal: true })).outcome, 'settled');
  assert.is((await client.release('a-2', { journal: true })).outcome, 'released');
});

test('a second settle, under another id, is answered with the answer to the first', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = ({ allocation }) => ({
    ...{ outcome: 'settled', id: 's-0', allocation: String(allocation), booked: { credits: 1 } },
    ...{ estimated: false, late: false, replayed: true },
  });
  const answer = await client.settle('a-1', { credits: 1 }, { timeoutMs: 1_000 });
  assert.equal([answer.outcome, answer.replayed], ['settled', true]);
  assert.is(client.counts.badAnswers, 0);
});

test('a settle that is refused for good leaves the journal; one that may pass later stays', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = () => refuse('implausible_amount', 'a million dollars');
  await assert.rejects(
    client.settle('a-1', { credits: 1 }),
    (error) => error instanceof RefusedError && error.code === 'implausible_amount',
  );
  assert.is(client.counts.unsettled, 0);
  standIn.answering = () => refuse('log_nearly_full', 'no room');
  await assert.rejects(client.settle('a-2', { credits: 1 }), /log_nearly_full/);
  assert.is(client.counts.unsettled, 1);
});

test('a refusal that no caller waits for is a warning', async () => {
  const standIn = await rig.standIn();
  const warnings: BursarError[] = [];
  const client = await rig.connect({ onWarning: (warning) => warnings.push(warning) });
  await standIn.stopListening();
  await client.settle('a-1', { credits: 1 }, { journal: true });
  standIn.answering = () => refuse('unknown_allocation', 'no allocation a-1');
  await standIn.listen();
  await until('the warning', () => warnings.length === 1);
  assert.is(warnings[0]?.code, 'unknown_allocation');
  assert.is(client.counts.unsettled, 0);
});

test('§6.3 a settle too late for its id asks status first, then settles under a new id', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const answering = generous();
  standIn.answering = (command, agent): Answer | undefined => {
    if (command.id === 'late') return refuse('outcome_unknown', 'late is not remembered');
    if (command.op === 'status') return refuse('unknown_id', 'nothing of that id');
    return answering(command, agent);
  };
  const answer = await client.settle('a-1', { credits: 4 }, { id: 'late' });
  assert.is(answer.outcome, 'settled');
  assert.equal(
    standIn.commands.map(({ op }) => op),
    ['settle', 'status', 'settle'],
  );
  const [first, , last] = standIn.commands;
  assert.is.not(last?.id, first?.id);
  assert.equal([last?.['allocation'], last?.['firstSentMsAgo']], ['a-1', undefined]);
  standIn.messages.length = 0;
  standIn.answering = ({ op }) =>
    op === 'status'
      ? { outcome: 'ended', allocation: 'a-1', as: 'settled', booked: { credits: 4 } }
      : refuse('outcome_unknown', 'late is not remembered');
  assert.is((await client.settle('a-1', { credits: 4 }, { id: 'late' })).outcome, 'ended');
  assert.equal(
    standIn.commands.map(({ op }) => op),
    ['settle', 'status'],
  );
});

test('disconnecting with settles in memory alone hands them back', async () => {
  const standIn = await rig.standIn();
  await standIn.stopListening();
  const client = await rig.connect();
  const { outcome } = await client.settle('a-1', { credits: 7 }, { journal: true });
  assert.is(outcome, 'journaled');
  let lost: unknown;
  await client.disconnect({ drainMs: 50 }).catch((error) => {
    lost = error;
  });
  assert.instance(lost, SettlesUndeliveredError);
  const [command] = (lost as SettlesUndeliveredError).commands as { actual: unknown }[];
  assert.equal(command?.actual, { credits: 7 });
});

test.run();
