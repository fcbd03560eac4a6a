import type { CommandOf } from '../../events/commands.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { priorityOf } from './ask-terms.ts';
import type { Bench } from './bench.ts';
import { nearest, parentOf } from './books.ts';
import { barring, withFallbacks } from './breakers.ts';
import { isSame } from './content.ts';
import { judgeApproved } from './judge-approval.ts';
import { asSent } from './pools.ts';
import type { State } from './state.ts';

type AskEvent =
  | EventOf<'AllocationGranted'>
  | EventOf<'RequestDenied'>
  | EventOf<'RequestQueued'>
  | EventOf<'PreemptionRequested'>
  | EventOf<'ApprovalRequested'>;

/** What is the same for every decision on a request: whose it was, and that it was asked. */
export function judgeAsk(bench: Bench<AskEvent>): void {
  const { state, event, find } = bench;
  const waiting = state.waiting.get(event.id) ?? state.approvals.get(event.id);
  if (event.type !== 'RequestDenied' && event.type !== 'ApprovalRequested') {
    judgeApproved(bench, event);
  }
  if (waiting !== undefined) {
    if (waiting.agent !== event.by)
      find('S §5', `${event.id} is ${waiting.agent}'s, not ${event.by}'s`);
    if (!isSame(asSent(waiting.ask), asSent(event.ask)))
      find('S §5', `the ask of ${event.id} changed`, event.id);
    return;
  }
  if (event.type === 'RequestQueued' && event.after !== undefined) return;
  judgeFirst(bench);
}

/** The first decision on a request: an agent sent it, and might. */
function judgeFirst({ state, event, sent, find }: Bench<AskEvent>): void {
  if (state.live.has(event.id)) find('INV-7', `${event.id} is decided again while it lives`);
  const priority = priorityOf(event.ask);
  if ('priority' in event && event.priority !== priority) {
    find('S §1', `recorded at priority ${event.priority}, asked at ${priority}`, event.id);
  }
  if (sent !== null) {
    // The writer made the id where the agent gave none.
    const id = event.digest === undefined ? undefined : event.id;
    const commands = sent.of('request', event.by, id);
    const all = commands.length > 0 ? commands : sent.of('request', event.by, undefined);
    const isSent = (command: CommandOf<'request'>) =>
      isSame(withFallbacks(state, askOf(command)), asSent(event.ask));
    if (!all.some(isSent)) {
      find('S §5', `${event.by} never sent the ask that is recorded`, event.id);
    }
  }
  if (event.type === 'PreemptionRequested' && barring(state, event.ask).length > 0) {
    find('S §7', 'it evicts for what a breaker bars', event.id);
  }
  if (event.type !== 'RequestDenied') judgeCaps(state, event, priority, find);
}

/** The ask of a request command. */
function askOf(command: CommandOf<'request'>): AskEvent['ask'] {
  const { op, id, v, firstSentMsAgo, dryRun, ...ask } = command;
  return ask;
}

function judgeCaps(
  state: State,
  { ask, by, id }: AskEvent,
  priority: number,
  find: Bench['find'],
): void {
  if (!mayAsk(state, by, ask.path)) find('S §5', `${by} may not ask on ${ask.path}`, id);
  if (priority > priorityCap(state, by, ask.path)) {
    find('S §1', `${by} claims priority ${priority} on ${ask.path}`, id);
  }
}

/** Whether an agent's credential covers asking on a path. */
function mayAsk(state: State, agent: string, path: string): boolean {
  if (agent === 'operator') return true;
  const credential = state.credentials.get(agent);
  if (credential === undefined || agent === 'auditor') return false;
  return (
    ['agent', 'lead', 'operator'].includes(credential.role) && isWithin(path, credential.prefix)
  );
}

/** Highest priority that an agent may claim on a path. */
export function priorityCap(state: State, agent: string, path: string): number {
  const credential = state.credentials.get(agent);
  let cap =
    agent === 'operator'
      ? Number.POSITIVE_INFINITY
      : (credential?.priorityMax ?? state.policy.priorityMax);
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    if (node.priorityMax !== null) cap = Math.min(cap, node.priorityMax);
  }
  return cap;
}

/** Whether an event decides on a request. */
export function isAskEvent(event: BursarEvent): event is AskEvent {
  return (
    event.type === 'AllocationGranted' ||
    event.type === 'RequestDenied' ||
    event.type === 'RequestQueued' ||
    event.type === 'PreemptionRequested' ||
    event.type === 'ApprovalRequested'
  );
}
