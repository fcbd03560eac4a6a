import type { Division, Share } from '../../events/division.ts';
import type { EventOf } from '../../events/events.ts';
import { suite } from '../harness/suite.ts';
import { apply, fails, header } from './breaches.ts';
import type { TeamRig } from './rig.ts';
import { ask, givenLab, open, RUN } from './world.ts';

const test = suite('actors: invariants of divisions');

const share = (child: string, is: number): Share => ({
  ...{ child, was: null, is, floor: 0, need: null, weight: 1_000, priority: 100 },
});

function distributed(
  rig: TeamRig,
  path: string,
  shares: Share[],
  sets: 'limit' | 'guarantee' = 'limit',
): EventOf<'Distributed'> {
  const sum = shares.reduce((total, { is }) => total + is, 0);
  const division: Division = {
    ...{ resource: 'credits', total: sum, kept: 0, method: 'fair', rule: 'asked' },
    ...{ factors: {}, shares },
  };
  return { ...header(rig), type: 'Distributed', path, sets, divisions: [division] };
}

const TWO = [open(`${RUN}/x`), open(`${RUN}/y`)];

test('INV-1 the shares are no more than what was divided', () => {
  const rig = givenLab(...TWO);
  const event = distributed(rig, RUN, [share('x', 6), share('y', 5)]);
  const [division] = event.divisions as [Division];
  const short = { ...event, divisions: [{ ...division, total: 10 }] };
  fails('INV-1', RUN, () => apply(rig, short));
  fails('INV-1', RUN, () => apply(rig, { ...event, divisions: [{ ...division, kept: 1 }] }));
  apply(rig, event);
});

test('INV-2 no child has a limit below what it has committed', () => {
  const rig = givenLab(...TWO, ask('a', { credits: 9 }, { path: `${RUN}/x` }));
  const low = distributed(rig, RUN, [share('x', 8), share('y', 5)]);
  fails('INV-2', `${RUN}/x`, () => apply(rig, low));
  apply(rig, distributed(rig, RUN, [share('x', 9), share('y', 5)]));
});

test('INV-2 guarantees that a tier above has no room for are found on that tier', () => {
  const rig = givenLab(...TWO);
  const event = distributed(rig, RUN, [share('x', 600), share('y', 401)], 'guarantee');
  fails('INV-2', 'acme', () => apply(rig, event));
});

test('INV-9 nothing is divided beneath a freeze, nor to a child that is closing', () => {
  const frozen = givenLab(...TWO, { op: 'freeze', path: 'acme/lab', id: 'f' });
  fails('INV-9', 'acme/lab', () => apply(frozen, distributed(frozen, RUN, [share('x', 1)])));
  const hold = ask('a', { credits: 1 }, { path: `${RUN}/x` });
  const closing = givenLab(...TWO, hold, { op: 'close', path: `${RUN}/x` });
  fails('INV-9', `${RUN}/x`, () => apply(closing, distributed(closing, RUN, [share('x', 1)])));
});

test.run();
