import { createActor, createMachine } from 'xstate';
import { LIVES, type Life, lifeOf, MACHINES, phaseAfter } from '../../actors/nodes/machines.ts';
import { newNode, type Phase, type Tier } from '../../actors/nodes/node.ts';
import { ActorRuntime } from '../../actors/nodes/node-actor.ts';
import type { ChangeKind } from '../../actors/nodes/node-change.ts';
import { IllegalTransitionError, take } from '../../actors/runtime.ts';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { play, TeamRig } from './rig.ts';
import { ask, enrol, LAB, open, RUN, release, STEP, setLimits, settle } from './world.ts';

const test = suite('actors: machines');

const TIERS: readonly Tier[] = ['team', 'swarm', 'run', 'step'];
const PHASES: readonly Phase[] = ['open', 'frozen', 'closing', 'closed'];

test('Z-01 the table is what real actors of the machines do, kind by kind', () => {
  for (const tier of TIERS) {
    const kinds = new Set(PHASES.flatMap((phase) => Object.keys(LIVES[tier][phase])));
    for (const phase of PHASES) {
      for (const kind of kinds) {
        const snapshot = MACHINES[tier].resolveState({ value: phase });
        const actor = createActor(MACHINES[tier], { snapshot }).start();
        const isLegal = actor.getSnapshot().can({ type: kind });
        actor.send({ type: kind });
        const after = phaseAfter({ life: LIVES[tier], phase }, kind as ChangeKind);
        assert.is(
          after,
          isLegal ? actor.getSnapshot().value : undefined,
          `${tier} ${phase} ${kind}`,
        );
      }
    }
  }
});

test('T-23 Z-01 a step has no children; nothing happens to what is closed', () => {
  assert.is(phaseAfter({ life: LIVES.step, phase: 'open' }, 'childOpened'), undefined);
  assert.is(phaseAfter({ life: LIVES.run, phase: 'open' }, 'childOpened'), 'open');
  for (const tier of TIERS) assert.equal(LIVES[tier].closed, {});
});

test('Z-01 use that was allowed is booked in every phase but closed; room is taken in open alone', () => {
  for (const tier of TIERS) {
    for (const kind of ['ended', 'booked', 'renewed', 'reported', 'shrunk'] as const) {
      for (const phase of ['open', 'frozen', 'closing'] as const) {
        assert.is(LIVES[tier][phase][kind], phase);
      }
    }
    for (const kind of ['granted', 'earmarked', 'grown'] as const) {
      assert.equal(
        PHASES.map((phase) => LIVES[tier][phase][kind]),
        ['open', undefined, undefined, undefined],
      );
    }
  }
});

test('Z-01 an event that the machine forbids throws and changes nothing', () => {
  const node = newNode('acme', 'team', undefined, { added: {} }, false, null, 1, LIVES.team);
  node.phase = 'frozen';
  const change = { kind: 'granted', event: { type: 'x' }, climbs: [], live: 1, isOwn: true };
  assert.throws(
    () => take(node, change as never),
    (error: unknown) => error instanceof IllegalTransitionError,
  );
  assert.equal([node.phase, node.liveOwn], ['frozen', 0]);
});

test('Z-01 each open node is a started actor, a closed one none; actors show the phase', () => {
  const runtime = new ActorRuntime();
  const rig = play(new TeamRig('acme', runtime), LAB);
  assert.is(runtime.size, 3);
  rig.when(ask('a', { credits: 1 }), 'ann');
  assert.is(runtime.size, 4);
  rig.when({ op: 'freeze', path: RUN });
  rig.when({ op: 'close', path: STEP });
  const phases = [...rig.team.nodes.values()].map((node) => [node.path, runtime.phaseOf(node)]);
  assert.equal(phases, [
    ['acme', 'open'],
    ['acme/lab', 'open'],
    [RUN, 'frozen'],
    [STEP, 'closing'],
  ]);
  rig.when(release('a'), 'ann');
  assert.is(runtime.size, 3);
});

test('Z-01 actors of closed nodes are kept for the next ones, up to a bound, the rest stopped', () => {
  const runtime = new ActorRuntime();
  const nodes = Array.from({ length: 1_500 }, (_, n) =>
    newNode(`acme/s${n}`, 'swarm', undefined, { added: {} }, false, null, n, LIVES.swarm),
  );
  for (let round = 0; round < 2; round += 1) {
    for (const node of nodes) runtime.start(node);
    assert.is(runtime.size, 1_500);
    for (const node of nodes) {
      assert.is(runtime.phaseOf(node), node.phase);
      node.phase = 'open';
      const event = { type: 'NodeClosed', path: node.path };
      runtime.deliver(node, { kind: 'closed', event, climbs: [], live: 0, isOwn: true } as never);
      assert.is(runtime.phaseOf(node), 'closed');
      runtime.stop(node);
      assert.throws(() => runtime.deliver(node, {} as never), /is started/);
    }
    assert.is(runtime.size, 0);
  }
});

