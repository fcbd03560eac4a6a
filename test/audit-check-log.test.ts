import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { decode, encode } from '../events/codec.ts';
import type { BursarEvent } from '../events/events.ts';
import { exportLog } from '../events/export-write.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { LogCheck } from '../projections/check-log.ts';
import { StopCheck } from '../projections/check-stops.ts';
import { scanSource } from './harness/layers/scan.ts';
import { assert, suite } from './harness/suite.ts';
import { anyMoves, Governor, openLab } from './projection-governor.ts';
import { BlockWriter } from './projection-log.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHECKER = path.join(ROOT, 'projections', 'check-log.ts');
const SHARD = 4;
const test = suite('audit: the independent checker');
let folder = '';
let file = '';

test.before.each(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bursar-check-'));
  file = path.join(folder, 'log.jsonl');
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

/** A history with grants, a denial, an overrun, a late settle and a preemption. */
function governed(): Governor {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, at: string, amount: number, more = {}) =>
    governor.send({ op: 'request', id, path: at, items: { credits: { amount } }, ...more });
  ask('a', 'acme/lab/r1/s1', 120, { ttlMs: 500 });
  ask('b', 'acme/lab/r1/s2', 150);
  ask('short', 'acme/lab/r1', 60);
  governor.pass(10);
  governor.send({ op: 'settle', allocation: 'b', actual: { credits: 170 } });
  governor.pass(600);
  governor.send({ op: 'settle', allocation: 'a', actual: { credits: 30 } });
  ask('v', 'acme/lab/r1', 90);
  ask('e', 'acme/lab/r1/s3', 80, { priority: 'emergency' });
  governor.send({ op: 'close', path: 'acme/lab/r2' });
  return governor;
}

/** A history with guarantees that are lent, a reservation that is drawn from, limits that move. */
function ledgered(): Governor {
  const governor = new Governor('acme');
  openLab(governor);
  const concurrency = { limit: 3, guarantee: 2 };
  governor.send({ op: 'open', path: 'acme/shop', limits: { concurrency, memory: { limit: 9 } } });
  governor.send({ op: 'open', path: 'acme/yard', limits: { concurrency: { limit: 1 } } });
  governor.send({
    op: 'reserve',
    id: 'r',
    path: 'acme/lab',
    items: { concurrency: 3 },
    forMs: 900,
  });
  const draw = (id: string, amount: number) =>
    governor.send({
      op: 'request',
      id,
      path: 'acme/lab/r1',
      items: { concurrency: { amount } },
      reservationId: 'r',
    });
  draw('d1', 2);
  draw('d2', 2);
  governor.send({ op: 'setLimits', path: 'acme', limits: { concurrency: { limit: 2 } } });
  draw('d3', 1);
  governor.send({ op: 'resize', allocation: 'd1', items: { concurrency: 1 } });
  governor.send({ op: 'release', allocation: 'd3' });
  const from = { op: 'transfer', from: 'acme/shop', to: 'acme/yard' } as const;
  governor.send({ ...from, id: 't', amounts: { concurrency: 1 } });
  governor.pass(1_000);
  governor.send({ op: 'release', allocation: 'd1' });
  return governor;
}

const typesOf = (governor: Governor) => new Set(governor.events().map(({ type }) => type));

/** Exports events as a writer would have stored them. */
async function exported(events: readonly BursarEvent[]): Promise<void> {
  const ledger = new MemoryLedger();
  const writer = new BlockWriter(ledger, SHARD);
  await writer.claim();
  for (const event of events) await writer.write([event]);
  await exportLog(ledger, [SHARD], file, 1);
}

function run() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', CHECKER, file],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { status, stderr, result: JSON.parse(stdout || '{}') };
}

function check(lines: readonly string[]) {
  const checker = new LogCheck();
  for (const line of lines) checker.take(line);
  return checker.end();
}

/** Lines as an export has them, without the broker: enough for the checker. */
function linesOf(governor: Governor, doctor = (event: BursarEvent) => event): string[] {
  return governor.recorded.map(({ event, at }) => {
    const body = encode({ events: [doctor(event)] });
    const data = Buffer.from(encode({ body, sig: new Uint8Array() })).toString('base64');
    return JSON.stringify({ shard: SHARD, seq: at.seq, kind: 'block', data });
  });
}

test('it has at most 350 lines and imports nothing of the project but the codec', () => {
  const importsOf = (file: string) => {
    const source = readFileSync(path.join(path.dirname(CHECKER), file), 'utf8');
    assert.ok(source.trimEnd().split('\n').length <= 350, file);
    const imports = scanSource(source).imports.map(({ specifier }) => specifier ?? '');
    return imports.filter((specifier) => !specifier.startsWith('node:'));
  };
  const parts = ['./check-accounts.ts', './check-rates.ts', './check-stops.ts'];
  assert.equal(importsOf(path.basename(CHECKER)), ['../events/codec.ts', ...parts]);
  for (const part of parts) assert.equal(importsOf(path.basename(part)), []);
});

