import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { shows, type TeamRig, the } from './rig.ts';
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

const test = suite('actors: advance reservations');

type Reserve = Extract<CommandInput, { op: 'reserve' }>;
const reserve = (items: Record<string, number>, more: Partial<Reserve> = {}): Reserve => ({
  op: 'reserve',
  id: 'night',
  path: RUN,
  items,
  forMs: 10_000,
  ...more,
});
const draw = (id: string, items: Record<string, number>, path = STEP) =>
  ask(id, items, { reservationId: 'night', path });
const cancel: CommandInput = { op: 'cancelReservation', reservation: 'night' };

function lineOf(rig: TeamRig, path: string, resource: string) {
  const { answer } = rig.when({ op: 'balance', path });
  assert.ok(answer.outcome === 'balance');
  const line = answer.lines.find((one) => one.resource === resource);
  return line && { booked: line.booked, held: line.held, committed: line.committed };
}

test('F-07 what is reserved is set aside from the event to the end, for nobody else', () => {
  const rig = givenLab(reserve({ concurrency: 3 }, { startInMs: 1_000 }));
  assert.equal(lineOf(rig, RUN, 'concurrency'), { booked: 3, held: 0, committed: 3 });
  shows(rig.when(ask('a', { concurrency: 2 }), 'ann'), { outcome: 'denied' });
  shows(rig.when(ask('b', { concurrency: 1 }), 'ann'), { outcome: 'granted' });
  assert.equal(rig.pass(10_999).filter(({ type }) => type === 'ReservationEnded').length, 0);
  const ended = the(rig.pass(1), 'ReservationEnded');
  assert.equal([ended.as, ended.returned], ['over', { concurrency: 3 }]);
  shows(rig.when(ask('c', { concurrency: 3 }), 'ann'), { outcome: 'granted' });
});

test('F-07 a request that names its reservation draws from it and needs no further room', () => {
  const rig = givenLab(reserve({ concurrency: 3 }));
  rig.when(ask('x', { concurrency: 1 }), 'bob');
  const { events, answer } = rig.when(draw('a', { concurrency: 2 }), 'ann');
  assert.ok(answer.outcome === 'granted');
  assert.equal([answer.rule, answer.factors], ['3-reservation', { reservation: true }]);
  const granted = the(events, 'AllocationGranted');
  assert.equal([granted.reservation, granted.drawn], ['night', { concurrency: 2 }]);
  assert.equal(lineOf(rig, RUN, 'concurrency'), { booked: 1, held: 0, committed: 4 });
  // Even where a cut has left the tiers above short.
  rig.when(setLimits('acme', { concurrency: 2 }));
  shows(rig.when(draw('b', { concurrency: 1 }), 'ann'), { outcome: 'granted' });
  assert.is(lineOf(rig, 'acme', 'concurrency')?.committed, 4);
});

test('F-07 what comes back before the end is reserved again, what is spent is not', () => {
  const rig = givenLab(reserve({ credits: 100, concurrency: 2 }));
  rig.when(draw('a', { credits: 60, concurrency: 2 }), 'ann');
  const { events } = rig.when(settle('a', { credits: 25 }), 'ann');
  assert.equal(the(events, 'AllocationEnded').toReservation, { credits: 35, concurrency: 2 });
  assert.equal(lineOf(rig, RUN, 'credits'), { booked: 75, held: 0, committed: 100 });
  rig.when(draw('b', { credits: 75 }), 'ann');
  const overrun = rig.when(settle('b', { credits: 90 }), 'ann');
  assert.is(the(overrun.events, 'AllocationEnded').toReservation, undefined);
  shows(rig.when(draw('c', { credits: 1 }), 'ann'), { reason: 'reservation_short' });
  assert.is(lineOf(rig, 'acme', 'credits')?.committed, 115);
});

test('F-07 a lease that runs out and a shrink give back to the reservation too', () => {
  const rig = givenLab(reserve({ credits: 100 }));
  rig.when({ ...draw('a', { credits: 80 }), ttlMs: 500 }, 'ann');
  const shrunk = rig.when({ op: 'resize', allocation: 'a', items: { credits: 50 } }, 'ann');
  assert.equal(the(shrunk.events, 'AllocationResized').toReservation, { credits: 30 });
  rig.when({ op: 'report', allocation: 'a', used: { credits: 10 } }, 'ann');
  assert.equal(the(rig.pass(500), 'AllocationEnded').toReservation, { credits: 40 });
  assert.equal(lineOf(rig, RUN, 'credits'), { booked: 90, held: 0, committed: 100 });
});

