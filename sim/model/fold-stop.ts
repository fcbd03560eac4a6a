import type { EventOf } from '../../events/events.ts';
import { concerns } from './concerns.ts';
import type { State } from './state.ts';

type StopEvent = EventOf<'Stopped' | 'StopAcknowledged' | 'StopCompleted' | 'StopLifted'>;

/** Takes what an event says of a stop into the books. */
export function foldStop(state: State, event: StopEvent): void {
  const stops = state.nodes.get(event.path)?.stops;
  const stop = stops?.get(event.stop);
  switch (event.type) {
    case 'Stopped': {
      const concerned = [...state.live.values()].filter((live) => concerns(event, live));
      stops?.set(event.stop, {
        id: event.stop,
        path: event.path,
        below: event.below,
        ackUntilMs: event.ackUntilMs,
        isComplete: false,
        concerned: concerned.length,
        fenced: 0,
        agents: new Set(concerned.map(({ agent }) => agent)),
        fencedAgents: new Set(),
        acknowledgedBy: new Set(),
      });
      return;
    }
    case 'StopAcknowledged':
      stop?.acknowledgedBy.add(event.agent);
      return;
    case 'StopCompleted':
      if (stop !== undefined) stop.isComplete = true;
      return;
    case 'StopLifted':
      stops?.delete(event.stop);
      return;
  }
}