test('T-14 INV-2 it divides what the log divides: a share that is altered is found', () => {
  const governor = new Governor('acme');
  openLab(governor);
  for (const path of ['acme/u', 'acme/u/a', 'acme/u/b']) governor.send({ op: 'open', path });
  for (const sets of ['guarantee', 'limit'] as const) {
    const amounts = { credits: 60 };
    governor.send({ op: 'distribute', path: 'acme/u', amounts, method: 'fair', sets });
  }
  const items = { credits: { amount: 25 } };
  governor.send({ op: 'request', id: 'r', path: 'acme/u/a', items });
  assert.ok(typesOf(governor).has('Distributed') && typesOf(governor).has('AllocationGranted'));
  assert.equal(check(linesOf(governor)).faults, []);
  const altered = linesOf(governor, (event) => {
    if (event.type !== 'Distributed' || event.sets !== 'limit') return event;
    const divisions = event.divisions.map((division) => ({
      ...division,
      shares: division.shares.map((share) => ({ ...share, is: 24 })),
    }));
    return { ...event, divisions };
  });
  assert.match(check(altered).faults.join('\n'), /acme\/u\/a admits 1 credits above/);
});

test('R-17 INV-17 it counts rates a third way: a grant too many, or too early, is found', () => {
  for (const by of ['sliding', 'bucket'] as const) {
    const governor = new Governor('acme');
    openLab(governor);
    const per = { ms: 1_000, by };
    const limits = { 'rate.search': { limit: 4, per } };
    governor.send({ op: 'setLimits', path: 'acme/lab', limits });
    const ask = (id: string, amount: number) =>
      governor.send({
        op: 'request',
        id,
        path: 'acme/lab/r1/s',
        items: { 'rate.search': { amount } },
      });
    ask('a', 3);
    ask('no', 2);
    governor.send({ op: 'settle', allocation: 'a', actual: { 'rate.search': 1 } });
    ask('b', 3);
    governor.pass(250);
    ask('c', 1);
    governor.send({ op: 'setLimits', path: 'acme/lab', limits: { 'rate.search': { limit: 9 } } });
    ask('d', 4);
    governor.pass(1_000);
    ask('e', 5);
    const counts = governor.events().filter((event) => event.type === 'AllocationGranted').length;
    assert.ok(counts >= 4, `${counts} grants`);
    const genuine = check(linesOf(governor));
    assert.equal(genuine.faults, []);
    const more = (event: BursarEvent): BursarEvent =>
      event.type === 'AllocationGranted' && event.id === 'b'
        ? { ...event, rates: { 'rate.search': 5 } }
        : event;
    assert.ok(check(linesOf(governor, more)).faults.length > 0);
    const early = (event: BursarEvent): BursarEvent =>
      event.type === 'AllocationGranted' && event.id === 'e'
        ? { ...event, atMs: event.atMs - 1_250 }
        : event;
    assert.ok(check(linesOf(governor, early)).faults.length > 0);
  }
});

test('X-04 INV-9 it recounts stops: an admission beneath one, or an end too early, is found', () => {
  const governor = governed();
  const ask = (id: string, more = {}) =>
    governor.send({
      op: 'request',
      id,
      path: 'acme/lab/r1/s9',
      items: { credits: { amount: 1 } },
      ...more,
    });
  ask('before');
  governor.send({ op: 'stop', id: 'halt', path: 'acme/lab', ackMs: 50 });
  ask('no');
  ask('vip', { priority: 'critical' });
  governor.pass(60);
  governor.send({ op: 'recover', path: 'acme/lab', stop: 'halt' });
  ask('after');
  const events = governor.recorded.map(({ event }) => event);
  const faultsOf = (altered: readonly BursarEvent[]) => {
    const check = new StopCheck();
    return { faults: altered.flatMap((event) => check.take(event)), ...check.counts };
  };
  assert.equal(faultsOf(events), { faults: [], grantedBeside: 1, deniedByStop: 1 });
  const lowered = events.map((event) =>
    event.type === 'AllocationGranted' && event.id === 'vip' ? { ...event, priority: 100 } : event,
  );
  assert.match(faultsOf(lowered).faults.join(), /vip is admitted beneath the stop acme halt/);
  const unfenced = events.filter((event) => !('as' in event && event.as === 'fenced'));
  assert.match(faultsOf(unfenced).faults.join(), /acme halt is complete while 1 live/);
  const grown = events.flatMap((event): BursarEvent[] => {
    if (event.type !== 'RequestDenied' || event.id !== 'no') return [event];
    const { v, team, atMs } = event;
    const items = { credits: 2 };
    return [event, { type: 'AllocationResized', v, team, atMs, allocation: 'before', items }];
  });
  assert.match(faultsOf(grown).faults.join(), /before is admitted beneath the stop/);
});

