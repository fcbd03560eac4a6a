import { type AnyStateMachine, createMachine, transition } from 'xstate';

/**
 * The life of a circuit breaker as an XState machine: which recorded event is legal in which phase.
 * As the machines of the tiers (nodes/machines.ts) it has no actions, timers or guards: what is
 * counted, and when it is tried again, are facts of the log.
 */
const breakerMachine = createMachine({
  id: 'breaker',
  initial: 'closed',
  states: {
    closed: { on: { opened: 'open' } },
    // An operator may open it anew, for another time.
    open: { on: { opened: 'open', halfOpened: 'halfOpen', closed: 'closed' } },
    halfOpen: { on: { probed: 'halfOpen', opened: 'open', closed: 'closed' } },
  },
});

/** `open`: nothing is granted. `halfOpen`: it is tried by probes. */
export type BreakerPhase = 'closed' | 'open' | 'halfOpen';
/** What recorded events are to a breaker: a probe is granted, or its phase changes. */
export type BreakerChange = 'opened' | 'halfOpened' | 'closed' | 'probed';

type BreakerLife = Readonly<
  Record<BreakerPhase, Readonly<Partial<Record<BreakerChange, BreakerPhase>>>>
>;

const PHASES = ['closed', 'open', 'halfOpen'] as const;
const CHANGES = ['opened', 'halfOpened', 'closed', 'probed'] as const;

/** The machine asked once about every phase and event. */
function lifeOf(machine: AnyStateMachine): BreakerLife {
  const life: Record<BreakerPhase, Partial<Record<BreakerChange, BreakerPhase>>> = {
    closed: {},
    open: {},
    halfOpen: {},
  };
  for (const phase of PHASES) {
    const snapshot = machine.resolveState({ value: phase, context: {} });
    for (const change of CHANGES) {
      if (!snapshot.can({ type: change })) continue;
      const [next] = transition(machine, snapshot, { type: change });
      life[phase][change] = next.value as BreakerPhase;
    }
  }
  return life;
}

const LIFE = lifeOf(breakerMachine);

/** The phase after an event, or undefined where the machine forbids it. */
export function breakerPhaseAfter(
  phase: BreakerPhase,
  change: BreakerChange,
): BreakerPhase | undefined {
  return LIFE[phase][change];
}
