import { type Actor, assign, createActor, setup } from 'xstate';
import type { ContestEvent } from '../runtime.ts';

/**
 * The resolver of a team as an actor fed by recorded events: a contest is detected, a strategy is
 * selected, its decisions are watched until the contest is over. Several contests may be open;
 * the state shows the newest.
 */
export const resolverMachine = setup({
  types: { context: {} as { openContests: number }, events: {} as ContestEvent },
  actions: {
    begin: assign({ openContests: ({ context }) => context.openContests + 1 }),
    end: assign({ openContests: ({ context }) => context.openContests - 1 }),
  },
  guards: { isLast: ({ context }) => context.openContests === 1 },
}).createMachine({
  id: 'resolver',
  context: { openContests: 0 },
  initial: 'idle',
  on: {
    ContentionDetected: { target: '.analysing', actions: 'begin' },
    ContestEnded: [
      { guard: 'isLast', target: '.idle', actions: 'end' },
      { target: '.monitoring', actions: 'end' },
    ],
  },
  states: {
    idle: {},
    analysing: { on: { StrategySelected: 'executing' } },
    executing: {
      on: {
        AllocationGranted: 'monitoring',
        RequestDenied: 'monitoring',
        RequestQueued: 'monitoring',
        PreemptionRequested: 'monitoring',
      },
    },
    monitoring: { on: { StrategySelected: 'executing' } },
  },
});

export type ResolverState = 'idle' | 'analysing' | 'executing' | 'monitoring';

/** The resolver of one team, started. */
export function startResolver(onError: (error: unknown) => void): Actor<typeof resolverMachine> {
  const actor = createActor(resolverMachine);
  actor.subscribe({ error: onError });
  return actor.start();
}