test('a genuine log passes, and its spend is told by tier', async () => {
  const governor = governed();
  await exported(governor.events());
  const { status, result, stderr } = run();
  assert.equal(result.faults, []);
  assert.is(status, 0, stderr);
  assert.is(result.ok, true);
  assert.is(result.events, governor.recorded.length);
  assert.ok(result.limitsChecked > 10);
  const spent = governor.balance('acme')?.lines.find(({ resource }) => resource === 'credits');
  assert.is(result.spentByTier[0].credits, spent?.spentTree);
  assert.is(result.spentByTier[1].credits, 200);
  assert.is(result.spentByTier[2].credits, 200);
});

test('F-07 lending, reservations and transfers add up, and what is doctored does not', () => {
  const governor = ledgered();
  for (const type of ['Reserved', 'ReservationEnded', 'Transferred'] as const) {
    assert.ok(typesOf(governor).has(type), type);
  }
  const result = check(linesOf(governor));
  assert.equal(result.faults, []);
  const doctored = (doctor: (event: BursarEvent) => BursarEvent) =>
    check(linesOf(governor, doctor)).faults.join('\n');
  assert.match(
    doctored((event) =>
      event.type === 'AllocationGranted' && event.id === 'd3'
        ? { ...event, items: { concurrency: 3 }, drawn: { concurrency: 3 } }
        : event,
    ),
    /more is drawn than r has left/,
  );
  assert.match(
    doctored((event) =>
      event.type === 'Reserved' ? { ...event, items: { concurrency: 9 } } : event,
    ),
    /Reserved: acme admits 5 concurrency above/,
  );
});

test('it finds a grant above a limit, and says where', async () => {
  const events = governed().events();
  const doctored = events.map((event) =>
    event.type === 'AllocationGranted' && event.id === 'b'
      ? { ...event, items: { credits: 250 } }
      : event,
  );
  await exported(doctored);
  const { status, result } = run();
  assert.is(status, 1);
  assert.is(result.ok, false);
  assert.match(
    result.faults[0],
    /^4\/\d+\.0 AllocationGranted: acme\/lab\/r1 admits 70 credits above/,
  );
});

const DOCTORED: Readonly<
  Record<string, [fault: RegExp, doctor: (event: BursarEvent) => BursarEvent[]]>
> = {
  'a cut limit that was taken out of the log': [
    /RequestDenied: acme\/lab\/r1 had other than 30 credits free/,
    (event) =>
      event.type === 'NodeOpened' && event.path === 'acme/lab/r1'
        ? [{ ...event, limits: { credits: { limit: 400 } } }]
        : [event],
  ],
  'a charge that was slipped in': [
    /admits|free/,
    (event) =>
      event.type === 'NodeOpened' && event.path === 'acme/lab/r1'
        ? [
            event,
            { ...event, type: 'Charged', amounts: { credits: 200 } } as unknown as BursarEvent,
          ]
        : [event],
  ],
  'a denial of what was free': [
    /RequestDenied: acme\/lab\/r1 had other than 0 credits free/,
    (event) =>
      event.type === 'RequestDenied'
        ? [{ ...event, short: event.short?.map((one) => ({ ...one, available: 0 })) }]
        : [event],
  ],
};

for (const [name, [fault, doctor]] of Object.entries(DOCTORED)) {
  test(`it finds ${name}`, async () => {
    await exported(governed().events().flatMap(doctor));
    const result = check(readFileSync(file, 'utf8').trimEnd().split('\n'));
    assert.is(result.ok, false);
    assert.match(result.faults.join('\n'), fault);
  });
}

test(
  'R15 any history that the actors admit passes, and every limit is looked at',
  () => {
    let limitsChecked = 0;
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const governor = new Governor('acme');
        openLab(governor);
        governor.play(moves);
        const result = check(linesOf(governor));
        assert.is(result.faults.join('\n'), '');
        limitsChecked += result.limitsChecked;
        const team = governor.balance('acme');
        for (const { resource, spentTotal } of team?.lines ?? []) {
          assert.is(result.spentByTier[0]?.[resource] ?? 0, spentTotal);
        }
      }),
      { numRuns: Number(process.env['RUNS'] ?? 300) },
    );
    assert.ok(limitsChecked > 1_000, `${limitsChecked}`);
  },
  { timeoutMs: 120_000 },
);

test('what an export holds is what the log holds', async () => {
  await exported(governed().events());
  const first = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => JSON.parse(line || '{}'))
    .find(({ kind }) => kind === 'block');
  const { body } = decode(Buffer.from(first.data, 'base64'), 2 ** 20) as { body: Uint8Array };
  const { events } = decode(body, 2 ** 20) as { events: BursarEvent[] };
  assert.is(events[0]?.type, 'NodeOpened');
  writeFileSync(file, '');
  assert.is(run().result.events, 0, 'an empty file has no events, and no fault');
});

test.run();
