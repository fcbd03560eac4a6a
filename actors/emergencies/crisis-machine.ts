import { type AnyStateMachine, createMachine, transition } from 'xstate';

/** How a team or swarm fares. */
export type CrisisState = 'normal' | 'degraded' | 'emergency' | 'stopped' | 'recovering';

/**
 * What recorded events are to a crisis: the level is 0, 1 or 2, above; the first stop, the end of
 * the last one; the beginning, a step and the end of a slow start.
 */
export type CrisisKind =
  | 'calm'
  | 'degrade'
  | 'escalate'
  | 'stop'
  | 'lift'
  | 'recover'
  | 'advance'
  | 'complete';

/** Neither stopped nor recovering, a node is in the state of its level. */
const BY_LEVEL = {
  calm: 'normal',
  degrade: 'degraded',
  escalate: 'emergency',
  stop: 'stopped',
  recover: 'recovering',
} as const;

/**
 * The crisis of a team or swarm as an XState machine: which recorded event is legal in which state.
 * Built once, without actions, timers or guards, as the lives of the nodes (nodes/machines.ts). The
 * levels themselves are in levels/, the slow start in recovery/.
 */
export const CRISIS_MACHINE = createMachine({
  id: 'crisis',
  initial: 'normal',
  states: {
    normal: { on: BY_LEVEL },
    degraded: { on: BY_LEVEL },
    emergency: { on: BY_LEVEL },
    // However its level changes meanwhile, it stands still until the last stop is lifted.
    stopped: {
      on: {
        calm: 'stopped',
        degrade: 'stopped',
        escalate: 'stopped',
        stop: 'stopped',
        lift: 'normal',
      },
    },
    recovering: {
      on: {
        calm: 'recovering',
        degrade: 'recovering',
        escalate: 'emergency',
        stop: 'stopped',
        recover: 'recovering',
        advance: 'recovering',
        complete: 'normal',
      },
    },
  },
});

/** What the machine answers to every kind in every state: the next state, or nothing. */
export type Crises = Readonly<
  Record<CrisisState, Readonly<Partial<Record<CrisisKind, CrisisState>>>>
>;

const KINDS = Object.keys({
  calm: true,
  degrade: true,
  escalate: true,
  stop: true,
  lift: true,
  recover: true,
  advance: true,
  complete: true,
} satisfies Readonly<Record<CrisisKind, true>>) as CrisisKind[];

/** A machine asked once about every state and kind: XState's own answer, read from a table. */
function crisesOf(machine: AnyStateMachine): Crises {
  const crises: Record<CrisisState, Partial<Record<CrisisKind, CrisisState>>> = {
    normal: {},
    degraded: {},
    emergency: {},
    stopped: {},
    recovering: {},
  };
  for (const state of Object.keys(crises) as CrisisState[]) {
    const snapshot = machine.resolveState({ value: state, context: {} });
    for (const kind of KINDS) {
      if (!snapshot.can({ type: kind })) continue;
      const [next] = transition(machine, snapshot, { type: kind });
      crises[state][kind] = next.value as CrisisState;
    }
  }
  return crises;
}

/** The crisis of a team or swarm as the machine tells it. */
export const CRISES: Crises = crisesOf(CRISIS_MACHINE);