test('F-07 growth beyond the draw is asked of everybody, and comes back to everybody', () => {
  const rig = givenLab(reserve({ concurrency: 2 }));
  rig.when(draw('a', { concurrency: 2 }), 'ann');
  shows(rig.when({ op: 'resize', allocation: 'a', items: { concurrency: 4 } }, 'ann'), {
    outcome: 'resized',
  });
  assert.equal(the(rig.when(release('a'), 'ann').events, 'AllocationEnded').toReservation, {
    concurrency: 2,
  });
  assert.equal(lineOf(rig, RUN, 'concurrency'), { booked: 2, held: 0, committed: 2 });
});

test('F-07 what is drawn stays with its holder when the reservation is over', () => {
  for (const end of [cancel, undefined]) {
    const rig = givenLab(reserve({ concurrency: 3 }));
    rig.when(draw('a', { concurrency: 2 }), 'ann');
    const events = end === undefined ? rig.pass(10_000) : rig.when(end).events;
    assert.equal(the(events, 'ReservationEnded').returned, { concurrency: 1 });
    assert.equal(lineOf(rig, RUN, 'concurrency'), { booked: 0, held: 0, committed: 2 });
    const last = the(rig.when(release('a'), 'ann').events, 'AllocationEnded');
    assert.is(last.toReservation, undefined);
    assert.is(lineOf(rig, RUN, 'concurrency')?.committed, 0);
  }
});

test('F-07 other resources of the request are asked for as ever, and limits beneath hold', () => {
  const rig = givenLab(reserve({ concurrency: 3 }), open(STEP, { concurrency: 1 }));
  shows(rig.when(draw('a', { concurrency: 1, credits: 1_001 }), 'ann'), {
    outcome: 'denied',
    reason: 'insufficient_credits',
  });
  shows(rig.when(draw('b', { concurrency: 2 }), 'ann'), {
    outcome: 'denied',
    reason: 'concurrency_limit_reached',
    short: [{ path: STEP, resource: 'concurrency', needed: 2, available: 1 }],
  });
  const { events } = rig.when(draw('c', { concurrency: 1, credits: 9 }), 'ann');
  assert.equal(the(events, 'AllocationGranted').drawn, { concurrency: 1 });
  assert.is(lineOf(rig, 'acme', 'credits')?.committed, 9);
});

test('F-07 it is drawn from in its own time and place alone', () => {
  const rig = givenLab(open('acme/shop'), reserve({ concurrency: 3 }, { startInMs: 700 }));
  shows(rig.when(draw('a', { concurrency: 1 }), 'ann'), {
    outcome: 'denied',
    reason: 'reservation_ahead',
    retryAfterMs: 700,
    rule: '3-reservation',
  });
  rig.pass(700);
  shows(rig.when(draw('b', { concurrency: 4 }), 'ann'), {
    outcome: 'denied',
    reason: 'reservation_short',
    short: [{ path: RUN, resource: 'concurrency', needed: 4, available: 3 }],
  });
  shows(rig.when(draw('c', { concurrency: 1 }, 'acme/shop'), 'ann'), {
    outcome: 'refused',
    code: 'unknown_reservation',
  });
  rig.when(cancel);
  shows(rig.when(draw('d', { concurrency: 1 }), 'ann'), { code: 'unknown_reservation' });
  shows(rig.when(cancel), { code: 'unknown_reservation' });
});

test('F-07 nobody who waits or is more urgent takes what is reserved or drawn', () => {
  const rig = givenLab(reserve({ concurrency: 3 }));
  rig.when({ ...draw('a', { concurrency: 3 }), priority: 0 }, 'ann');
  shows(rig.when(ask('w', { concurrency: 2 }, { maxWaitMs: 9_000 }), 'bob'), { outcome: 'queued' });
  shows(rig.when(ask('e', { concurrency: 2 }, { priority: 'emergency' }), 'bob'), {
    outcome: 'denied',
  });
  rig.when(release('a'), 'ann');
  assert.ok(rig.team.waiting.has('w'));
  shows(rig.when(draw('b', { concurrency: 3 }), 'ann'), { outcome: 'granted' });
});

