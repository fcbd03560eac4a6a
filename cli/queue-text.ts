import { priorityName } from '../events/priority.ts';
import { countOf, durationText } from '../workload/number-text.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';

/** A waiting request, from the writer or from a projection. */
export type ShownWaiting = {
  readonly id: string;
  readonly path: string;
  readonly agent: string;
  readonly resource: string;
  readonly account: string;
  readonly position: number;
  readonly effectivePriority: number;
  readonly waitedMs: number;
  readonly timeoutInMs: number;
  readonly state: string;
};

/** Who waits for what, in order of service. */
export function queueText(waiting: readonly ShownWaiting[], total: number, paint: Colours): string {
  if (waiting.length === 0) return 'nobody waits';
  const rows = waiting.map((one) => [
    String(one.position),
    one.id,
    one.path,
    one.agent,
    `${one.resource} of ${one.account}`,
    `${priorityName(one.effectivePriority)} ${one.effectivePriority}`,
    durationText(one.waitedMs),
    durationText(one.timeoutInMs),
    one.state,
  ]);
  const head = [
    'place',
    'request',
    'path',
    'agent',
    'waits for',
    'priority',
    'waited',
    'gives up in',
    'state',
  ];
  const align = [
    'right',
    'left',
    'left',
    'left',
    'left',
    'left',
    'right',
    'right',
    'left',
  ] as const;
  const more = total > waiting.length ? `\n… of ${countOf(total, 'request')}` : '';
  return `${tableText(head, rows, align, paint)}${more}`;
}
