import type { BursarEvent, EventOf } from '../../events/events.ts';
import { suite } from '../harness/suite.ts';
import { apply, fails, header } from './breaches.ts';
import { given, type TeamRig } from './rig.ts';
import { enrol, open, RUN } from './world.ts';

const test = suite('actors: invariants of windows');

function lab(): TeamRig {
  const rig = given(open('acme', { credits: 1_000 }), open('acme/lab'), open(RUN), enrol('ann'));
  const credits = { limit: 100, window: { every: '1h' }, thresholds: [{ usage: 50 }] };
  rig.when({ op: 'setLimits', path: 'acme/lab', limits: { credits } });
  rig.when({ op: 'charge', id: 'c', path: RUN, amounts: { credits: 60 } });
  return rig;
}

const HOUR_MS = 3_600_000;

function opened(rig: TeamRig, more: Partial<EventOf<'WindowOpened'>> = {}): BursarEvent {
  const span = { startsAtMs: HOUR_MS, endsAtMs: 2 * HOUR_MS };
  const about = { path: 'acme/lab', resource: 'credits', span, spent: 60 };
  return { ...header(rig), type: 'WindowOpened', ...about, atMs: HOUR_MS, ...more };
}

test('INV-10 a window does not end before its time, nor begin before the one before ended', () => {
  fails('INV-10', 'acme/lab', () => {
    const rig = lab();
    apply(rig, opened(rig, { atMs: rig.nowMs, span: { startsAtMs: rig.nowMs, endsAtMs: null } }));
  });
  fails('INV-10', 'acme/lab', () => {
    const rig = lab();
    apply(rig, opened(rig, { span: { startsAtMs: HOUR_MS + 1, endsAtMs: null } }));
  });
  fails('INV-10', 'acme/lab', () => {
    const rig = lab();
    apply(rig, opened(rig, { span: { startsAtMs: HOUR_MS, endsAtMs: HOUR_MS } }));
  });
  fails('INV-10', RUN, () => {
    const rig = lab();
    apply(rig, opened(rig, { path: RUN }));
  });
  const rig = lab();
  apply(rig, opened(rig));
});

test('INV-10 nothing was used after it was booked', () => {
  fails('INV-10', RUN, () => {
    const rig = lab();
    const earlier = [{ usedAtMs: rig.nowMs + 1, amounts: { credits: 1 } }];
    const amounts = { credits: 1 };
    apply(rig, { ...header(rig), type: 'Charged', id: 'x', path: RUN, amounts, earlier });
  });
});

test('INV-15 a threshold of its own is told once, and cleared only where it was told', () => {
  const about = { path: 'acme/lab', resource: 'credits' };
  fails('INV-15', 'acme/lab', () => {
    const rig = lab();
    const told = {
      threshold: { usage: 50, kind: 'notice' },
      place: 0,
      usage: 60,
      limit: 100,
    } as const;
    apply(rig, { ...header(rig), type: 'AlertRaised', ...about, ...told });
  });
  fails('INV-15', 'acme/lab', () => {
    const rig = lab();
    apply(rig, { ...header(rig), type: 'AlertCleared', ...about, of: 'balance', place: 0 });
  });
});

test('INV-13 books of a window that were changed by the way are noticed', () => {
  for (const field of ['spentTotal', 'uncounted', 'carried', 'spentTree'] as const) {
    const rig = lab();
    const account = rig.team.nodes.get('acme')?.accounts.get('credits');
    if (account !== undefined) account[field] += 1;
    const amounts = { credits: 1 };
    const event = { ...header(rig), type: 'Charged', id: 'x', path: 'acme', amounts } as const;
    fails('INV-13', 'acme', () => apply(rig, event));
  }
});

test.run();
