import type { EventOf } from '../events/events.ts';
import { priorityName } from '../events/priority.ts';
import { amountsText, durationText } from './amount-text.ts';

type CrisisEvent = EventOf<
  'DegradationChanged' | 'RecoveryStarted' | 'RecoveryAdvanced' | 'RecoveryCompleted'
>;

type BarEvent = EventOf<
  'Frozen' | 'Unfrozen' | 'Stopped' | 'StopAcknowledged' | 'StopCompleted' | 'StopLifted'
>;

/** What barred work beneath a node, and how that ended, in words. */
export function barText(event: BarEvent): string {
  switch (event.type) {
    case 'Frozen':
      return `${by(event)} froze ${event.path} (${event.freeze}): ${event.reason}.`;
    case 'Unfrozen':
      return `${by(event)} took the freeze ${event.freeze} off ${event.path}.`;
    case 'Stopped':
      return (
        `${by(event)} stopped ${event.path} (${event.stop})` +
        `${event.below === null ? '' : ` below ${priorityName(event.below)}`}: ` +
        `${event.allocationCount} allocations of ${event.agentCount} agents. ${event.reason}.`
      );
    case 'StopAcknowledged':
      return `${event.agent} acknowledged the stop ${event.stop}.`;
    case 'StopCompleted':
      return stopResultText(event);
    case 'StopLifted':
      return `${by(event)} lifted the stop ${event.stop} of ${event.path}.`;
    default:
      return event satisfies never;
  }
}

/** What happened to a team or swarm in a crisis, in words. */
export function crisisText(event: CrisisEvent): string {
  switch (event.type) {
    case 'DegradationChanged':
      return degradedText(event);
    case 'RecoveryStarted': {
      const why = {
        lifted: 'Its stop was lifted',
        unfrozen: 'Its freeze was taken off',
        top_up: 'It was topped up',
      }[event.cause];
      return `${why}, and ${event.path} began to recover: ${intervalText(event)}.`;
    }
    case 'RecoveryAdvanced':
      return `${event.path} went on to recover: ${intervalText(event)}.`;
    case 'RecoveryCompleted':
      return `${event.path} had recovered after ${durationText(event.tookMs)}.`;
    default:
      return event satisfies never;
  }
}

function intervalText({
  allow,
  tier,
  permille,
}: EventOf<'RecoveryStarted' | 'RecoveryAdvanced'>): string {
  return `${permille / 10} % of its room, ${amountsText(allow)}, down to ${tier}s`;
}

function degradedText({ path, from, to, cause, resource }: EventOf<'DegradationChanged'>): string {
  const why = {
    threshold: `for the use of ${resource}`,
    alert: `for a threshold of ${resource}`,
    stop: 'for a stop',
    recovery: 'as it recovered',
    policy: 'for another policy',
  }[cause];
  return `${path} ${to > from ? 'fell' : 'rose'} from level ${from} to level ${to} ${why}.`;
}

function stopResultText(event: EventOf<'StopCompleted'>): string {
  const { path, fencedCount, allocationCount, agentCount, acknowledgedCount } = event;
  const fenced = `${path} stood still; ${fencedCount} allocations had to be fenced`;
  if (allocationCount === undefined) return `${fenced}.`;
  return `${fenced} of ${allocationCount}, ${acknowledgedCount} of ${agentCount} agents had acknowledged.`;
}

/** Whose command it was, or Bursar itself. */
export function by(event: { readonly by?: string | undefined }): string {
  return event.by ?? 'Bursar';
}
