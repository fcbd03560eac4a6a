import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Bench } from './bench.ts';
import { concerns } from './concerns.ts';
import type { StopState } from './nodes.ts';

/** S §6.7: a freeze of a command, or one that the writer sets on overrun and implausible use. */
export function judgeFrozen({ state, event, sent, find }: Bench<EventOf<'Frozen'>>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return find('S §6.7', `${event.path} is not open`, event.path);
  if (event.by === undefined) {
    if (node.tier !== 'run') find('S §6.1', `a ${node.tier} is frozen, not the run`, event.path);
    return;
  }
  const isSent = sent?.of('freeze', event.by, event.id).some(({ path, forMs, id }) => {
    const untilMs = forMs === undefined ? undefined : event.atMs + forMs;
    return (
      path === event.path && untilMs === event.untilMs && (id ?? event.freeze) === event.freeze
    );
  });
  if (isSent === false) find('S §6.7', 'nobody froze it so', event.path);
}

/** A freeze ends by its name, or by its time and not before. */
export function judgeUnfrozen({ state, event, sent, find }: Bench<EventOf<'Unfrozen'>>): void {
  const node = state.nodes.get(event.path);
  const untilMs = node?.freezes.get(event.freeze);
  if (node === undefined || untilMs === undefined) {
    return find('S §6.7', `${event.freeze} does not freeze ${event.path}`, event.path);
  }
  const isStill = node.freezes.size > 1;
  if (isStill !== (event.stillFrozen === true)) find('S §6.7', 'stillFrozen is wrong', event.path);
  if (event.by === undefined) {
    if (untilMs === null || event.atMs < untilMs)
      find('INV-10', 'thawed before its time', event.path);
    return;
  }
  const isSent = sent
    ?.of('unfreeze', event.by, event.id)
    .some(({ path, freeze }) => path === event.path && freeze === event.freeze);
  if (isSent === false) find('S §6.7', 'nobody unfroze it', event.path);
}

/** S §6.7: a stop names how many allocations and agents it concerns. */
export function judgeStopped({ state, event, sent, find }: Bench<EventOf<'Stopped'>>): void {
  if (!state.nodes.has(event.path)) find('S §6.7', `${event.path} is not open`, event.path);
  const concerned = [...state.live.values()].filter((live) => concerns(event, live));
  const agents = new Set(concerned.map(({ agent }) => agent));
  if (event.allocationCount !== concerned.length || event.agentCount !== agents.size) {
    find('S §6.7', `concerns ${concerned.length} of ${agents.size} agents`, event.stop);
  }
  const isSent = sent
    ?.of('stop', event.by, event.id)
    .some(({ path, below = 300, ackMs = 10_000 }) => {
      const level = below === 'all' ? null : below;
      return (
        path === event.path && level === event.below && event.ackUntilMs === event.atMs + ackMs
      );
    });
  if (isSent === false) find('S §6.7', 'nobody stopped it so', event.stop);
}

export function judgeAcknowledged({
  state,
  event,
  find,
}: Bench<EventOf<'StopAcknowledged'>>): void {
  const stop = state.nodes.get(event.path)?.stops.get(event.stop);
  if (stop === undefined) find('S §6.7', 'there is no such stop', event.stop);
  else if (event.atMs >= stop.ackUntilMs) {
    find('S §6.7', 'acknowledged after its deadline', event.stop);
  }
  const prefix = state.credentials.get(event.agent)?.prefix ?? state.team;
  if (!isWithin(prefix, event.path) && !isWithin(event.path, prefix)) {
    find('S §6.7', `the stop is no concern of ${event.agent}`, event.stop);
  }
}

/** A stop is complete when nobody whom it concerns is left, and says what became of them. */
export function judgeStopCompleted({ state, event, find }: Bench<EventOf<'StopCompleted'>>): void {
  const stop = state.nodes.get(event.path)?.stops.get(event.stop);
  if (stop === undefined) return find('S §6.7', 'there is no such stop', event.stop);
  if (stop.isComplete) find('S §6.7', 'it was complete before', event.stop);
  for (const live of state.live.values()) {
    if (concerns(stop, live)) find('S §6.7', `complete while ${live.id} lives`, event.stop);
  }
  for (const { id, ask, priority } of state.waiting.values()) {
    if (concerns(stop, { path: ask.path, priority })) {
      find('S §6.7', `complete while ${id} waits`, event.stop);
    }
  }
  judgeVerification(event, stop, find);
}

/** What its end says of those whom it concerned is what the log shows of them. */
function judgeVerification(
  event: EventOf<'StopCompleted'>,
  stop: StopState,
  find: Bench['find'],
): void {
  const { agents, acknowledgedBy, fencedAgents } = stop;
  const silent = [...agents].filter((agent) => !acknowledgedBy.has(agent)).sort();
  const wanted = {
    fencedCount: stop.fenced,
    allocationCount: stop.concerned,
    agentCount: agents.size,
    acknowledgedCount: agents.size - silent.length,
    unacknowledged: silent.slice(0, NAMED_MAX),
    fencedAgents: [...fencedAgents].sort().slice(0, NAMED_MAX),
  };
  for (const [field, value] of Object.entries(wanted)) {
    const said = event[field as keyof typeof wanted];
    if (JSON.stringify(said) === JSON.stringify(value)) continue;
    find('S §6.7', `says ${field} ${JSON.stringify(said)}, not ${JSON.stringify(value)}`, stop.id);
  }
}

/** Names of either kind that the end of a stop gives. */
const NAMED_MAX = 100;

export function judgeLifted({ state, event, sent, find }: Bench<EventOf<'StopLifted'>>): void {
  if (!state.nodes.get(event.path)?.stops.has(event.stop)) {
    find('S §6.7', 'there is no such stop', event.stop);
  }
  const node = state.nodes.get(event.path);
  const isSlow =
    state.policy.recovery !== null &&
    (node?.tier === 'team' || node?.tier === 'swarm') &&
    node.stops.size === 1 &&
    node.freezes.size === 0 &&
    !node.isClosing;
  if (isSlow !== (event.slowStart === true)) find('X-05', 'a slow start is told wrong', event.stop);
  const isSent = sent
    ?.of('recover', event.by, event.id)
    .some(({ path, stop }) => path === event.path && stop === event.stop);
  if (isSent === false) find('S §6.7', 'nobody recovered it', event.stop);
}
