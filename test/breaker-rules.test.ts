import type { Answer } from '../events/answers.ts';
import type { EventOf } from '../events/events.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';

const test = suite('rules of breakers, through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

const SEARCH = 'tool.search';
const INDEX = 'tool.index';
const GPU = 'slot.gpu';

type Transition = EventOf<'BreakerOpened'> | EventOf<'BreakerHalfOpened' | 'BreakerClosed'>;

/** What became of the breaker of a node, oldest first, from the log. */
async function transitionsOf(path: string): Promise<Transition[]> {
  const types = ['BreakerOpened', 'BreakerHalfOpened', 'BreakerClosed'] as const;
  const all = await Promise.all(types.map((type) => lab.rig.events(type)));
  return all
    .flat()
    .filter((event) => event.path === path)
    .sort((left, right) => left.atMs - right.atMs);
}

/** Uses a tool once; it works or fails. */
async function use(path: string, resource: string, isWorking: boolean): Promise<void> {
  const asked = lab.request(path, { [resource]: 1 }, wait);
  const answer = await lab.ann.ask(asked);
  if (answer.outcome === 'queued') await lab.told('granted', asked.id);
  else assert.is(answer.outcome, 'granted');
  await settle(asked.id, isWorking ? [] : [resource]);
}

function settle(allocation: string, failed: readonly string[]): Promise<Answer> {
  return lab.ann.expect('settled', { op: 'settle', allocation, actual: {}, failed });
}

test('I-10 R-12 a probe that fails opens it for twice as long; who waits is served when it closes', async () => {
  const swarm = await lab.openSwarm();
  const run = await lab.open(swarm);
  const rule = { path: swarm, resource: SEARCH, failures: 1, windowMs: 60_000 };
  await lab.policy({ breakers: [{ ...rule, openMs: 100, openMsMax: 150, mode: 'queue' }] });
  await use(run, SEARCH, false);
  const waits = lab.request(run, { [SEARCH]: 1 }, wait);
  const { account } = await lab.bob.expect('queued', waits);
  assert.equal(account, { path: swarm, resource: SEARCH });
  await lab.told('granted', waits.id);
  await lab.bob.expect('settled', {
    op: 'settle',
    allocation: waits.id,
    actual: {},
    failed: [SEARCH],
  });
  await use(run, SEARCH, true);
  const seen = await transitionsOf(swarm);
  assert.equal(
    seen.map((one) => [one.type, 'why' in one ? one.why : undefined]),
    [
      ['BreakerOpened', 'failures'],
      ['BreakerHalfOpened', undefined],
      ['BreakerOpened', 'probe'],
      ['BreakerHalfOpened', undefined],
      ['BreakerClosed', 'probe'],
    ],
  );
  const openMs = seen.flatMap((one) =>
    one.type === 'BreakerOpened' ? [(one.untilMs ?? 0) - one.atMs] : [],
  );
  assert.equal(openMs, [100, 150]);
});

test('I-10 meanwhile another tool is used in its place, and the answer says so', async () => {
  const swarm = await lab.openSwarm({ [INDEX]: 1 });
  const run = await lab.open(swarm);
  const rule = { path: swarm, resource: SEARCH, failures: 1, windowMs: 60_000, openMs: 60_000 };
  await lab.policy({ breakers: [{ ...rule, mode: { fallback: INDEX } }] });
  await use(run, SEARCH, false);
  const granted = await lab.ann.expect('granted', lab.request(run, { [SEARCH]: 1 }));
  assert.equal(granted.granted, { [INDEX]: 1 });
  assert.equal(granted.instead, { [SEARCH]: INDEX });
  const denied = await lab.ann.expect('denied', lab.request(run, { [SEARCH]: 1 }));
  assert.match(denied.message, INDEX);
});

test('I-10 who waits for a capacity in vain counts where policy says so, and an operator closes it', async () => {
  const swarm = await lab.openSwarm({ [GPU]: 1 });
  const run = await lab.open(swarm);
  const rule = { path: swarm, resource: GPU, failures: 2, windowMs: 60_000, openMs: 60_000 };
  await lab.policy({ breakers: [{ ...rule, counts: ['unresolved'] }] });
  const held = await lab.ann.expect('granted', lab.request(run, { [GPU]: 1 }));
  for (const maxWaitMs of [10, 20]) {
    const waits = lab.request(run, { [GPU]: 1 }, { maxWaitMs });
    await lab.bob.expect('queued', waits);
    await lab.told('denied', waits.id);
  }
  const [opened] = await lab.rig.events('BreakerOpened').then((all) => all.slice(-1));
  assert.equal([opened?.path, opened?.why, opened?.unresolved], [swarm, 'failures', 2]);
  await lab.ann.expect('released', { op: 'release', allocation: held.id });
  const denied = await lab.bob.expect('denied', lab.request(run, { [GPU]: 1 }));
  assert.is(denied.rule, '1-breaker');
  await lab.operator.expect('breaker_closed', { op: 'closeBreaker', path: swarm, resource: GPU });
  await lab.bob.expect('granted', lab.request(run, { [GPU]: 1 }));
  const [closed] = await lab.rig.events('BreakerClosed').then((all) => all.slice(-1));
  assert.equal([closed?.path, closed?.why], [swarm, 'operator']);
});

test.run();
