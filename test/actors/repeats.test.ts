import { prune } from '../../actors/remember.ts';
import { plainRuntime } from '../../actors/runtime.ts';
import { newTeam } from '../../actors/team.ts';
import { TimerHeap } from '../../actors/timers.ts';
import type { CommandInput } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { shows } from './rig.ts';
import { stateOf } from './state.ts';
import {
  ask,
  enrol,
  givenLab,
  open,
  policy,
  RUN,
  release,
  STEP,
  setLimits,
  settle,
} from './world.ts';

const test = suite('actors: repeats');

test('INV-7 every command with an id gets the same final answer again, and changes nothing', () => {
  const rig = givenLab(open('acme/lab/two', { credits: 50 }));
  rig.when(ask('held', { credits: 100 }, { ttlMs: 600_000 }), 'ann');
  rig.when(ask('held2', { credits: 100 }, { ttlMs: 600_000 }), 'ann');
  rig.when(ask('held3', { credits: 100 }, { ttlMs: 600_000 }), 'ann');
  const waiting = { maxWaitMs: 600_000 };
  rig.when(ask('full', { credits: 700 }, { ttlMs: 600_000 }), 'ann');
  rig.when(ask('w', { credits: 600 }, waiting), 'ann');
  const commands: [CommandInput, string][] = [
    [ask('d', { credits: 500 }), 'ann'],
    [ask('f', { credits: 500 }, { path: 'acme/lab/none/s' }), 'ann'],
    [{ op: 'renew', allocation: 'held', ttlMs: 700_000, id: 'i1' }, 'ann'],
    [{ op: 'report', allocation: 'held', used: { credits: 5 }, id: 'i2' }, 'ann'],
    [{ op: 'resize', allocation: 'held', items: { credits: 50 }, id: 'i3' }, 'ann'],
    [{ op: 'cancel', request: 'w', id: 'i5' }, 'ann'],
    [settle('held', { credits: 5 }, { id: 'i6' }), 'ann'],
    [release('held2', { id: 'i7' }), 'ann'],
    [{ op: 'charge', id: 'i8', path: RUN, amounts: { credits: 3 } }, 'operator'],
    [{ op: 'adjust', id: 'i9', allocation: 'held', actual: { credits: 3 } }, 'operator'],
    [open('acme/lab/three', { credits: 9 }, { id: 'i10' }), 'operator'],
    [{ ...setLimits('acme/lab/three', { credits: 8 }), id: 'i11' }, 'operator'],
    [{ op: 'topUp', id: 'i12', path: 'acme', amounts: { credits: 3 } }, 'operator'],
    [{ ...policy({}), id: 'i13' }, 'operator'],
    [enrol('eve', { id: 'i14' }), 'operator'],
    [{ op: 'dismiss', agent: 'eve', id: 'i15' }, 'operator'],
    [{ op: 'freeze', path: 'acme/lab/two', id: 'i16' }, 'operator'],
    [{ op: 'freeze', path: 'acme/lab/two', id: 'i17' }, 'operator'],
    [{ op: 'unfreeze', path: 'acme/lab/two', freeze: 'i17', id: 'i18' }, 'operator'],
    [{ op: 'unfreeze', path: 'acme/lab/two', freeze: 'i16', id: 'i19' }, 'operator'],
    [{ op: 'stop', path: RUN, id: 'i20', below: 'low' }, 'operator'],
    [{ op: 'acknowledgeStop', path: RUN, stop: 'i20', id: 'i21' }, 'ann'],
    [{ op: 'recover', path: RUN, stop: 'i20', id: 'i22' }, 'operator'],
    [{ op: 'close', path: 'acme/lab/two', id: 'i23' }, 'operator'],
    [{ op: 'close', path: RUN, id: 'i24' }, 'operator'],
    [{ op: 'close', path: RUN, id: 'i25', force: true, graceMs: 5_000 }, 'operator'],
    [{ op: 'close', path: RUN, id: 'i26', force: true }, 'operator'],
  ];
  for (const [command, agent] of commands) {
    const first = rig.when(command, agent);
    assert.ok(first.events.length > 0, JSON.stringify([command, first.answer]));
    const before = stateOf(rig.team);
    const repeat = rig.when(command, agent);
    assert.equal(repeat.answer, { ...first.answer, replayed: true } as never);
    assert.equal(repeat.events, []);
    assert.equal(stateOf(rig.team), before);
    const other = agent === 'ann' ? 'bob' : 'ann';
    assert.is(
      rig.when(command, other).answer.outcome,
      'refused',
      'it is not the answer of another',
    );
  }
});

