import type { EventOf } from '../../events/events.ts';
import type { Bench } from './bench.ts';

type WindowEvent = EventOf<
  'GrantVoided' | 'WindowOpened' | 'GrantsCounted' | 'AlertRaised' | 'AlertCleared'
>;

/** S §4: plans of this version have no windows, grants and thresholds, so none may be recorded. */
export function judgeWindows({ event, find }: Bench<WindowEvent>): void {
  find('S §4', `a ${event.type} that nobody asked for`, event.path);
}
