import type { EventOf } from '../../events/events.ts';
import type { DenialReason } from '../../events/reasons.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { stamp } from '../context.ts';
import type { Waiting } from '../queue/wait-queue.ts';
import type { Team } from '../team.ts';

type Denial = EventOf<'RequestDenied'>;

/** A request as a denial names it. */
interface Asked {
  readonly id: string;
  readonly agent: string;
  readonly digest: number | undefined;
  readonly ask: ResourceAllocationRequest;
}

/** Denies a request for another reason than room: what bars it lies at `path`. */
export function denialOf(
  team: Team,
  asked: Asked,
  reason: DenialReason,
  path: string,
  atMs: number,
): Denial {
  const { id, agent, digest, ask } = asked;
  const retryOn = RETRY_ON[reason];
  return {
    ...stamp('RequestDenied', team, atMs),
    id,
    by: agent,
    ...(digest === undefined ? {} : { digest }),
    ask,
    reason,
    ...(retryOn === undefined ? {} : { retryOn }),
    rule: reason === 'stopped' ? '2-stopped' : `barrier-${reason}`,
    factors: { at: path },
  };
}

/** Denies a request that has waited. */
export function waitingDenial(
  team: Team,
  waiting: Waiting,
  reason: DenialReason,
  path: string,
  atMs: number,
): Denial {
  const waitedMs = atMs - waiting.sinceMs;
  return { ...denialOf(team, waiting, reason, path, atMs), waited: true, waitedMs };
}

/** What would have to happen before a repeat makes sense. */
const RETRY_ON: Readonly<Partial<Record<DenialReason, NonNullable<Denial['retryOn']>>>> = {
  frozen: 'unfreeze',
  stopped: 'recover',
  degraded: 'recover',
  closing: 'never',
  node_closed: 'never',
  deadline_unreachable: 'never',
  wait_timeout: 'release',
  tool_not_allowed: 'never',
  pool_not_allowed: 'never',
  rule_denied: 'never',
  approval_declined: 'never',
  reservation_short: 'release',
};
