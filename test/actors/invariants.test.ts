import fc from 'fast-check';
import type { Account } from '../../actors/accounts/account.ts';
import { evolve } from '../../actors/evolve.ts';
import { ActorRuntime } from '../../actors/nodes/node-actor.ts';
import type { NodeChange } from '../../actors/nodes/node-change.ts';
import type { BursarEvent } from '../../events/events.ts';
import { assert, suite } from '../harness/suite.ts';
import { apply, breachOf, end, fails, grant, header } from './breaches.ts';
import { anyMoves, begin, playMoves, RUNS } from './histories.ts';
import { play, TeamRig } from './rig.ts';
import { ask, givenLab, LAB, open, RUN, STEP, setLimits, settle } from './world.ts';

const test = suite('actors: invariants');

function accountAt(rig: TeamRig, path: string, resource = 'credits'): Account {
  const account = rig.team.nodes.get(path)?.accounts.get(resource);
  if (account === undefined) throw new Error(`${path} has no account of ${resource}`);
  return account;
}

/** A runtime in which something goes wrong after a node has taken its part of a change. */
class BrokenRuntime extends ActorRuntime {
  readonly #breaks: (account: Account, change: NodeChange, path: string) => void;
  constructor(breaks: (account: Account, change: NodeChange, path: string) => void) {
    super();
    this.#breaks = breaks;
  }
  override deliver(...[node, change]: Parameters<ActorRuntime['deliver']>): void {
    super.deliver(node, change);
    const account = node.accounts.get('credits');
    if (account !== undefined) this.#breaks(account, change, node.path);
  }
}

test('INV-1 a kept sum that is off is found by the next event on its path, and named', () => {
  for (const field of ['committed', 'childrenCommitted', 'limit', 'guarantee'] as const) {
    const rig = givenLab(ask('a', { credits: 10 }));
    const account = accountAt(rig, 'acme');
    account[field] = (account[field] ?? 0) - 1;
    const { breach } = fails('INV-1', 'acme', () => rig.when(ask('b', { credits: 1 })));
    assert.is(breach.resource, 'credits');
    assert.not.equal(breach.expected, breach.found);
  }
});

test('INV-1 earmarks that are off are found', () => {
  const rig = givenLab(ask('a', { credits: 10 }));
  accountAt(rig, RUN).earmarked += 1;
  fails('INV-1', RUN, () => rig.when(ask('b', { credits: 1 })));
});

test('INV-2 a grant above a limit anywhere on its path is not applied', () => {
  const rig = givenLab(setLimits('acme/lab', { credits: 50 }));
  fails('INV-2', 'acme/lab', () => apply(rig, grant(rig, 51)));
  fails('INV-2', 'acme', () => apply(givenLab(), grant(givenLab(), 1_001)));
});

test('INV-2 a limit that was raised by no event admits nothing', () => {
  const rig = givenLab();
  accountAt(rig, 'acme').limit = 5_000;
  assert.match(breachOf(() => rig.when(ask('a', { credits: 2_000 }))).message, /INV-1|INV-2/);
});

test('INV-2 a guarantee that its parent cannot set aside is not applied', () => {
  const rig = givenLab();
  const limits = { credits: { guarantee: 1_001 } };
  const set: BursarEvent = { ...header(rig), type: 'LimitsSet', path: 'acme/lab', limits };
  fails('INV-2', 'acme', () => apply(rig, set));
});

test('INV-2 use is booked whatever the room', () => {
  const rig = givenLab(ask('a', { credits: 10 }), settle('a', { credits: 999 }));
  rig.when({ op: 'charge', id: 'c', path: RUN, amounts: { credits: 5 } });
  assert.is(accountAt(rig, 'acme').committed, 1_004);
});

test('INV-4 a kept hold that is not that of the live allocations is found', () => {
  for (const field of ['held', 'heldTree'] as const) {
    const rig = givenLab(ask('a', { credits: 10 }));
    accountAt(rig, STEP)[field] += 1;
    fails('INV-4', STEP, () => rig.when(ask('b', { credits: 1 })));
  }
});

test('INV-4 a hold below zero is found where it happens', () => {
  const rig = givenLab(ask('a', { credits: 10 }), ask('b', { credits: 10 }));
  const { credits } = rig.team.allocations.get('a')?.items ?? {};
  Object.assign(rig.team.allocations.get('a') ?? {}, { items: { credits: (credits ?? 0) + 30 } });
  const { breach } = fails('INV-4', STEP, () => apply(rig, end(rig, 'released')));
  assert.is(breach.found, -20);
});