test('§6.7 a freeze or a stop bars reservations and what draws on them', () => {
  const rig = givenLab(reserve({ concurrency: 1 }));
  rig.when({ op: 'freeze', path: 'acme/lab', id: 'f' });
  shows(rig.when(reserve({ credits: 1 }, { id: 'r2' })), { code: 'node_frozen' });
  shows(rig.when(draw('a', { concurrency: 1 }), 'ann'), { reason: 'frozen' });
  rig.when({ op: 'unfreeze', path: 'acme/lab', freeze: 'f' });
  rig.when({ op: 'stop', path: 'acme', id: 's', below: 'low' });
  shows(rig.when(reserve({ credits: 1 }, { id: 'r3' })), { code: 'node_stopped' });
});

test('F-07 a reservation that does not fit, or before which others wait, is refused', () => {
  const rig = givenLab();
  shows(rig.when(reserve({ concurrency: 5 })), { outcome: 'refused', code: 'does_not_fit' });
  shows(rig.when(reserve({ gpu: 1 } as never)), { code: 'unknown_resource' });
  rig.when(ask('h', { concurrency: 3 }), 'ann');
  rig.when(ask('w', { concurrency: 2 }, { maxWaitMs: 9_000 }), 'bob');
  shows(rig.when(reserve({ concurrency: 1 })), { code: 'does_not_fit' });
  assert.is(rig.recorded.filter(({ event }) => event.type === 'Reserved').length, 0);
});

test('F-07 closing a node ends its reservations; a step with one stays open', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1 }), 'ann');
  rig.when(reserve({ credits: 50 }, { path: STEP }));
  rig.when(release('a'), 'ann');
  assert.ok(rig.team.nodes.has(STEP));
  const { events } = rig.when({ op: 'close', path: 'acme/lab' });
  assert.is(the(events, 'ReservationEnded').as, 'closed');
  assert.ok(!rig.team.nodes.has('acme/lab'));
  assert.is(lineOf(rig, 'acme', 'credits')?.committed, 0);
});

test('I-07 a reservation is ended by who made it, a lead above it or an operator', () => {
  const rig = givenLab(
    enrol('lea', { role: 'lead', prefix: 'acme/lab' }),
    enrol('leo', { role: 'lead', prefix: 'acme/lab/run' }),
    enrol('lou', { role: 'lead', prefix: 'acme' }),
    open('acme/shop'),
  );
  shows(rig.when(reserve({ credits: 1 }, { path: 'acme/shop' }), 'lea'), { code: 'not_permitted' });
  rig.when(reserve({ credits: 1 }), 'lea');
  shows(rig.when(cancel, 'ann'), { code: 'not_permitted' });
  shows(rig.when(cancel, 'lou'), { outcome: 'reservation_ended', returned: { credits: 1 } });
  rig.when(reserve({ credits: 1 }, { path: 'acme/shop', id: 'night2' }), 'lou');
  shows(rig.when({ ...cancel, reservation: 'night2' }, 'leo'), { code: 'not_permitted' });
});

test('F-07 balance shows what is reserved, and a repeat gets the same answer', () => {
  const rig = givenLab(policy({}));
  const made = rig.when(reserve({ concurrency: 3 }, { startInMs: 500, reason: 'the report' }));
  shows(made, { outcome: 'reserved', reservation: 'night', startsInMs: 500, endsInMs: 10_500 });
  rig.pass(600);
  rig.when(draw('a', { concurrency: 1 }), 'ann');
  const { answer } = rig.when({ op: 'balance', path: RUN });
  assert.ok(answer.outcome === 'balance');
  assert.equal(answer.reservations, [
    {
      id: 'night',
      path: RUN,
      by: 'operator',
      items: { concurrency: 3 },
      left: { concurrency: 2 },
      startsInMs: 0,
      endsInMs: 9_900,
    },
  ]);
  shows(rig.when(reserve({ concurrency: 3 }, { startInMs: 500, reason: 'the report' })), {
    outcome: 'reserved',
    replayed: true,
  });
  shows(rig.when(reserve({ concurrency: 2 })), { code: 'id_conflict' });
});

test('INV-1 a process that takes over has the same reservations', () => {
  const rig = givenLab(reserve({ concurrency: 3, credits: 50 }));
  rig.when(draw('a', { concurrency: 2, credits: 20 }), 'ann');
  rig.when(draw('b', { concurrency: 1 }), 'ann');
  rig.when(release('b'), 'ann');
  const next = rig.takenOver();
  assert.equal(stateOf(next.team), stateOf(rig.team));
  assert.equal(next.pass(10_000), rig.pass(10_000));
});

test.run();
