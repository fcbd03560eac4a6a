import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { shows, the } from './rig.ts';
import { ask, givenLab, open, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: resources by tier');

test('T-07 T-10 a swarm binds all its runs together, whatever each of them may', () => {
  const other = 'acme/lab/other';
  const rig = givenLab(setLimits('acme/lab', { credits: 300 }), open(other, { credits: 300 }));
  shows(rig.when(ask('a', { credits: 200 }), 'ann'), { outcome: 'granted' });
  shows(rig.when(ask('b', { credits: 101 }, { path: other }), 'bob'), {
    reason: 'insufficient_credits',
    short: [{ path: 'acme/lab', resource: 'credits', needed: 101, available: 100 }],
  });
  shows(rig.when(ask('c', { credits: 100 }, { path: other }), 'bob'), { outcome: 'granted' });
});

test('T-16 memory is a capacity of the run: it comes back at the end, nothing is spent', () => {
  const rig = givenLab(setLimits(RUN, { memory: 1_000 }));
  rig.when(ask('a', { memory: 800 }), 'ann');
  shows(rig.when(ask('b', { memory: 201 }), 'bob'), { reason: 'insufficient_memory' });
  rig.when(settle('a', {}), 'ann');
  shows(rig.when(ask('c', { memory: 1_000 }), 'bob'), { outcome: 'granted' });
  const memory = rig.team.nodes.get(RUN)?.accounts.get('memory');
  assert.equal([memory?.spentTree, memory?.heldTree, memory?.peakHeld], [0, 1_000, 1_000]);
});

test('T-17 R-13 R-22 slots of a run: no more at once than there are', () => {
  const rig = givenLab(setLimits(RUN, { concurrency: 2 }));
  for (const id of ['a', 'b']) rig.when(ask(id, { concurrency: 1 }), 'ann');
  shows(rig.when(ask('c', { concurrency: 1 }), 'bob'), { reason: 'concurrency_limit_reached' });
  rig.when(release('a'), 'ann');
  shows(rig.when(ask('d', { concurrency: 1 }), 'bob'), { outcome: 'granted' });
});

test('T-19 R-16 calls of a tool are a quota: what is used does not come back, the rest does', () => {
  const rig = givenLab(setLimits(RUN, { 'tool.search': 3 }));
  rig.when(ask('a', { 'tool.search': 2 }), 'ann');
  rig.when(settle('a', { 'tool.search': 1 }), 'ann');
  shows(rig.when(ask('b', { 'tool.search': 3 }), 'ann'), { reason: 'tool_limit_reached' });
  shows(rig.when(ask('c', { 'tool.search': 2 }), 'ann'), { outcome: 'granted' });
});

test('R-06 R-11 what nobody renews or settles ends by itself and is taken back', () => {
  const rig = givenLab(setLimits(RUN, { memory: 10 }));
  rig.when(ask('a', { memory: 10 }, { ttlMs: 1_000 }), 'ann');
  shows(rig.when(ask('b', { memory: 10 }), 'bob'), { outcome: 'denied' });
  assert.is(the(rig.pass(1_000), 'AllocationEnded').as, 'expired');
  shows(rig.when(ask('c', { memory: 10 }), 'bob'), { outcome: 'granted' });
});

test('D-06 over-allocation: the node is short, says so, and admits nothing until it is paid', () => {
  const rig = givenLab(setLimits(RUN, { credits: 100 }));
  rig.when(ask('a', { credits: 100 }), 'ann');
  rig.when(settle('a', { credits: 130 }), 'ann');
  const balance = rig.when({ op: 'balance', path: RUN }).answer;
  assert.is(balance.outcome, 'balance');
  const line = balance.outcome === 'balance' ? balance.lines[0] : undefined;
  assert.equal([line?.short, line?.available, line?.spentTree], [true, 0, 130]);
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'denied' });
  rig.when({ op: 'topUp', id: 't', path: RUN, amounts: { credits: 31 } });
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('§2 an agent that thinks of ever new names does not fill the books; what is known goes on', () => {
  const rig = givenLab();
  const names = (n: number) =>
    Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`tool.t${n}-${i}`, 1]));
  for (let n = 0; n < 70; n += 1) {
    rig.when(ask(`a${n}`, names(n)), 'ann');
    rig.when(release(`a${n}`), 'ann');
  }
  const booked = rig.team.nodes.get('acme')?.accounts.size ?? 0;
  assert.ok(booked < LIMITS.resourcesPerTeamMax + 16, `${booked} resources`);
  const { answer } = rig.when(ask('b', names(70)), 'ann');
  shows({ answer, events: [] }, { outcome: 'refused', code: 'unknown_resource' });
  assert.match('message' in answer ? answer.message : '', /the most there are; use one of those/);
  shows(rig.when(ask('c', names(1)), 'ann'), { outcome: 'granted' });
  rig.when(ask('d', { credits: 1 }), 'ann');
  const stranger = rig.when(settle('d', { credits: 1, 'tool.stranger': 1 }), 'ann').answer;
  shows({ answer: stranger, events: [] }, { outcome: 'refused', code: 'unknown_resource' });
  shows(rig.when(settle('d', { credits: 1 }), 'ann'), { outcome: 'settled' });
});

test.run();
