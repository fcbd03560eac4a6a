import type { AccountName, EventOf, Factors } from '../../events/events.ts';
import { type Candidate, rankOf } from '../contests/contention.ts';
import { stamp } from '../context.ts';
import type { Team } from '../team.ts';
import { waitBoundMs } from './wait-bound.ts';

/** Why a request waits, and how long perhaps. */
interface Wait {
  readonly expectedWaitMs: number | null;
  readonly rule: string;
  readonly factors: Factors;
  /** How many stand before it, where that is known already. */
  readonly aheadCount?: number;
}

/** A request that has just arrived joins the queue of an account, for as long as it would wait. */
export function joinQueue(
  team: Team,
  candidate: Candidate,
  account: AccountName,
  { expectedWaitMs, rule, factors, aheadCount }: Wait,
): EventOf<'RequestQueued'> {
  const { id, agent, digest, ask, priority, atMs } = candidate;
  const queue = team.nodes.get(account.path)?.queues?.get(account.resource);
  const pass = queue?.passOf(ask.path) ?? 0;
  const ahead = aheadCount ?? queue?.countAhead({ ...rankOf(candidate, team), pass }) ?? 0;
  return {
    ...stamp('RequestQueued', team, atMs),
    id,
    by: agent,
    ...(digest === undefined ? {} : { digest }),
    ask,
    account,
    priority,
    position: ahead + 1,
    expectedWaitMs,
    waitBoundMs: waitBoundMs(team, priority),
    untilMs: atMs + (ask.maxWaitMs ?? 0),
    queuedAtMs: atMs,
    pass,
    rule,
    factors,
  };
}