test('E-03 Z-02 the resolver goes through its states with the recorded events', () => {
  const runtime = new ActorRuntime();
  const rig = play(new TeamRig('acme', runtime), LAB);
  const states: string[] = [];
  const seen = (command: CommandInput, agent: string) => {
    rig.when(command, agent);
    states.push(runtime.resolverState('acme'));
  };
  seen(ask('a', { credits: 1_000 }), 'ann');
  seen(ask('d', { credits: 1 }), 'ann');
  seen(ask('w', { credits: 1 }, { maxWaitMs: 9_000 }), 'ann');
  seen(release('a'), 'ann');
  seen(ask('p', { credits: { amount: 1_000, min: 1 } }), 'ann');
  assert.equal(states, ['idle', 'idle', 'monitoring', 'idle', 'idle']);
});

/** A machine of a tier without one kind of event. */
function without(tier: Tier, missing: ChangeKind): Life {
  const states: Record<string, unknown> = {};
  for (const phase of PHASES) {
    const on = Object.fromEntries(
      Object.entries(LIVES[tier][phase]).filter(([kind]) => kind !== missing),
    );
    states[phase] = phase === 'closed' ? { type: 'final' } : { on };
  }
  return lifeOf(createMachine({ id: tier, initial: 'open', states } as never));
}

const reserve = (id: string): CommandInput => ({
  op: 'reserve',
  id,
  path: RUN,
  items: { credits: 10 },
  forMs: 1_000,
});

/** For each kind of event a command that needs it of a run, sent after `a` was granted there. */
const NEEDS: Readonly<Record<ChangeKind, readonly [CommandInput, string]>> = {
  granted: [ask('b', { credits: 1 }, { path: RUN }), 'ann'],
  earmarked: [ask('b', { credits: 950 }, { path: RUN, priority: 'emergency' }), 'ann'],
  unearmarked: [ask('b', { credits: 950 }, { path: RUN, priority: 'emergency' }), 'ann'],
  ended: [settle('a', { credits: 1 }), 'ann'],
  windowed: [{ op: 'resetWindow', path: RUN, resource: 'credits' }, 'operator'],
  booked: [{ op: 'charge', id: 'c', path: RUN, amounts: { credits: 1 } }, 'operator'],
  renewed: [{ op: 'renew', allocation: 'a', byMs: 10 }, 'ann'],
  reported: [{ op: 'report', allocation: 'a', used: { credits: 1 } }, 'ann'],
  grown: [{ op: 'resize', allocation: 'a', items: { credits: 101 } }, 'ann'],
  shrunk: [{ op: 'resize', allocation: 'a', items: { credits: 99 } }, 'ann'],
  reserved: [reserve('v'), 'operator'],
  unreserved: [{ op: 'cancelReservation', reservation: 'v' }, 'operator'],
  replenished: [settle('d', { credits: 1 }), 'ann'],
  limited: [setLimits(RUN, { credits: 5 }), 'operator'],
  childOpened: [open(`${RUN}/x`), 'operator'],
  childClosed: [{ op: 'close', path: `${RUN}/old` }, 'operator'],
  frozen: [{ op: 'freeze', path: RUN, id: 'f' }, 'operator'],
  unfrozen: [{ op: 'unfreeze', path: RUN, freeze: 'f2' }, 'operator'],
  thawed: [{ op: 'unfreeze', path: RUN, freeze: 'f' }, 'operator'],
  stopped: [{ op: 'stop', path: RUN }, 'operator'],
  stopLifted: [{ op: 'recover', path: RUN, stop: 's' }, 'operator'],
  closing: [{ op: 'close', path: RUN }, 'operator'],
  closed: [{ op: 'close', path: RUN, force: true }, 'operator'],
};

for (const kind of Object.keys(NEEDS) as ChangeKind[]) {
  test(`Z-01 a run's machine without ${kind}: commands that need it fail`, () => {
    const attempt = (run: Life) => {
      const rig = new TeamRig('acme', new ActorRuntime(), { ...LIVES, run });
      const before: CommandInput[] = [...LAB, enrol('eve')];
      if (kind !== 'childOpened') before.push(open(`${RUN}/old`, {}, { tier: 'step' }));
      if (kind !== 'granted') before.push(ask('a', { credits: 100 }, { path: RUN }));
      if (kind === 'windowed') {
        const window = { every: 'manual' };
        before.push({ op: 'setLimits', path: RUN, limits: { credits: { window } } });
      }
      if (kind === 'unreserved' || kind === 'replenished') before.push(reserve('v'));
      if (kind === 'replenished') before.push(ask('d', { credits: 5 }, { reservationId: 'v' }));
      if (kind === 'stopLifted') before.push({ op: 'stop', path: RUN, id: 's' });
      if (kind === 'thawed' || kind === 'unfrozen')
        before.push({ op: 'freeze', path: RUN, id: 'f' });
      if (kind === 'unfrozen') before.push({ op: 'freeze', path: RUN, id: 'f2' });
      try {
        for (const command of before) {
          rig.when(command, command.op === 'request' ? 'ann' : 'operator');
        }
      } catch (error) {
        return `before: ${String(error)}`;
      }
      const [command, agent] = NEEDS[kind];
      try {
        const { outcome } = rig.when(command, agent).answer;
        return outcome === 'refused' || outcome === 'denied' ? 'failed' : outcome;
      } catch (error) {
        return error instanceof IllegalTransitionError ? 'failed' : String(error);
      }
    };
    assert.is.not(attempt(LIVES.run), 'failed', 'it does not fail with the whole machine');
    // `limited` and `childClosed` are also needed to open the run itself, or nothing else is.
    assert.match(attempt(without('run', kind)), /^failed$|not legal for run/);
  });
}

test.run();
