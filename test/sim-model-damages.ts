import { strict as must } from 'node:assert';
import { RUN } from './actors/world.ts';
import { answerTo, change, type Damage, drop, placeOf, twice } from './sim-model-damage.ts';
import { TWO } from './sim-model-rig.ts';

const id = (name: string) => (event: { readonly id?: string | undefined }) => event.id === name;
const of = (name: string) => (event: { readonly allocation: string }) => event.allocation === name;
const any = () => true;
const refusal = { outcome: 'refused', code: 'unknown_node', message: '', advice: '' };

/** What is spoilt, the rule under which it has to be found, and how. */
export const DAMAGES: readonly [what: string, rule: string, damage: Damage][] = [
  ['a hold that is not recorded', 'INV-3', drop('AllocationGranted', id('a'))],
  ['a grant recorded twice', 'INV-7', twice('AllocationGranted', id('a'))],
  ['an end recorded twice', 'INV-3', twice('AllocationEnded', of('a'))],
  ['a late settle booked twice', 'INV-3', twice('LateSettled', of('c'))],
  ['a settle that was answered and is lost', 'INV-12', drop('AllocationEnded', of('over'))],
  [
    'an overrun that is capped',
    'S §6.1',
    change('AllocationEnded', of('over'), () => ({
      booked: { credits: 100 },
      overrun: undefined as never,
    })),
  ],
  [
    'an overrun that is not told',
    'S §6.1',
    change('AllocationEnded', of('over'), () => ({ overrun: undefined as never })),
  ],
  [
    'use that is booked as another use',
    'S §6.1',
    change('AllocationEnded', of('a'), () => ({ booked: { credits: 119 } })),
  ],
  [
    'an estimate that is not marked',
    'S §6.5',
    change('AllocationEnded', of('c'), () => ({ estimated: undefined as never })),
  ],
  [
    'a report that is dropped at expiry',
    'S §6.1',
    change('AllocationEnded', of('c'), () => ({ booked: {}, estimated: undefined as never })),
  ],
  [
    'a lease that ends a millisecond early',
    'INV-10',
    change('AllocationEnded', of('c'), ({ atMs }) => ({ atMs: atMs - 1 })),
  ],
  ['a lease that ended and is not recorded', 'S §6.4', drop('AllocationEnded', of('c'))],
  [
    'time that falls',
    'INV-10',
    change('AllocationGranted', id('part'), ({ atMs }) => ({ atMs: atMs - 1 })),
  ],
  [
    'a late settle booked in full on top',
    'S §6.2',
    change('LateSettled', of('c'), () => ({ booked: { credits: 80 } })),
  ],
  [
    'a late settle booked where its use does not lie',
    'S §6.2',
    change('LateSettled', of('c'), () => ({ path: 'acme' })),
  ],
  [
    'a tier that was skipped: the run had less',
    'INV-2',
    change('LimitsSet', any, () => ({ limits: { credits: { limit: 299 } } })),
  ],
  [
    'a guarantee that was given away',
    'INV-2',
    change(
      'NodeOpened',
      ({ path }) => path === TWO,
      () => ({
        limits: { credits: { guarantee: 800 } },
      }),
    ),
  ],
  [
    'more granted than asked',
    'S §5',
    change('AllocationGranted', id('c'), () => ({ items: { credits: 91 } })),
  ],
  [
    'a part that is called all',
    'S §5',
    change('AllocationGranted', id('part'), () => ({ partial: undefined as never })),
  ],
  [
    'a part smaller than what fits',
    'S §7',
    change('AllocationGranted', id('part'), () => ({ items: { credits: 11 } })),
  ],
  [
    'a lease longer than asked',
    'S §5',
    change('AllocationGranted', id('c'), ({ expiresAtMs }) => ({ expiresAtMs: expiresAtMs + 1 })),
  ],
  [
    'a priority above what its agent may claim',
    'S §1',
    change(
      'CredentialEnrolled',
      ({ agent }) => agent === 'bob',
      () => ({ priorityMax: 200 }),
    ),
  ],
  [
    'an agent outside its prefix',
    'S §5',
    change(
      'CredentialEnrolled',
      ({ agent }) => agent === 'bob',
      () => ({ prefix: 'acme/other' }),
    ),
  ],
  [
    'a grant beneath a freeze',
    'INV-9',
    (history) => {
      const place = placeOf(history, 'RequestDenied', id('cold'));
      const grant = history.events[placeOf(history, 'AllocationGranted', id('c'))]?.event;
      const one = history.events[place];
      must.ok(one && grant?.type === 'AllocationGranted' && one.event.type === 'RequestDenied');
      const { ask: asked, atMs, by } = one.event;
      const items = { credits: 1 };
      const { ttlMs: _ttlMs, ...rest } = asked;
      one.event = { ...grant, id: 'cold', ask: rest, by, atMs, items, expiresAtMs: atMs + 60_000 };
    },
  ],
  [
    'a denial for a freeze that is over',
    'S §7',
    change('RequestDenied', id('no'), () => ({ reason: 'frozen', short: undefined as never })),
  ],
  [
    'a denial that hides the freeze',
    'S §7',
    change('RequestDenied', id('cold'), () => ({ reason: 'never_fits' })),
  ],
  [
    'a shortage that is none',
    'S §5',
    change('RequestDenied', id('no'), () => ({
      short: [{ path: 'acme', resource: 'credits', needed: 150, available: 149 }],
    })),
  ],
  [
    'patience that ended early',
    'S §7',
    change('RequestDenied', id('late'), ({ atMs }) => ({ atMs: atMs - 1 })),
  ],
  [
    'a request before which somebody waits, served first',
    'S §7',
    (history) => {
      const first = history.events[placeOf(history, 'AllocationGranted', id('w1'))];
      const second = history.events[placeOf(history, 'AllocationGranted', id('w2'))];
      must.ok(first && second);
      [first.event, second.event] = [second.event, first.event];
    },
  ],
  ['somebody who fits and still waits', 'S §7', drop('AllocationGranted', id('w1'))],
  [
    'a wrong place in the queue',
    'S §7',
    change('RequestQueued', id('w2'), () => ({ position: 1 })),
  ],
  [
    'a wait at an account that is not short',
    'S §7',
    change('RequestQueued', id('w1'), () => ({ account: { path: RUN, resource: 'credits' } })),
  ],
  [
    'a grant out of the queue that needs no claim',
    'S §5',
    change('AllocationGranted', id('w1'), () => ({ claimUntilMs: undefined as never })),
  ],
  [
    'a victim of a higher rank',
    'INV-14',
    change('PreemptionRequested', any, () => ({ victims: ['u'] })),
  ],
  [
    'an eviction by somebody who may not',
    'INV-14',
    change('PreemptionRequested', any, (event) => ({
      ask: { ...event.ask, strategy: 'queue_and_wait' },
    })),
  ],
  [
    'a victim that was not needed',
    'INV-14',
    change('PreemptionRequested', any, () => ({ victims: ['v', 'u'] })),
  ],
  [
    'a victim that is not preemptible',
    'INV-14',
    (history) => {
      change('AllocationGranted', id('v'), (event) => ({
        ask: { ...event.ask, preemptible: false },
      }))(history);
    },
  ],
  [
    'a shorter grace than the victim has',
    'INV-14',
    change('PreemptionRequested', any, ({ graceEndsAtMs }) => ({
      graceEndsAtMs: graceEndsAtMs - 1,
    })),
  ],
  ['a victim that never gives', 'INV-2', drop('AllocationEnded', of('v'))],
  [
    'a renewal that shortens',
    'S §5',
    change('LeaseRenewed', any, ({ expiresAtMs }) => ({ expiresAtMs: expiresAtMs - 5_001 })),
  ],
  [
    'a report that falls',
    'S §6.5',
    change(
      'UsageReported',
      ({ used }) => used['credits'] === 50,
      () => ({
        used: { credits: 10 },
      }),
    ),
  ],
  ['a threshold told twice', 'INV-15', twice('ThresholdCrossed', any)],
  ['a threshold that is not told', 'INV-15', drop('ThresholdCrossed', any)],
  ['a threshold that stays armed', 'INV-15', drop('ThresholdRearmed', any)],
  [
    'a thaw before its time',
    'INV-10',
    change(
      'Unfrozen',
      ({ by }) => by === undefined,
      ({ atMs }) => ({ atMs: atMs - 1 }),
    ),
  ],
  [
    'a stop that is complete while somebody lives',
    'S §6.7',
    (history) => {
      const place = placeOf(history, 'StopCompleted');
      const fenced = placeOf(history, 'AllocationEnded', of('x'));
      const [one] = history.events.splice(place, 1);
      must.ok(one);
      history.events.splice(fenced, 0, one);
    },
  ],
  [
    'a stop that counts wrong',
    'S §6.7',
    change('Stopped', any, ({ allocationCount }) => ({ allocationCount: allocationCount + 1 })),
  ],
  [
    'a node that closes with somebody in it',
    'S §5',
    (history) => {
      const [closed] = history.events.splice(placeOf(history, 'NodeClosed'), 1);
      must.ok(closed);
      history.events.splice(placeOf(history, 'AllocationEnded', of('y')), 0, closed);
    },
  ],
  ['a closing that never ends', 'S §5', drop('NodeClosed', any)],
  [
    'a charge that nobody sent',
    'S §5',
    change('Charged', any, () => ({ amounts: { credits: 9 } })),
  ],
  [
    'a correction to another sum',
    'S §6.5',
    change('Adjusted', any, () => ({ more: { credits: 2 } })),
  ],
  [
    'leases moved further than the gap',
    'S §6.4',
    (history) => {
      const place = placeOf(history, 'AllocationGranted', id('v'));
      const before = history.events[place];
      must.ok(before);
      const { atMs, v, team } = before.event;
      history.events.splice(place + 1, 0, {
        ...before,
        event: { type: 'LeasesExtended', v, team, atMs, byMs: 3_000 },
      });
    },
  ],
  [
    'an answer with another amount',
    'S §6.3',
    answerTo(
      ({ id: name }) => name === 'a',
      () => ({ granted: { credits: 299 } }),
    ),
  ],
  [
    'a repeat that is answered in other words',
    'INV-7',
    answerTo(
      ({ id: name }, answer) => name === 'no' && 'replayed' in answer,
      () => ({ message: 'otherwise' }),
    ),
  ],
  [
    'evidence of another event',
    'S §6.3',
    answerTo(
      ({ id: name }) => name === 'a',
      () => ({ evidence: { shard: 0, seq: 1, index: 0 } }),
    ),
  ],
  [
    'an answer that leaves before its block is stored',
    'S §6.9',
    ({ answers }) => {
      const given = answers.find(({ to }) => to.command.id === 'late');
      must.ok(given);
      given.to = { ...given.to, sentAtMs: given.to.sentAtMs - 2 };
      given.answeredAtMs = given.to.sentAtMs + 1;
    },
  ],
  [
    'a refusal that changed something',
    'INV-6',
    answerTo(
      ({ id: name }) => name === 'c',
      () => refusal,
    ),
  ],
  [
    'a refusal for no reason',
    'INV-6',
    answerTo(
      ({ op }) => op === 'unfreeze',
      () => ({ ...refusal, code: 'unknown_node' }),
    ),
  ],
  [
    'a conflict with itself',
    'INV-7',
    ({ answers }) => {
      const given = answers.find(({ to }) => to.command.id === 'ch');
      const other = answers.findLast(({ to }) => to.command.id === 'ch');
      must.ok(given && other);
      other.to = { ...other.to, command: given.to.command };
    },
  ],
  [
    'a balance that is one off',
    'INV-1',
    answerTo(
      ({ op }) => op === 'balance',
      (answer) =>
        answer.outcome === 'balance'
          ? { lines: answer.lines.map((line) => ({ ...line, committed: line.committed + 1 })) }
          : {},
    ),
  ],
  [
    'a balance without what its children hold',
    'INV-1',
    answerTo(
      ({ op }) => op === 'balance',
      (answer) =>
        answer.outcome === 'balance'
          ? { lines: answer.lines.map((line) => ({ ...line, heldTree: 0 })) }
          : {},
    ),
  ],
];
