import type { Emergency } from '../events/answers.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, WriterRig } from './writer-rig.ts';

const test = suite('breakers, through NATS');
const rig = new WriterRig();
const SEARCH = 'tool.search';
let operator: Caller;
let ann: Caller;
let heard: { readonly subject: string; readonly emergency: Emergency }[];

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab/run' });
  ann = await rig.enrolled('ann', 'acme');
  heard = await ann.emergencies();
});
test.after(() => rig.close());

let count = 0;
/** One use of the tool; what did not work is said with its settle. */
async function use(failed: readonly string[]): Promise<void> {
  count += 1;
  const id = `u-${count}`;
  const items = { [SEARCH]: { amount: 1 } };
  await ann.expect('granted', { op: 'request', id, path: 'acme/lab/run', items });
  await ann.expect('settled', {
    op: 'settle',
    id: `s-${count}`,
    allocation: id,
    actual: { [SEARCH]: 1 },
    failed,
  });
}

const told = () =>
  heard.map(({ subject, emergency }) => [subject, emergency.kind, emergency.resource]);

test('I-10 failures open it, a probe closes it: told by events, topics and balance', async () => {
  const breakers = [
    { path: 'acme/lab', resource: SEARCH, failures: 2, windowMs: 60_000, openMs: 300 },
  ];
  await operator.expect('policy_set', { op: 'setPolicy', path: 'acme', policy: { breakers } });
  await use([SEARCH]);
  await use([SEARCH]);
  await until('it is open', () => heard.length === 1);
  assert.equal(told(), [['bursar.emergency.acme.lab.breaker-open', 'breaker-open', SEARCH]]);
  const ask = { op: 'request', id: 'no', path: 'acme/lab/run', items: { [SEARCH]: { amount: 1 } } };
  const denied = await ann.expect('denied', ask);
  assert.equal([denied.reason, denied.rule], ['breaker_open', '1-breaker']);
  assert.ok((denied.retryAfterMs ?? 0) > 0 && (denied.retryAfterMs ?? 0) <= 300);
  const stateNow = async () => {
    const { breakers: shown } = await operator.expect('balance', { op: 'balance', path: 'acme' });
    return shown?.[0]?.state;
  };
  let state = await stateNow();
  for (let tries = 0; state !== 'half-open' && tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    state = await stateNow();
  }
  assert.is(state, 'half-open');
  await use([]);
  await until('it is closed', () => heard.length === 2);
  assert.equal(told()[1], ['bursar.emergency.acme.lab.breaker-closed', 'breaker-closed', SEARCH]);
  await use([]);
});

test('I-10 an operator opens one for the whole team, which is told on its own topic', async () => {
  const before = heard.length;
  const notices = await ann.notices();
  const gpu = { 'slot.gpu': { amount: 1 } };
  await ann.expect('granted', { op: 'request', id: 'gpu', path: 'acme/lab/run', items: gpu });
  const command = { op: 'openBreaker', path: 'acme', resource: 'slot.gpu', reason: 'on fire' };
  await operator.expect('breaker_opened', command);
  assert.is((await ann.expect('refused', command)).code, 'not_permitted');
  await until('it is told', () => heard.length === before + 1);
  assert.is(heard[before]?.subject, 'bursar.emergency.acme.~.breaker-open');
  await operator.expect('breaker_closed', {
    op: 'closeBreaker',
    path: 'acme',
    resource: 'slot.gpu',
  });
  await until('it is told', () => heard.length === before + 2);
  await until('its holder has notice', () => notices.length === 2);
  assert.equal(
    notices.map(({ kind, id, path, retryInMs }) => [kind, id, path, retryInMs]),
    [
      ['breaker-open', 'slot.gpu', 'acme', null],
      ['breaker-closed', 'slot.gpu', 'acme', undefined],
    ],
  );
});

test.run();
