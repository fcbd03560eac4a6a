import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: parallel branches');

type OpenInput = Extract<CommandInput, { op: 'open' }>;
const branch = (name: string, more: Partial<OpenInput> = {}): OpenInput => ({
  op: 'open',
  path: `${RUN}/${name}`,
  branchOf: RUN,
  ...more,
});
const limitsOf = (rig: TeamRig, resource = 'credits') =>
  Object.fromEntries(
    [...(rig.team.nodes.get(RUN)?.children ?? [])].map(({ path, accounts }) => [
      path.slice(RUN.length + 1),
      accounts.get(resource)?.limit,
    ]),
  );
const on = (name: string) => ({ path: `${RUN}/${name}/s` });
const close = (name: string): CommandInput => ({ op: 'close', path: `${RUN}/${name}` });
const givenRun = (...more: readonly CommandInput[]) =>
  givenLab(setLimits(RUN, { credits: 90 }), ...more);

test('T-15 branches share the limit of their run; what one leaves is for those still open', () => {
  const rig = givenRun(branch('a'), branch('b'));
  assert.equal(limitsOf(rig), { a: 45, b: 45 });
  const { events } = rig.when(branch('c'));
  assert.equal(limitsOf(rig), { a: 30, b: 30, c: 30 });
  const shares = events.flatMap((event) => (event.type === 'LimitsSet' ? [event] : []));
  assert.equal(
    shares.map(({ path, limits, branch: of }) => [path.slice(-1), limits, of]),
    ['a', 'b', 'c'].map((name) => [name, { credits: { limit: 30 } }, { of: RUN, by: 'fair' }]),
  );
  rig.when(ask('x', { credits: 20 }, on('a')), 'ann');
  rig.when(settle('x', { credits: 12 }), 'ann');
  rig.when(close('a'));
  // 12 are spent for good; the rest is divided in two.
  assert.equal(limitsOf(rig), { b: 39, c: 39 });
});

test('T-15 no run has more shares to give than fit into one decision', () => {
  const names = Array.from({ length: 17 }, (_, i) => `tool.n${i}`);
  const limited = (some: readonly string[]) =>
    setLimits(RUN, Object.fromEntries(some.map((name) => [name, 10])));
  const branches = Array.from({ length: 32 }, (_, i) => branch(`b${i}`));
  // With the credits 16 resources: 512 shares with 32 branches.
  const rig = givenRun(limited(names.slice(0, 15)), ...branches);
  const said = 'would divide 16 resources over 33 branches, more than 512 shares';
  const many = rig.when(branch('b32')).answer;
  assert.match(many.outcome === 'refused' ? many.message : '', said);
  has(rig.when(limited(names.slice(15, 16))).answer, { code: 'malformed' });
  const divide = { op: 'distribute', path: 'acme/lab', amounts: { 'tool.n16': 5 } } as const;
  has(rig.when({ ...divide, children: { run: {} } }).answer, { code: 'malformed' });
  has(rig.when(limited(names.slice(0, 1))).answer, { outcome: 'limits_set' });
});

test('T-15 a request that waits in a branch is served by what another leaves', () => {
  const rig = givenRun(branch('a'), branch('b'), branch('c'));
  shows(rig.when(ask('w', { credits: 40 }, { ...on('b'), maxWaitMs: 60_000 }), 'bob'), {
    outcome: 'queued',
    account: { path: `${RUN}/b`, resource: 'credits' },
  });
  has(the(rig.when(close('a')).events, 'AllocationGranted'), { id: 'w', items: { credits: 40 } });
});

