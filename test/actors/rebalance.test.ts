import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, open, policy, setLimits } from './world.ts';

const test = suite('actors: rebalancing');

const LAB = 'acme/lab';
const NAMES = ['a', 'b', 'c'] as const;
const EVERY_MS = 1_000;

type Rules = NonNullable<Extract<CommandInput, { op: 'setPolicy' }>['policy']['rebalance']>;
const rules = (more: Rules = {}): CommandInput =>
  policy({ rebalance: { everyMs: EVERY_MS, deadZonePermille: 100, ...more } });

type Distribute = Extract<CommandInput, { op: 'distribute' }>;
const fairly = (more: Partial<Distribute> = {}): Distribute => ({
  ...{ op: 'distribute', path: LAB, amounts: { credits: 'all' }, method: 'fair' },
  ...more,
});

/** A swarm whose 90 credits are divided in equal parts over three runs. */
function givenDivided(...more: CommandInput[]): TeamRig {
  return given(
    open('acme', { credits: 200 }),
    open(LAB, { credits: 90 }),
    ...NAMES.map((name) => open(`${LAB}/${name}`)),
    enrol('ann'),
    ...more,
    fairly(),
  );
}

const accountsOf = (rig: TeamRig) =>
  NAMES.map((name) => rig.team.nodes.get(`${LAB}/${name}`)?.accounts.get('credits'));
const limitsOf = (rig: TeamRig) => accountsOf(rig).map((account) => account?.limit);
const hold = (rig: TeamRig, name: string, credits: number, id = `h-${name}`) =>
  rig.when(
    ask(id, { credits }, { path: `${LAB}/${name}`, ttlMs: 600_000, maxWaitMs: 600_000 }),
    'ann',
  );

test('A-10 what is not used goes to who wants it, in one event that says so', () => {
  const rig = givenDivided(rules());
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  assert.ok(rig.team.waiting.has('more'));
  const moved = the(rig.pass(EVERY_MS), 'Distributed');
  assert.equal(
    [moved.why, moved.by, moved.sets, moved.path],
    ['rebalance', undefined, 'limit', LAB],
  );
  // 50 are wanted; the other 40 go to all alike.
  assert.equal(limitsOf(rig), [64, 13, 13]);
  assert.equal(
    moved.divisions[0]?.shares.map(({ was, need }) => [was, need]),
    [
      [30, 50],
      [30, 0],
      [30, 0],
    ],
  );
  assert.ok(rig.team.allocations.has('more'), 'who waited for it is served');
});

test('A-10 without the policy nothing moves', () => {
  const rig = givenDivided();
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  assert.equal(
    rig.pass(50 * EVERY_MS).filter(({ type }) => type === 'Distributed'),
    [],
  );
});

test('A-10 within the dead zone nothing moves, beyond it all of it does', () => {
  for (const [deadZonePermille, isMoved] of [
    [378, false],
    [377, true],
  ] as const) {
    const rig = givenDivided(rules({ deadZonePermille }));
    hold(rig, 'a', 30);
    hold(rig, 'a', 20, 'more');
    // 34 of 90 would move.
    const events = rig.pass(3 * EVERY_MS).filter(({ type }) => type === 'Distributed');
    assert.is(events.length > 0, isMoved, `${deadZonePermille}`);
  }
});

test('INV-2 A-10 nobody falls below what it has committed, and bounds still hold', () => {
  const rig = given(
    open('acme', { credits: 90 }),
    ...['lab', 'lab/a', 'lab/b', 'lab/c'].map((path) => open(`acme/${path}`)),
    enrol('ann'),
    rules({ deadZonePermille: 0 }),
    fairly({ children: { a: { max: { credits: 40 } }, b: { min: { credits: 20 } }, c: {} } }),
  );
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  hold(rig, 'c', 25);
  rig.pass(EVERY_MS);
  // 40 at most, 20 at least and 25 held; the other 5 go to those who may have more.
  assert.equal(limitsOf(rig), [40, 23, 27]);
});

