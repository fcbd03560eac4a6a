import path from 'node:path';
import type { Account } from '../actors/accounts/account.ts';
import { InvariantError } from '../actors/checks/invariant-error.ts';
import { InvariantWatch } from '../actors/checks/invariants.ts';
import type { Bus } from '../bus/bus.ts';
import type { Answer, Emergency } from '../events/answers.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { LIMITS } from '../events/limits.ts';
import { MemoryStore } from '../events/memory-log.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { systemHost } from '../host/system-host.ts';
import { AnsweredSettles } from '../writer/audit-settles.ts';
import { type RunningWriter, runShards, type ShardStatus } from '../writer/run-shards.ts';
import { ShardState } from '../writer/shard-state.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, LogRecorder, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('the background audit');
const rig = new WriterRig();
const signer = createSigner(generateSigningKeyPem());
const callers = new Map<string, Caller>();
/** What the writers of this process have in memory, the newest last. */
const states: ShardState[] = [];
const { team: teamOf } = ShardState.prototype;
let bus: Bus;
let running: Running | undefined;

/** A log of which reads give another message than was stored. */
class AlteredLedger extends MemoryLedger {
  isAltered = false;
  override async *read(...range: Parameters<MemoryLedger['read']>): AsyncGenerator<StoredMessage> {
    for await (const message of super.read(...range)) {
      if (this.isAltered && message.kind === 'block') message.bytes[60] = 0;
      yield message;
    }
  }
}

/** A writer over a log in memory, asked over a real broker. */
interface Running {
  readonly writer: RunningWriter;
  readonly ledger: AlteredLedger;
  readonly log: LogRecorder;
  readonly emergencies: Emergency[];
}

test.before(async () => {
  ShardState.prototype.team = function (name) {
    if (states[states.length - 1] !== this) states.push(this);
    return teamOf.call(this, name);
  };
  await rig.startBroker({ shards: 1 });
  bus = await rig.bus('owner');
  for (const team of ['acme', 'globex']) callers.set(team, await rig.caller('operator', team));
});
test.after.each(async () => {
  await running?.writer.stop();
  running = undefined;
});
test.after(async () => {
  ShardState.prototype.team = teamOf;
  await rig.close();
});

async function start(store = new MemoryStore()): Promise<Running> {
  const clock = {
    nowMs: () => performance.now(),
    pause: (ms: number) => systemHost.pause(ms),
    brokerMs: () => Date.now(),
  };
  const ledger = new AlteredLedger({ store, clock });
  const log = new LogRecorder();
  const emergencies: Emergency[] = [];
  const writer = runShards({
    host: systemHost,
    bus,
    ledger,
    emergencies: {
      publish: async (emergency) => {
        emergencies.push(emergency);
      },
      lastOf: async () => undefined,
    },
    signer,
    shards: 1,
    ownerName: 'audited',
    witnessFolder: path.join(rig.root, `witness-${states.length}`),
    log: log.logger,
    auditPace: { compareEveryMs: 10 },
  });
  running = { writer, ledger, log, emergencies };
  await writer.ready();
  return running;
}

/** Asks until the shard has an answer of its own. */
async function ask(command: Sent, team = 'acme'): Promise<Answer> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await callers
      .get(team)
      ?.ask(command)
      .catch(() => undefined);
    if (answer !== undefined && !(answer.outcome === 'refused' && answer.code === 'not_owner')) {
      return answer;
    }
    await systemHost.pause(10);
  }
  throw new Error('nobody answers');
}

const request = (team: string, id: string, credits = 5): Sent => ({
  op: 'request',
  id,
  path: `${team}/lab/run`,
  items: { credits: { amount: credits } },
});
const settle = (id: string, credits = 3): Sent => ({
  op: 'settle',
  allocation: id,
  actual: { credits },
});

/** Two teams on the shard, each with a run, and something that lives and was spent. */
async function fill(): Promise<void> {
  for (const team of ['acme', 'globex']) {
    for (const at of [team, `${team}/lab`, `${team}/lab/run`]) {
      const limits = { credits: { limit: 1_000 } };
      assert.is((await ask({ op: 'open', path: at, limits }, team)).outcome, 'opened');
    }
    assert.is((await ask(request(team, 'spent'), team)).outcome, 'granted');
    assert.is((await ask(settle('spent'), team)).outcome, 'settled');
    assert.is((await ask(request(team, 'live'), team)).outcome, 'granted');
  }
}

function status(): ShardStatus {
  const [shard] = running?.writer.status() ?? [];
  if (shard === undefined) throw new Error('a writer runs');
  return shard;
}

const isAudited = () => {
  const { audit, seq } = status();
  return audit?.behind === 0 && audit.comparedSeq === seq && audit.settles.waiting === 0;
};

function liveAccount(at: string, team = 'acme'): Account {
  const account = states[states.length - 1]?.find(team)?.nodes.get(at)?.accounts.get('credits');
  if (account === undefined) throw new Error(`${at} has an account`);
  return account;
}