test('T-15 T-11 in a new window, of the run or above it, what was spent is divided again', () => {
  const manual = { window: { every: 'manual' } } as const;
  for (const path of ['acme', RUN]) {
    const rig = givenRun(
      setLimits(path, { credits: manual }),
      ...[
        branch('a'),
        branch('b'),
        ask('x', { credits: 40 }, on('a')),
        settle('x', { credits: 40 }),
      ],
    );
    rig.when(close('a'));
    assert.equal(limitsOf(rig), { b: 50 });
    const { events } = rig.when({ op: 'resetWindow', path, resource: 'credits' });
    assert.equal(limitsOf(rig), { b: 90 }, path);
    has(the(events, 'LimitsSet'), { path: `${RUN}/b`, branch: { of: RUN, by: 'fair' } });
  }
});

test('T-15 no branch gets less than it has committed, however many open', () => {
  const rig = givenRun(branch('a'));
  rig.when(ask('x', { credits: 80 }, on('a')), 'ann');
  for (const name of ['b', 'c']) rig.when(branch(name));
  assert.equal(limitsOf(rig), { a: 80, b: 5, c: 5 });
  rig.when(setLimits(RUN, { credits: 60 }));
  assert.equal(limitsOf(rig), { a: 80, b: 0, c: 0 });
  rig.when(release('x'), 'ann');
  rig.when(setLimits(RUN, { credits: 61 }));
  assert.equal(limitsOf(rig), { a: 21, b: 20, c: 20 });
});

test('T-15 what the run itself has committed is not divided; while one closes its rest is free', () => {
  const rig = givenRun(branch('a'), branch('b'));
  rig.when(ask('own', { credits: 30 }, { path: `${RUN}/own` }), 'ann');
  rig.when(ask('x', { credits: 10 }, on('a')), 'ann');
  rig.when(close('a'));
  has(rig.team.nodes.get(`${RUN}/a`), { phase: 'closing' });
  assert.is(limitsOf(rig)['b'], 50);
  rig.when(settle('x', { credits: 4 }), 'ann');
  assert.is(rig.team.nodes.get(`${RUN}/a`), undefined);
  assert.is(limitsOf(rig)['b'], 56);
});

test('T-15 proportional: by weight; priority: those of the highest get what others do not use', () => {
  const byWeight = { branchBy: 'proportional' } as const;
  const rig = givenRun(
    branch('a', { weightMilli: 1_000, ...byWeight }),
    branch('b', { weightMilli: 2_000 }),
  );
  assert.equal(limitsOf(rig), { a: 30, b: 60 });
  rig.when(setLimits(`${RUN}/a`, {}, { weightMilli: 4_000 }));
  assert.equal(limitsOf(rig), { a: 60, b: 30 });
  rig.when(ask('x', { credits: 10 }, on('b')), 'ann');
  rig.when(branch('c', { priorityMax: 'critical', branchBy: 'priority' }));
  assert.equal(limitsOf(rig), { a: 0, b: 10, c: 80 });
});

test('T-15 capacities are divided too, what is exclusive and what the run does not limit is not', () => {
  const rig = givenRun(
    setLimits(RUN, { concurrency: 3, 'slot.gpu': 1, allocations: 4 }),
    branch('a'),
    branch('b'),
  );
  assert.equal(limitsOf(rig, 'concurrency'), { a: 2, b: 1 });
  assert.equal(limitsOf(rig, 'slot.gpu'), { a: undefined, b: undefined });
  assert.equal(limitsOf(rig, 'allocations'), { a: undefined, b: undefined });
  assert.equal(limitsOf(rig, 'memory'), { a: undefined, b: undefined });
});

test('T-15 a deadline is shared by branches and never summed', () => {
  const rig = givenLab(open(`${RUN}2`, { credits: 10 }, { deadlineMs: 5_000 }));
  for (const name of ['a', 'b']) {
    const path = `${RUN}2/${name}`;
    rig.when({ op: 'open', path, branchOf: `${RUN}2`, deadlineMs: 60_000 });
    has(rig.team.nodes.get(path), { deadlineAtMs: rig.nowMs + 5_000 });
  }
});

