import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig } from './rig.ts';
import { ask, enrol, open, policy } from './world.ts';

const test = suite('actors: transfer');

const move = (
  from: string,
  to: string,
  amounts: Record<string, number>,
  id = 't',
): CommandInput => ({ op: 'transfer', id, from, to, amounts });

const GIVER = 'acme/lab/a';
const TAKER = 'acme/lab/b';

function givenSiblings(...more: CommandInput[]): TeamRig {
  return given(
    open('acme', { credits: 100 }),
    open('acme/lab', { credits: 60 }),
    open(GIVER, { credits: { limit: 40, guarantee: 30 } }),
    open(TAKER, { credits: { limit: 20, guarantee: 10 } }),
    enrol('ann'),
    ...more,
  );
}

function sumsOf(rig: TeamRig, path: string, resource = 'credits') {
  const account = rig.team.nodes.get(path)?.accounts.get(resource);
  return [account?.limit, account?.guarantee, account?.committed];
}

test('T-09 limit and unused guarantee move to a sibling in one event', () => {
  const rig = givenSiblings();
  const shown = rig.when(move(GIVER, TAKER, { credits: 15 }));
  shows(shown, { outcome: 'transferred', guarantees: { credits: 15 } }, ['Transferred']);
  assert.equal(sumsOf(rig, GIVER), [25, 15, 0]);
  assert.equal(sumsOf(rig, TAKER), [35, 25, 0]);
  assert.equal(sumsOf(rig, 'acme/lab'), [60, 0, 40]);
  shows(rig.when(ask('x', { credits: 35 }, { path: TAKER }), 'ann'), { outcome: 'granted' });
});

test('T-09 of a guarantee only what is not in use moves', () => {
  const rig = givenSiblings();
  rig.when(ask('x', { credits: 22 }, { path: GIVER }), 'ann');
  shows(rig.when(move(GIVER, TAKER, { credits: 15 })), { guarantees: { credits: 8 } });
  assert.equal(sumsOf(rig, GIVER), [25, 22, 22]);
  assert.equal(sumsOf(rig, TAKER), [35, 18, 0]);
});

test('INV-2 a giver is never made short, by its own use or by what its children can count on', () => {
  const rig = givenSiblings();
  rig.when(ask('x', { credits: 22 }, { path: GIVER }), 'ann');
  shows(rig.when(move(GIVER, TAKER, { credits: 19 })), {
    outcome: 'refused',
    code: 'does_not_fit',
  });
  rig.when(open(`${GIVER}/in`, { credits: { guarantee: 10 } }));
  shows(rig.when(move(GIVER, TAKER, { credits: 9 })), { code: 'does_not_fit' });
  shows(rig.when(move(GIVER, TAKER, { credits: 8 })), { outcome: 'transferred' });
  assert.equal(sumsOf(rig, GIVER), [32, 30, 32]);
});

test('T-09 between nodes of different parents the limit moves and the guarantee stays', () => {
  const rig = givenSiblings(open('acme/shop'), open('acme/shop/c', { credits: 5 }));
  shows(rig.when(move(GIVER, 'acme/shop/c', { credits: 10 })), {
    outcome: 'transferred',
    guarantees: {},
  });
  assert.equal(sumsOf(rig, GIVER), [30, 30, 0]);
  assert.equal(sumsOf(rig, 'acme/shop/c'), [15, 0, 0]);
});

test('T-09 who could count on nothing lends as the giver did; lending that ends needs room', () => {
  const rig = given(
    open('acme', { concurrency: 10 }),
    open('acme/a', { concurrency: { limit: 6, guarantee: 6 } }),
    open('acme/b', { concurrency: { limit: 2 } }),
    open('acme/c', { concurrency: { limit: 2, guarantee: 2, lend: 0 } }),
    enrol('ann'),
  );
  rig.when(move('acme/a', 'acme/b', { concurrency: 2 }));
  assert.is(rig.team.nodes.get('acme/b')?.accounts.get('concurrency')?.lend, null);
  assert.equal(sumsOf(rig, 'acme', 'concurrency'), [10, 0, 2]);
  rig.when(ask('x', { concurrency: 8 }, { path: 'acme' }), 'ann');
  shows(rig.when(move('acme/a', 'acme/c', { concurrency: 1 }, 't2')), {
    code: 'guarantee_does_not_fit',
  });
});