/** Damages the live state, makes the audit look again, and waits until it has said so. */
async function finds(invariant: string, pattern: RegExp, damage: () => void): Promise<void> {
  const { log, emergencies } = await start();
  await fill();
  await until('all is audited', isAudited);
  assert.is(log.count('fatal', /./), 0);
  damage();
  // The next block, of another team, makes it look at all nodes again.
  await ask(request('globex', 'look'), 'globex');
  await until(`${invariant} is told`, () => log.has('fatal', /invariant failed/), 5_000);
  assert.ok(
    log.has('fatal', new RegExp(`${invariant} .*the team is frozen|team is frozen ${invariant}`)),
  );
  assert.ok(log.has('fatal', pattern), 'and where');
  const isFrozen = async () => {
    const balance = await ask({ op: 'balance', path: 'acme' });
    return balance.outcome === 'balance' && balance.frozen;
  };
  assert.ok(await isFrozen(), 'the team is frozen');
  const denied = await ask(request('acme', 'denied'));
  assert.equal([denied.outcome, 'reason' in denied && denied.reason], ['denied', 'frozen']);
  const detail = emergencies.find(({ kind }) => kind === 'critical')?.detail ?? '';
  assert.match(detail, new RegExp(`acme is frozen: an invariant failed: ${invariant} \\(`));
  assert.is((await ask(settle('live'))).outcome, 'settled', 'what a freeze leaves open goes on');
  assert.is((await ask(request('globex', 'more'), 'globex')).outcome, 'granted');
  const [broken] = status().broken;
  assert.equal([broken?.team, broken?.breach?.invariant], ['acme', invariant]);
  await until('the audit goes on with the others', isAudited);
  assert.is(log.count('fatal', /invariant failed/), 1, 'it is told once');
}

test('INV-11 INV-12 it follows the log, finds every settle, and holds all nodes against it', async () => {
  const { log } = await start();
  await fill();
  for (let no = 0; no < 50; no += 1) {
    await ask(request('acme', `q${no}`));
    await ask(settle(`q${no}`));
  }
  await until('all is audited', isAudited);
  const { audit, seq } = status();
  assert.equal(audit?.settles, { found: 52, waiting: 0, leftOut: 0 });
  assert.is(audit?.seq, seq);
  assert.ok((audit?.events ?? 0) > 100);
  assert.equal(log.count('fatal', /./) + log.count('error', /./), 0);
});

test('INV-12 a settle whose answer left after the audit had passed is looked for all the same', async () => {
  await start();
  await fill();
  await until('all is audited', isAudited);
  const before = status().audit?.settles.found ?? 0;
  const repeated = await ask(settle('spent'));
  assert.equal([repeated.outcome, 'replayed' in repeated && repeated.replayed], ['settled', true]);
  await ask(request('acme', 'more'));
  await until('it is found', () => (status().audit?.settles.found ?? 0) > before);
});

test('INV-11 what the log does not make is found in memory', async () => {
  await finds('INV-11', /peakHeld in memory is 6, not 5/, () => {
    liveAccount('acme/lab').peakHeld += 1;
  });
});

test('INV-11 a node that the log does not know is found', async () => {
  await finds('INV-11', /number of open nodes in memory is 4, not 3/, () => {
    const nodes = states[states.length - 1]?.find('acme')?.nodes;
    const lab = nodes?.get('acme/lab');
    if (lab !== undefined) nodes?.set('acme/ghost', { ...lab, path: 'acme/ghost' });
  });
});

test('INV-5 spent of a parent that is not its own and its children’s is found', async () => {
  await finds('INV-5', /"path":"acme".*spentTree/, () => {
    const root = liveAccount('acme');
    root.spentTree += 1;
    root.second.spentTree += 1;
  });
});

test('INV-4 held that is not the sum of the live allocations is found', async () => {
  await finds('INV-4', /"path":"acme\/lab\/run".*held/, () => {
    const live = states[states.length - 1]?.find('acme')?.allocations.get('live');
    Object.assign(live ?? {}, { items: { credits: 4 } });
  });
});

test('INV-1 committed that does not follow from the nodes beneath is found', async () => {
  await finds('INV-1', /"path":"acme\/lab".*childrenCommitted/, () => {
    const lab = liveAccount('acme/lab');
    lab.childrenCommitted += 1;
    lab.second.below += 1;
  });
});

test('INV-16 memory that grows beyond its limit is found', async () => {
  await finds('INV-16', /emergencies in memory is \d+, not 1000 at most/, () => {
    const team = states[states.length - 1]?.find('acme');
    for (let no = 0; no <= LIMITS.emergenciesKeptMax; no += 1) team?.emergencies.push({} as never);
  });
});