test('T-15 what is no branch is refused, and so is a limit that its run divides', () => {
  const rig = givenRun(branch('a'));
  const refused = (input: CommandInput) => {
    const { answer } = rig.when(input);
    return answer.outcome === 'refused' ? answer.message : answer.outcome;
  };
  assert.match(refused(branch('s', { tier: 'step' })), /no run beneath the run/);
  assert.match(refused(branch('b', { branchOf: 'acme/lab' })), /no run beneath/);
  assert.match(refused({ op: 'open', path: `${RUN}/c`, branchBy: 'fair' }), /goes with branchOf/);
  assert.match(refused(branch('d', { limits: { credits: { limit: 5 } } })), /share of acme/);
  assert.match(refused(setLimits(`${RUN}/a`, { credits: 5 })), /acme\/lab\/run\/a is a branch/);
  const amounts = { credits: 1 };
  assert.match(refused({ op: 'topUp', id: 't', path: `${RUN}/a`, amounts }), /is a branch/);
  rig.when(open(`${RUN}/plain`, { credits: 5 }));
  const transfer = { op: 'transfer', id: 'm', from: `${RUN}/plain`, to: `${RUN}/a` } as const;
  assert.match(refused({ ...transfer, amounts }), /is a branch/);
  assert.is(refused(setLimits(`${RUN}/a`, { memory: 5 })), 'limits_set');
});

test('T-15 branches of branches divide on; a top-up of the run reaches all of them', () => {
  const rig = givenRun(branch('a'), branch('b'));
  for (const name of ['x', 'y']) {
    rig.when({ op: 'open', path: `${RUN}/a/${name}`, branchOf: `${RUN}/a` });
  }
  rig.when({ op: 'topUp', id: 't', path: RUN, amounts: { credits: 10 } });
  assert.equal(limitsOf(rig), { a: 50, b: 50 });
  const inner = [...(rig.team.nodes.get(`${RUN}/a`)?.children ?? [])];
  assert.equal(
    inner.map(({ accounts }) => accounts.get('credits')?.limit),
    [25, 25],
  );
});

const name = fc.constantFrom('a', 'b', 'c');
const step = fc.record({
  kind: fc.constantFrom('open', 'open', 'ask', 'ask', 'ask', 'close', 'limit'),
  name,
});

test('T-15 INV-2 the shares are the whole of the run and never less than what is committed', () => {
  const plays = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 60 })), { maxLength: 24 });
  const method = fc.constantFrom('fair' as const, 'proportional' as const, 'priority' as const);
  fc.assert(
    fc.property(plays, method, (steps, branchBy) => {
      const rig = givenRun(branch('a', { branchBy }));
      for (const [no, [{ kind, name: which }, size]] of steps.entries()) {
        if (kind === 'open') rig.when(branch(which, { branchBy, weightMilli: size }));
        else if (kind === 'close') rig.when({ ...close(which), force: true } as CommandInput);
        else if (kind === 'limit') rig.when(setLimits(RUN, { credits: size * 3 }));
        else rig.when(ask(`r${no}`, { credits: size }, on(which)), 'ann');
        if (kind !== 'ask') checkShares(rig);
      }
      assert.equal(limitsOf(rig.takenOver()), limitsOf(rig));
    }),
    { numRuns: 40 },
  );
});

function checkShares({ team }: TeamRig): void {
  const run = team.nodes.get(RUN);
  const account = run?.accounts.get('credits');
  const branches = [...(run?.children ?? [])].filter(({ isBranch }) => isBranch);
  if (account === undefined || branches.length === 0) return;
  let free = (account.limit ?? 0) - account.committed;
  for (const { path, accounts } of branches) {
    const { limit, committed = 0 } = accounts.get('credits') ?? {};
    assert.ok((limit ?? 0) >= committed, `${path} has ${limit} for ${committed}`);
    free -= (limit ?? 0) - committed;
  }
  assert.ok(
    free === 0 || (free < 0 && account.committed > (account.limit ?? 0)),
    `${free} is left`,
  );
}

test.run();