test('A-10 guarantees move as limits do, and their sum stays', () => {
  const rig = given(
    open('acme', { credits: 90 }),
    ...['lab', 'lab/a', 'lab/b', 'lab/c'].map((path) => open(`acme/${path}`)),
    enrol('ann'),
    rules(),
    fairly({ sets: 'guarantee' }),
  );
  hold(rig, 'b', 30);
  hold(rig, 'b', 20, 'more');
  assert.ok(rig.team.waiting.has('more'), 'all is set aside');
  rig.pass(EVERY_MS);
  assert.equal(
    accountsOf(rig).map((account) => account?.guarantee),
    [14, 63, 13],
  );
  assert.ok(rig.team.allocations.has('more'));
});

test('A-10 a move is undone by going back to what each had, as far as that is not used', () => {
  const rig = givenDivided(rules());
  hold(rig, 'a', 30);
  hold(rig, 'a', 2, 'more');
  rig.when(fairly({ children: { a: { max: { credits: 10 } }, b: {}, c: {} } }));
  assert.equal(limitsOf(rig), [30, 30, 30]);
  hold(rig, 'b', 28);
  hold(rig, 'b', 30, 'wide');
  rig.pass(EVERY_MS);
  assert.ok((limitsOf(rig)[1] ?? 0) > 40);
  rig.when({ op: 'release', allocation: 'wide' }, 'ann');
  rig.when(policy({}));
  const back = fairly({ method: 'previous' });
  assert.is(rig.when(back).answer.outcome, 'distributed');
  assert.equal(limitsOf(rig), [30, 30, 30]);
});

test('A-10 without a division before there is nothing to go back to', () => {
  const rig = given(open('acme', { credits: 9 }), open(LAB), open(`${LAB}/a`));
  const back = fairly({ method: 'previous' });
  shows(rig.when(back), { outcome: 'refused', code: 'malformed' }, []);
  rig.when(fairly());
  // It had no limit before, and has one now.
  shows(rig.when(back), { outcome: 'refused', code: 'malformed' }, []);
});

test('A-10 only what policy names moves: by resource, by path', () => {
  for (const more of [{ resources: ['mem*'] }, { path: 'acme/shop' }]) {
    const rig = givenDivided(rules(more));
    hold(rig, 'a', 30);
    hold(rig, 'a', 20, 'more');
    assert.equal(
      rig.pass(9 * EVERY_MS).filter(({ type }) => type === 'Distributed'),
      [],
    );
  }
  const rig = givenDivided(rules({ resources: ['c*'], path: 'acme' }));
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  the(rig.pass(EVERY_MS), 'Distributed');
});

test('§6.7 INV-9 A-10 beneath a freeze nothing moves; it does when the freeze is over', () => {
  const rig = givenDivided(rules());
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  rig.when({ op: 'freeze', path: LAB, id: 'f' });
  assert.equal(
    rig.pass(3 * EVERY_MS).filter(({ type }) => type === 'Distributed'),
    [],
  );
  rig.when({ op: 'unfreeze', path: LAB, freeze: 'f' });
  assert.ok(!rig.team.waiting.has('more'), 'who waited beneath it was denied');
  hold(rig, 'a', 20, 'again');
  the(rig.pass(EVERY_MS), 'Distributed');
});

test('A-10 a child that is frozen while others move takes part again when it is thawed', () => {
  const rig = givenDivided(rules());
  rig.when({ op: 'freeze', path: `${LAB}/c`, id: 'f' });
  hold(rig, 'a', 30);
  hold(rig, 'a', 15, 'more');
  the(rig.pass(EVERY_MS), 'Distributed');
  assert.equal(limitsOf(rig), [53, 7, 30]);
  rig.when({ op: 'unfreeze', path: `${LAB}/c`, freeze: 'f' });
  hold(rig, 'c', 30);
  hold(rig, 'c', 10, 'wide');
  const next = rig.takenOver();
  for (const one of [rig, next]) {
    one.pass(EVERY_MS);
    assert.ok(one.team.allocations.has('wide'), 'who waited there is served');
    assert.is(accountsOf(one)[2]?.limit, 41);
  }
});