test('INV-6 a denial that changes books, and a decider that changes the team, are found', () => {
  const rig = play(new TeamRig('acme', new BrokenRuntime(() => {})), LAB);
  rig.runtime.resolver = (_team, event) => {
    if (event.type === 'RequestDenied') accountAt(rig, RUN).spent += 1;
  };
  rig.when(ask('held', { credits: 1 }));
  fails('INV-6', RUN, () => rig.when(ask('a', { credits: 2_000 })));

  const other = givenLab();
  const { credentials } = other.team;
  const get = credentials.get.bind(credentials);
  credentials.get = (name) => {
    other.team.arrivals += 1;
    return get(name);
  };
  fails('INV-6', RUN, () => other.when({ op: 'balance', path: RUN }, 'ann'));
});

test('INV-6 a refused request whose path has other books than before is found', () => {
  const rig = givenLab(ask('a', { credits: 1 }));
  accountAt(rig, RUN).spent += 1;
  fails('INV-6', STEP, () => rig.when(ask('b', { credits: 1 }, { deadlineMs: -1 })));
});

test('INV-8 use that gets lost on the way from a closed node to its parent is found', () => {
  const losing = () =>
    new TeamRig(
      'acme',
      new BrokenRuntime((account, { kind, isOwn }) => {
        if (kind === 'childClosed' && isOwn) account.spent -= 1;
      }),
    );
  const rig = losing();
  play(rig, [...LAB, open(STEP, {}, { tier: 'step' }), ask('a', { credits: 10 })]);
  rig.when(settle('a', { credits: 7 }));
  const { breach } = fails('INV-8', RUN, () => rig.when({ op: 'close', path: STEP }));
  assert.equal([breach.expected, breach.found], [7, 6]);
  // A step that a request opened closes with its last allocation.
  const other = play(losing(), [...LAB, ask('b', { credits: 1 })]);
  fails('INV-8', RUN, () => other.when(settle('b', { credits: 1 })));
});

test('INV-13 what an event books is booked once on every tier', () => {
  const books = (on: string, field: 'spent' | 'spentTree', by: number) => {
    const rig = new TeamRig(
      'acme',
      new BrokenRuntime((account, { kind }, path) => {
        if (kind === 'ended' && path === on) account[field] += by;
      }),
    );
    play(rig, [...LAB, open(STEP, {}, { tier: 'step' }), ask('a', { credits: 10 })]);
    fails('INV-13', on, () => rig.when(settle('a', { credits: 7 })));
  };
  books('acme', 'spentTree', 7);
  books('acme/lab', 'spentTree', -7);
  books('acme/lab', 'spent', 7);
});

test('the report names invariant, place, event and both numbers, and what to do next', () => {
  const rig = givenLab(ask('a', { credits: 10 }));
  accountAt(rig, STEP).held += 1;
  const error = breachOf(() => rig.when(ask('b', { credits: 1 })));
  const { seq, index } = rig.recorder.next;
  assert.is(
    error.summary,
    `INV-4 (held is what live allocations hold) failed on ${STEP} (credits), by ` +
      `AllocationGranted at ${seq}-${index}: held is 12, not 11`,
  );
  assert.match(error.message, /Next: `bursar audit verify`/);
  assert.equal([error.code, error.retryable], ['invariant_failed', false]);
});

const BALANCED = ['committed', 'held', 'heldTree', 'spent', 'spentTree', 'earmarked'] as const;

test('INV-1 INV-4 INV-13 any kept sum of any history, off by any amount, is found on the next use', () => {
  fc.assert(
    fc.property(
      anyMoves,
      fc.nat(),
      fc.constantFrom(...BALANCED),
      fc.integer({ min: -9, max: 9 }).filter((by) => by !== 0),
      (moves, which, field, by) => {
        const rig = playMoves(begin(), moves);
        const nodes = [...rig.team.nodes.values()].filter(({ accounts }) =>
          accounts.has('credits'),
        );
        const node = nodes[which % nodes.length];
        const account = node?.accounts.get('credits');
        if (node === undefined || account === undefined) return;
        account[field] += by;
        const charge = { type: 'Charged', v: 1, team: 't', path: node.path } as const;
        const atMs = rig.nowMs;
        const error = breachOf(() =>
          evolve(rig.team, { ...charge, atMs, amounts: { credits: 1 } }, rig.recorder.next),
        );
        const own = field.startsWith('held')
          ? 'INV-4'
          : field.startsWith('spent')
            ? 'INV-13'
            : 'INV-1';
        assert.equal([error.breach.invariant, error.breach.path], [own, node.path]);
        assert.is(error.breach.found, account[field]);
      },
    ),
    { numRuns: RUNS || 150 },
  );
});

test.run();