test('T-09 what cannot be moved is refused and changes nothing', () => {
  const rig = givenSiblings(open('acme/lab/free'), policy({ overcommit: 'refuse' }));
  const cases: [CommandInput, string][] = [
    [move(GIVER, 'acme/lab/gone', { credits: 1 }), 'unknown_node'],
    [move(GIVER, 'acme/lab', { credits: 1 }), 'malformed'],
    [move('acme', GIVER, { credits: 1 }), 'malformed'],
    [move(GIVER, 'acme/lab/free', { credits: 1 }), 'unknown_resource'],
    [move('acme/lab/free', TAKER, { credits: 1 }), 'unknown_resource'],
    [move(GIVER, TAKER, { memory: 1 }), 'unknown_resource'],
    [move(GIVER, TAKER, { credits: 41 }), 'does_not_fit'],
  ];
  for (const [command, code] of cases) shows(rig.when(command), { outcome: 'refused', code }, []);
  assert.equal(sumsOf(rig, GIVER), [40, 30, 0]);
});

test('§6.7 nothing is moved to or from beneath a freeze or a closing', () => {
  for (const path of [GIVER, TAKER, 'acme/lab']) {
    const rig = givenSiblings({ op: 'freeze', path });
    shows(rig.when(move(GIVER, TAKER, { credits: 1 })), { code: 'node_frozen' });
  }
  const rig = givenSiblings();
  rig.when(ask('x', { credits: 1 }, { path: TAKER }), 'ann');
  rig.when({ op: 'close', path: TAKER });
  shows(rig.when(move(GIVER, TAKER, { credits: 1 })), { code: 'node_closing' });
});

test('I-07 a lead moves limits beneath the prefix and not to or from its own node', () => {
  const rig = givenSiblings(
    enrol('lea', { role: 'lead', prefix: 'acme/lab' }),
    open('acme/shop', { credits: 5 }),
  );
  shows(rig.when(move(GIVER, 'acme/shop', { credits: 1 }), 'lea'), { code: 'not_permitted' });
  shows(rig.when(move('acme/shop', TAKER, { credits: 1 }), 'lea'), { code: 'not_permitted' });
  shows(rig.when(move('acme/lab', 'acme/shop', { credits: 1 }), 'lea'), { code: 'not_permitted' });
  shows(rig.when(move(GIVER, TAKER, { credits: 1 }), 'ann'), { code: 'not_permitted' });
  shows(rig.when(move(GIVER, TAKER, { credits: 1 }), 'lea'), { outcome: 'transferred' });
});

test('T-09 who waits for the taker is served by what it gets', () => {
  const rig = givenSiblings();
  rig.when(ask('h', { credits: 10 }, { path: TAKER }), 'ann');
  rig.when(ask('x', { credits: 20 }, { path: TAKER, maxWaitMs: 5_000 }), 'ann');
  assert.ok(!rig.team.allocations.has('x'));
  rig.when(move(GIVER, TAKER, { credits: 20 }));
  assert.ok(rig.team.allocations.has('x'));
});

test('INV-2 T-09 a transfer between siblings beneath a parent that is short changes nothing for it', () => {
  const rig = givenSiblings();
  rig.when({ op: 'setLimits', path: 'acme/lab', limits: { credits: { limit: 5 } } });
  const shown = rig.when(move(GIVER, TAKER, { credits: 15 }));
  shows(shown, { outcome: 'transferred', guarantees: { credits: 15 } }, ['Transferred']);
  assert.equal(sumsOf(rig, 'acme/lab'), [5, 0, 40]);
});

test.run();