test('A-10 whom a move leaves out had before it what it has', () => {
  const rig = givenDivided(rules());
  rig.when({ op: 'freeze', path: `${LAB}/c`, id: 'f' });
  rig.when(setLimits(`${LAB}/c`, { credits: 25 }));
  hold(rig, 'a', 30);
  hold(rig, 'a', 15, 'more');
  the(rig.pass(EVERY_MS), 'Distributed');
  rig.when({ op: 'unfreeze', path: `${LAB}/c`, freeze: 'f' });
  rig.when({ op: 'release', allocation: 'more' }, 'ann');
  rig.when(fairly({ method: 'previous' }));
  assert.equal(limitsOf(rig), [30, 30, 25]);
});

test('A-10 T-15 what has become the share of a branch is moved no more', () => {
  const a = `${LAB}/run/a`;
  const b = `${LAB}/run/b`;
  const rig = given(
    open('acme', { credits: 200 }),
    ...[open(LAB), open(`${LAB}/run`)],
    ...[a, b].map((path) => open(path, {}, { branchOf: `${LAB}/run` })),
    enrol('ann'),
    rules(),
    fairly({ path: `${LAB}/run`, amounts: { credits: 100 } }),
    setLimits(`${LAB}/run`, { credits: 60 }),
  );
  rig.when(ask('h', { credits: 20 }, { path: a, ttlMs: 600_000 }), 'ann');
  assert.equal(rig.pass(3 * EVERY_MS), []);
  const limits = [a, b].map((path) => rig.team.nodes.get(path)?.accounts.get('credits')?.limit);
  assert.equal(limits, [30, 30]);
});

test('A-10 whoever takes over goes on, and a replay has the same', () => {
  const rig = givenDivided(rules());
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  const next = rig.takenOver();
  the(next.pass(EVERY_MS), 'Distributed');
  assert.equal(limitsOf(next), [64, 13, 13]);
});

test('A-10 with the same demand it moves once and rests: no to and fro', () => {
  const demand = fc.array(fc.nat(60), { minLength: 3, maxLength: 3 });
  const method = fc.constantFrom('demand', 'fair');
  fc.assert(
    fc.property(demand, method, fc.constantFrom(0, 50, 300), (wanted, by, deadZonePermille) => {
      const rig = givenDivided(rules({ method: by as 'fair', deadZonePermille }));
      for (const [place, credits] of wanted.entries()) {
        const name = NAMES[place] ?? 'a';
        hold(rig, name, Math.min(30, credits));
        if (credits > 30) hold(rig, name, credits - 30, `more-${name}`);
      }
      const settled: (number | null | undefined)[][] = [];
      for (let times = 0; times < 8; times += 1) {
        rig.pass(EVERY_MS);
        const limits = limitsOf(rig);
        assert.is(
          limits.reduce((sum: number, one) => sum + (one ?? 0), 0),
          90,
        );
        settled.push(limits);
      }
      // What a move makes room for is served, and so is no longer waited for but held: one demand.
      assert.ok(rig.eventsOf('Distributed').filter(({ why }) => why !== undefined).length <= 1);
      assert.equal(settled.at(-1), settled.at(0));
    }),
    { numRuns: 60 },
  );
});

test('R6 A-10 who takes over looks at a division when the one before would have', () => {
  const rig = givenDivided(rules());
  rig.pass(2_400);
  hold(rig, 'a', 30);
  hold(rig, 'a', 20, 'more');
  rig.pass(100);
  const next = rig.takenOver();
  assert.is(next.recorded.length, rig.recorded.length, 'it is not time yet');
  assert.is(next.pass(499).length, 0);
  const moved = next.pass(1);
  assert.is(the(moved, 'Distributed').why, 'rebalance');
  assert.equal(rig.pass(500), moved);
});

test.run();
