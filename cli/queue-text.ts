import { priorityName } from '../events/priority.ts';
import { countOf, durationText } from '../workload/number-text.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';
import { showAmount } from './values.ts';

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
  /** The allocation that is to grow by it. */
  readonly topsUp?: string | undefined;
};

/** A request that waits for an approver. */
export interface ShownApproval {
  readonly id: string;
  readonly path: string;
  readonly agent: string;
  readonly resource: string;
  readonly requested: number;
  readonly above: number;
  readonly rule: string;
  readonly waitedMs: number;
  readonly timeoutInMs: number;
}

/** What waits for an approver, oldest first. */
export function approvalsText(
  approvals: readonly ShownApproval[],
  total: number,
  paint: Colours,
): string {
  const rows = approvals.map((one) => [
    one.id,
    one.path,
    one.agent,
    `${one.resource} ${showAmount(one.resource, one.requested)}, above ${showAmount(one.resource, one.above)}`,
    one.rule,
    durationText(one.waitedMs),
    durationText(one.timeoutInMs),
  ]);
  const head = ['to approve', 'path', 'agent', 'asks for', 'rule', 'waited', 'denied in'];
  const align = ['left', 'left', 'left', 'left', 'left', 'right', 'right'] as const;
  const more = total > approvals.length ? `\n… of ${countOf(total, 'request')}` : '';
  return `${tableText(head, rows, align, paint)}${more}`;
}

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
    one.topsUp === undefined ? one.state : `more for ${one.topsUp}`,
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
