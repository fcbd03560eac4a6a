import { createMachine, transition } from 'xstate';
import type { Phase, Tier } from './node.ts';
import type { ChangeKind } from './node-change.ts';

/**
 * The lives of team, swarm, run and step as XState machines. They say which recorded event is
 * legal in which phase; the arithmetic is in account.ts. They have no actions, timers, guards or
 * children: replaying must repeat nothing (architecture.md, "XState").
 */

type Targets = Partial<Record<ChangeKind, Phase>>;

/** What may happen however a node stands: use that was allowed must always be booked. */
const always = (phase: Phase): Targets => ({
  ended: phase,
  booked: phase,
  renewed: phase,
  reported: phase,
  shrunk: phase,
  limited: phase,
  unearmarked: phase,
  childClosed: phase,
  stopped: phase,
  stopLifted: phase,
});

/** What takes new room. */
const admits = (phase: Phase): Targets => ({ granted: phase, earmarked: phase, grown: phase });

const lifeOf = (tier: Tier) =>
  createMachine({
    id: tier,
    initial: 'open',
    states: {
      open: {
        on: {
          ...always('open'),
          ...admits('open'),
          ...(tier === 'step' ? {} : { childOpened: 'open' }),
          frozen: 'frozen',
          closing: 'closing',
          closed: 'closed',
        },
      },
      frozen: {
        on: {
          ...always('frozen'),
          frozen: 'frozen',
          unfrozen: 'frozen',
          thawed: 'open',
          closing: 'closing',
          closed: 'closed',
        },
      },
      closing: {
        on: {
          ...always('closing'),
          frozen: 'closing',
          unfrozen: 'closing',
          thawed: 'closing',
          closing: 'closing',
          closed: 'closed',
        },
      },
      closed: { type: 'final' },
    },
  });

/** One machine for each tier, built once. */
export const MACHINES: Readonly<Record<Tier, ReturnType<typeof lifeOf>>> = {
  team: lifeOf('team'),
  swarm: lifeOf('swarm'),
  run: lifeOf('run'),
  step: lifeOf('step'),
};

type Row = Readonly<Partial<Record<ChangeKind, Phase>>>;

const KINDS: readonly ChangeKind[] = [
  'granted',
  'earmarked',
  'unearmarked',
  'ended',
  'booked',
  'renewed',
  'reported',
  'grown',
  'shrunk',
  'limited',
  'childOpened',
  'childClosed',
  'frozen',
  'unfrozen',
  'thawed',
  'stopped',
  'stopLifted',
  'closing',
  'closed',
];

/** A machine asked once about every phase and event; XState's own answer, 20 times faster to read. */
function tabulate(tier: Tier): Readonly<Record<Phase, Row>> {
  const machine = MACHINES[tier];
  const table: Record<Phase, Partial<Record<ChangeKind, Phase>>> = {
    open: {},
    frozen: {},
    closing: {},
    closed: {},
  };
  for (const phase of Object.keys(table) as Phase[]) {
    const snapshot = machine.resolveState({ value: phase });
    for (const kind of KINDS) {
      if (!snapshot.can({ type: kind })) continue;
      const [next] = transition(machine, snapshot, { type: kind });
      table[phase][kind] = next.value as Phase;
    }
  }
  return table;
}

const TABLE: Readonly<Record<Tier, Readonly<Record<Phase, Row>>>> = {
  team: tabulate('team'),
  swarm: tabulate('swarm'),
  run: tabulate('run'),
  step: tabulate('step'),
};

/** The phase after an event, or undefined where the machine of the tier does not allow it. */
export function phaseAfter(tier: Tier, phase: Phase, kind: ChangeKind): Phase | undefined {
  return TABLE[tier][phase][kind];
}