test('INV-12 a settle that was answered and is not where its answer says is found', async () => {
  const { note } = AnsweredSettles.prototype;
  AnsweredSettles.prototype.note = function (team, answers) {
    const elsewhere = answers.map((answer) =>
      team !== 'acme' || answer.evidence === undefined
        ? answer
        : { ...answer, evidence: { ...answer.evidence, index: answer.evidence.index + 1 } },
    );
    note.call(this, team, elsewhere as typeof answers);
  };
  try {
    const { log } = await start();
    await fill();
    await until('it is told', () => log.has('fatal', /INV-12 .*settle of spent/), 5_000);
    AnsweredSettles.prototype.note = note;
    assert.equal(
      status().broken.map(({ team }) => team),
      ['acme'],
    );
    assert.is((await ask(request('globex', 'more'), 'globex')).outcome, 'granted');
  } finally {
    AnsweredSettles.prototype.note = note;
  }
});

test('INV-16 timers that nobody takes out: the shard begins anew without them', async () => {
  const { log } = await start();
  await fill();
  await until('all is audited', isAudited);
  const state = states[states.length - 1];
  for (let no = 0; no < 9; no += 1) {
    state?.timers.add({ atMs: Infinity, kind: 'expire', team: 'acme', id: `leak${no}` });
  }
  await ask(request('globex', 'look'), 'globex');
  await until('it is told', () => log.has('fatal', /INV-16 .*timers of leases/), 5_000);
  assert.is((await ask(request('acme', 'again'))).outcome, 'granted');
  await until('all is audited again', isAudited, 5_000);
  assert.is(log.count('fatal', /invariant failed/), 1);
  assert.equal(status().broken, []);
});

test('INV-11 a log that reads otherwise than it was written is found', async () => {
  const { log, ledger } = await start();
  await fill();
  await until('all is audited', isAudited);
  ledger.isAltered = true;
  await ask(request('acme', 'altered'));
  await until('it is told', () => log.has('fatal', /the shard begins anew/), 5_000);
  assert.ok(log.has('fatal', /INV-11 .*hash of block|does not follow/));
});

test('a breach in what is recorded, by a faulty version, freezes its team alone, until it is thawed', async () => {
  const store = new MemoryStore();
  const { before } = InvariantWatch.prototype;
  await start(store);
  await fill();
  await ask(request('acme', 'twice'));
  await ask({ op: 'release', allocation: 'twice' });
  // A version that forgets ids and does not look decides one twice.
  InvariantWatch.prototype.before = function (team, event, at) {
    try {
      before.call(this, team, event, at);
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
    }
  };
  states[states.length - 1]?.find('acme')?.ids.delete('twice');
  assert.is((await ask(request('acme', 'twice'))).outcome, 'granted');
  await running?.writer.stop();
  InvariantWatch.prototype.before = before;

  const { log } = await start(store);
  assert.ok(log.has('fatal', /what was recorded breaks an invariant.*INV-7/));
  assert.is((await ask(request('globex', 'fine'), 'globex')).outcome, 'granted');
  const balance = await ask({ op: 'balance', path: 'acme' });
  const [freeze] = balance.outcome === 'balance' ? balance.freezes : [];
  assert.ok(freeze !== undefined, 'the team is frozen');
  assert.is((await ask({ op: 'unfreeze', path: 'acme', freeze })).outcome, 'unfrozen');
  await running?.writer.stop();

  const again = await start(store);
  assert.is((await ask(request('acme', 'good'))).outcome, 'granted');
  assert.not.ok(again.log.has('fatal', /invariant/), 'somebody has looked at it');
});

test('a freeze that was lifted is forgotten: the next life of the shard freezes nothing anew', async () => {
  const { log } = await start();
  await fill();
  await until('all is audited', isAudited);
  liveAccount('acme/lab').peakHeld += 1;
  await ask(request('globex', 'look'), 'globex');
  await until('it is told', () => log.has('fatal', /INV-11/), 5_000);
  const frozen = await ask({ op: 'balance', path: 'acme' });
  const [freeze] = frozen.outcome === 'balance' ? frozen.freezes : [];
  assert.is((await ask({ op: 'unfreeze', path: 'acme', freeze })).outcome, 'unfrozen');
  assert.equal(status().broken, []);
  await until('the audit goes on without the team', isAudited);
  assert.is((await ask(request('acme', 'thawed'))).outcome, 'granted');
  // Another team fails: the shard begins anew, and acme is audited again.
  liveAccount('globex/lab', 'globex').peakHeld += 1;
  await ask(request('acme', 'look'));
  await until('that is told too', () => log.count('fatal', /INV-11/) === 2, 5_000);
  assert.is((await ask(request('acme', 'open'))).outcome, 'granted');
  assert.equal(
    status().broken.map(({ team }) => team),
    ['globex'],
  );
});

test('a team that an operator had frozen before is frozen for the failure too', async () => {
  const { log } = await start();
  await fill();
  await ask({ op: 'freeze', path: 'acme', id: 'mine' });
  await until('all is audited', isAudited);
  liveAccount('acme/lab').peakHeld += 1;
  await ask(request('globex', 'look'), 'globex');
  await until('it is told', () => log.has('fatal', /INV-11/), 5_000);
  const balance = await ask({ op: 'balance', path: 'acme' });
  assert.is(balance.outcome === 'balance' && balance.freezes.length, 2);
});

test.run();