test('INV-7 the same id with other content is a conflict, whatever became of the first', () => {
  const rig = givenLab();
  rig.when(ask('g', { credits: 1_000 }), 'ann');
  rig.when(ask('q', { credits: 10 }, { maxWaitMs: 9_000 }), 'ann');
  rig.when(ask('d', { credits: 10 }), 'ann');
  for (const id of ['g', 'q', 'd']) {
    shows(rig.when(ask(id, { credits: 11 }), 'ann'), { code: 'id_conflict' }, []);
    shows(rig.when(release('g', { id }), 'ann'), { code: 'id_conflict' }, []);
  }
  assert.ok(rig.team.allocations.has('g'));
});

test('§6.3 refusals use up no id', () => {
  const rig = givenLab();
  shows(rig.when(ask('x', { gold: 1 }), 'ann'), { outcome: 'refused' }, []);
  shows(rig.when(ask('x', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('§5 a request without an id gets one from the writer; twice sent is twice granted', () => {
  const rig = givenLab();
  const { id, ...bare } = ask('-', { credits: 1 });
  const first = rig.when(bare, 'ann').answer;
  const second = rig.when(bare, 'ann').answer;
  assert.ok(first.outcome === 'granted' && second.outcome === 'granted');
  assert.not.equal(first.id, second.id);
  assert.match(first.id, /^w-\d+-\d+$/);
  shows(rig.when(settle(first.id, { credits: 1 }), 'ann'), { outcome: 'settled' });
});

test('§6.3 what was first sent before the memory begins is never carried out again', () => {
  const rig = givenLab();
  const old = LIMITS.idRetentionMs;
  shows(
    rig.when(ask('a', { credits: 1 }, { firstSentMsAgo: old + 1 }), 'ann'),
    {
      outcome: 'refused',
      code: 'outcome_unknown',
      id: 'a',
    },
    [],
  );
  shows(rig.when(ask('a', { credits: 1 }, { firstSentMsAgo: old }), 'ann'), { outcome: 'granted' });
  shows(rig.when(ask('a', { credits: 1 }, { firstSentMsAgo: old * 9 }), 'ann'), { replayed: true });
});

test('§6.3 an id forgotten for the number of ids is not carried out again either', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1 }), 'ann');
  rig.when(settle('a', { credits: 1 }), 'ann');
  rig.pass(1_000);
  rig.when(ask('b', { credits: 1 }), 'ann');
  prune(rig.team, { ...LIMITS, idsPerShardMax: rig.team.ids.size - 1 });
  assert.not.ok(rig.team.ids.has('a'), 'the oldest that nothing keeps');
  assert.not.ok(rig.team.tombstones.has('a'));
  rig.pass(500);
  shows(rig.when(ask('a', { credits: 1 }, { firstSentMsAgo: 1_500 }), 'ann'), {
    code: 'outcome_unknown',
  });
  shows(rig.when(ask('c', { credits: 1 }, { firstSentMsAgo: 1_499 }), 'ann'), {
    outcome: 'granted',
  });
});

test('§6.3 retention: settled ones for minutes, those without a settle for days, live ones for ever', () => {
  const rig = givenLab();
  rig.when(ask('live', { credits: 1 }, { ttlMs: LIMITS.leaseMsMax }), 'ann');
  rig.when(ask('expired', { credits: 1 }, { ttlMs: 10 }), 'ann');
  rig.when(ask('settled', { credits: 1 }), 'ann');
  rig.when(settle('settled', { credits: 1 }), 'ann');
  rig.pass(LIMITS.idRetentionMs + 11);
  rig.when(ask('new', { credits: 1 }), 'ann');
  prune(rig.team);
  const known = (id: string) => [rig.team.ids.has(id), rig.team.tombstones.has(id)];
  assert.equal(known('live'), [true, false]);
  assert.equal(known('expired'), [true, true]);
  assert.equal(known('settled'), [false, false]);
  shows(rig.when(settle('settled', { credits: 1 }), 'ann'), { code: 'unknown_allocation' });
  shows(rig.when(settle('expired', { credits: 1 }), 'ann'), { outcome: 'settled', late: true });
});

test('§6.3 a memory without anything is pruned', () => {
  const team = newTeam('acme', new TimerHeap(), plainRuntime);
  prune(team);
  assert.is(team.forgottenUpToMs, 0);
});

test('INV-6 refusals change nothing at all', () => {
  const rig = givenLab(open(STEP, {}, { tier: 'step' }), {
    op: 'freeze',
    path: 'acme/lab',
    id: 'fr',
  });
  rig.when(enrol('lea', { role: 'lead', prefix: RUN, priorityMax: 'high' }));
  const refused: [CommandInput, string][] = [
    [ask('x', { gold: 1 }), 'ann'],
    [ask('x', { credits: 1 }, { deadlineMs: -1 }), 'ann'],
    [ask('x', { credits: 1 }), 'nobody'],
    [ask('x', { memory: Number.MAX_SAFE_INTEGER, credits: 1 }, { priority: 'emergency' }), 'lea'],
    [settle('none', { credits: 1 }), 'ann'],
    [open('acme/lab/two'), 'operator'],
    [open(STEP), 'operator'],
    [open('globex/x'), 'operator'],
    [{ op: 'close', path: 'acme/none' }, 'operator'],
    [setLimits('acme/lab', { credits: { guarantee: 5_000 } }), 'operator'],
    [setLimits('acme/lab', { gold: 1 }), 'operator'],
    [{ op: 'topUp', id: 't', path: RUN, amounts: { credits: 1 } }, 'operator'],
    [{ op: 'unfreeze', path: 'acme', freeze: 'fr' }, 'operator'],
    [{ op: 'recover', path: 'acme', stop: 'fr' }, 'operator'],
    [{ op: 'acknowledgeStop', path: 'acme', stop: 'fr' }, 'ann'],
    [{ op: 'dismiss', agent: 'nobody' }, 'operator'],
    [enrol('eve', { prefix: 'globex' }), 'operator'],
    [{ ...policy({}), path: 'acme/lab' }, 'operator'],
    [{ op: 'adjust', id: 'j', allocation: 'none', actual: { credits: 1 } }, 'operator'],
    [{ op: 'charge', id: 'c', path: RUN, amounts: { memory: 1 } }, 'operator'],
  ];
  const before = stateOf(rig.team);
  for (const [command, agent] of refused) {
    const { answer, events } = rig.when(command, agent);
    assert.is(answer.outcome, 'refused', JSON.stringify([command, answer]));
    assert.equal(events, []);
    assert.equal(stateOf(rig.team), before, JSON.stringify(command));
  }
});

test('§6.3 a settle that finds nothing is final for its id, whatever comes later', () => {
  const rig = givenLab();
  const early = { ...settle('a', { credits: 1 }), id: 's1' };
  shows(rig.when(early, 'ann'), { code: 'unknown_allocation', id: 's1' }, ['SettleMissed']);
  rig.when(ask('a', { credits: 5 }), 'ann');
  shows(rig.when(early, 'ann'), { code: 'unknown_allocation', replayed: true }, []);
  shows(rig.when({ ...early, actual: { credits: 2 } }, 'ann'), { code: 'id_conflict' }, []);
  shows(rig.when({ ...early, id: 's2' }, 'ann'), { outcome: 'settled', booked: { credits: 1 } });
});

test('§6.3 what only waits may be settled under the same id once it is granted', () => {
  const rig = givenLab();
  rig.when(ask('full', { credits: 1_000 }), 'ann');
  rig.when(ask('w', { credits: 900 }, { maxWaitMs: 1_000 }), 'ann');
  const early = { ...settle('w', { credits: 1 }), id: 's1' };
  shows(rig.when(early, 'ann'), { code: 'unknown_allocation' }, []);
  rig.when(release('full'), 'ann');
  shows(rig.when(early, 'ann'), { outcome: 'settled' });
});

test.run();
