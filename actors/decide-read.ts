import type { Emergency } from '../events/answers.ts';
import type { CommandOf } from '../events/commands.ts';
import { LIMITS } from '../events/limits.ts';
import { isWithin } from '../events/names.ts';
import { refuse } from '../events/refusals.ts';
import { answered, type Context, type Decision } from './context.ts';
import { emergencyOf } from './emergencies/emergency.ts';
import { poolLines } from './pools/pool-lines.ts';
import { compareWaiting, type Waiting } from './queue/wait-queue.ts';
import { cancelledBefore, claimed } from './repeat.ts';
import { approvalAnswer, approvalView } from './rules/approvals.ts';
import { maySee } from './rules/authority.ts';
import { type Allocation, accountKey, type Team, type Tombstone } from './team.ts';
import { allocationView, balanceOf, pendingAnswer, waitingView } from './views.ts';

export function decideBalance(team: Team, command: CommandOf<'balance'>, ctx: Context): Decision {
  const node = team.nodes.get(command.path);
  if (node === undefined) return answered(refuse('unknown_node', `${command.path} is not open`));
  const balance = balanceOf(team, node, ctx.atMs, command.history);
  return answered(command.pools ? { ...balance, pools: poolLines(team, node, ctx.atMs) } : balance);
}

/** Where a request or allocation stands now. Asking claims a grant that came out of the queue. */
export function decideStatus(team: Team, command: CommandOf<'status'>, ctx: Context): Decision {
  const { of } = command;
  const waiting = team.waiting.get(of);
  const live = waiting === undefined ? team.allocations.get(of) : undefined;
  const tomb = live === undefined ? team.tombstones.get(of) : undefined;
  const used = team.ids.get(of);
  const pending = team.approvals.get(of);
  const known = waiting ?? pending ?? live ?? tomb;
  if (known === undefined && used === undefined) return answered(unknownId(of));
  if (!maySee(team, ctx.agent, known?.agent ?? used?.by, pathOf(waiting ?? pending, live, tomb))) {
    return answered(refuse('not_permitted', `${of} is none of ${ctx.agent}`));
  }
  if (waiting !== undefined) return answered(pendingAnswer(team, waiting, ctx.atMs));
  if (pending !== undefined) return answered(approvalAnswer(pending, ctx.atMs));
  if (live !== undefined) {
    const events = claimed(team, of, ctx);
    return used !== undefined && live.agent === ctx.agent
      ? { events, repeats: used.at }
      : { events, answer: allocationView(live, ctx.atMs) };
  }
  // It may have been granted before, not claimed, and put back.
  if (used?.isCancelled) return answered(cancelledBefore(of));
  if (tomb !== undefined) {
    const { as, booked } = tomb;
    return answered({ outcome: 'ended', allocation: of, as, booked });
  }
  return used === undefined ? answered(unknownId(of)) : { events: [], repeats: used.at };
}

export function decideExplain(team: Team, command: CommandOf<'explain'>, ctx: Context): Decision {
  const { of } = command;
  const waiting = team.waiting.get(of) ?? team.approvals.get(of);
  const live = team.allocations.get(of);
  const tomb = team.tombstones.get(of);
  const used = team.ids.get(of);
  const at = used?.at ?? tomb?.at;
  if (at === undefined) return answered(unknownId(of));
  const owner = (waiting ?? live ?? tomb)?.agent ?? used?.by;
  return maySee(team, ctx.agent, owner, pathOf(waiting, live, tomb))
    ? { events: [], explains: { id: of, at } }
    : answered(refuse('not_permitted', `${of} is none of ${ctx.agent}`));
}

function pathOf(
  waiting: Pick<Waiting, 'ask'> | undefined,
  live: Allocation | undefined,
  tomb: Tombstone | undefined,
): string | undefined {
  return waiting?.ask.path ?? live?.node.path ?? tomb?.path;
}

function unknownId(id: string) {
  return refuse('unknown_id', `nothing of the id ${id} is known here`);
}

/** Most waiting requests shown in one answer. */
const SHOWN_MAX = 100;

/** Who waits on a node, beneath it, or for an account there: account by account, in order. */
export function decideQueue(team: Team, command: CommandOf<'queue'>, ctx: Context): Decision {
  const accounts = new Map<string, Waiting[]>();
  let total = 0;
  for (const waiting of team.waiters.beneath(command.path)) {
    const { account } = waiting;
    total += 1;
    const key = accountKey(account.path, account.resource);
    const list = accounts.get(key);
    if (list === undefined) accounts.set(key, [waiting]);
    else list.push(waiting);
  }
  const shown: Waiting[] = [];
  for (const key of [...accounts.keys()].sort()) {
    const inOrder = (accounts.get(key) ?? []).sort((a, b) =>
      compareWaiting(a, b, team.policy.aging),
    );
    shown.push(...inOrder.slice(0, SHOWN_MAX - shown.length));
  }
  const waiting = shown.map((one) => waitingView(team, one, ctx.atMs));
  const approvals = [...team.approvals.values()].filter(({ ask }) =>
    isWithin(ask.path, command.path),
  );
  if (approvals.length === 0) return answered({ outcome: 'queue', waiting, total });
  return answered({
    outcome: 'queue',
    waiting,
    total,
    approvals: approvals.slice(0, SHOWN_MAX).map((one) => approvalView(one, ctx.atMs)),
    approvalsTotal: approvals.length,
  });
}

/**
 * Emergencies after a log position, oldest first; at most those that are kept. The last block shown
 * is shown whole, so that asking again after `position` leaves nothing out: of the block that is
 * being filled there may be more to come.
 */
export function decideEmergencies(
  team: Team,
  command: CommandOf<'emergencies'>,
  { at: filled }: Context,
  shard: number,
): Decision {
  const since = command.since ?? 0;
  const emergencies: Emergency[] = [];
  let size = 0;
  for (const { event, at } of team.emergencies) {
    if (at.seq <= since) continue;
    if (at.seq === filled.seq) break;
    const last = emergencies.at(-1);
    if (last !== undefined && size >= ANSWERED_MAX && at.seq !== last.seq) break;
    const emergency = emergencyOf(event, shard, at);
    const { unacknowledged = [], fencedAgents = [] } = emergency;
    size += 1 + (unacknowledged.length + fencedAgents.length) / NAMES_AS_ONE;
    emergencies.push(emergency);
  }
  const position = emergencies.at(-1)?.seq ?? since;
  const incomplete = since < team.emergenciesForgottenSeq ? { incomplete: true as const } : {};
  return answered({ outcome: 'emergencies', emergencies, position, ...incomplete });
}

/** As many as fit an answer well below the broker's limit of a message. */
const ANSWERED_MAX = Math.min(500, LIMITS.emergenciesKeptMax);
/** Agents that the end of a stop names which take as much of it as one emergency without. */
const NAMES_AS_ONE = 8;
