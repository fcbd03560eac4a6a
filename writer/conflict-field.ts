import { askOf } from '../actors/allocations/decide-request.ts';
import { askedAtFirst } from '../actors/breakers/fallback.ts';
import type { Command } from '../events/commands.ts';
import type { BursarEvent } from '../events/events.ts';
import { withoutPools } from '../events/pools.ts';
import type { ResourceAllocationRequest } from '../events/request-command.ts';

/**
 * The first field in which a command differs from what its id was used for; `content` where the event
 * does not keep enough of what was sent to tell which.
 */
export function conflictField(command: Command, recorded: BursarEvent, agent: string): string {
  if ('by' in recorded && recorded.by !== undefined && recorded.by !== agent) return 'agent';
  const before: Record<string, unknown> =
    'ask' in recorded ? sentAsk(recorded.ask) : (recorded as Record<string, unknown>);
  const isRequest = 'ask' in recorded;
  const recordedOp = opOf(recorded);
  if (isRequest !== (command.op === 'request')) return 'op';
  if (recordedOp !== undefined && recordedOp !== command.op) return 'op';
  const now: Record<string, unknown> = command.op === 'request' ? askOf(command) : { ...command };
  const names = isRequest
    ? new Set([...Object.keys(now), ...Object.keys(before)])
    : Object.keys(now);
  for (const name of names) {
    if (IGNORED.has(name)) continue;
    const recordedName = RECORDED_AS[name] ?? name;
    if (!isRequest && !(recordedName in before)) continue;
    if (canonical(now[name]) !== canonical(before[recordedName])) return name;
  }
  if (recordedOp === undefined) return 'op';
  const unseen = Object.keys(now).filter((name) => !IGNORED.has(name) && !(name in before));
  const [only] = unseen;
  return only !== undefined && unseen.length === 1 ? only : 'content';
}

/** Of which command an event is the record, where it does not keep all that was sent. */
function opOf(event: BursarEvent): Command['op'] | undefined {
  if (event.type === 'AllocationEnded') return event.as === 'settled' ? 'settle' : undefined;
  return OP_OF[event.type];
}

const OP_OF: Readonly<Partial<Record<BursarEvent['type'], Command['op']>>> = {
  Adjusted: 'adjust',
  BreakerOpened: 'openBreaker',
  Charged: 'charge',
  Distributed: 'distribute',
  Frozen: 'freeze',
  LateSettled: 'settle',
  LeaseRenewed: 'renew',
  LimitsSet: 'setLimits',
  NodeClosing: 'close',
  NodeOpened: 'open',
  Reserved: 'reserve',
  Stopped: 'stop',
  ToppedUp: 'topUp',
  Transferred: 'transfer',
  WindowOpened: 'resetWindow',
};

const IGNORED: ReadonlySet<string> = new Set(['op', 'v', 'id', 'firstSentMsAgo', 'dryRun']);
/** Where the content of a command has another name in its event. */
const RECORDED_AS: Readonly<Record<string, string>> = { actual: 'booked' };

/** A recorded ask as its caller sent it: without the pools taken and what was asked for instead. */
function sentAsk(recorded: ResourceAllocationRequest): Record<string, unknown> {
  const ask = askedAtFirst(recorded);
  return { ...ask, items: withoutPools(ask) };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
