import type { CommandOf } from '../events/commands.ts';
import { LIMITS } from '../events/limits.ts';
import { isWithin } from '../events/names.ts';
import { refuse } from '../events/refusals.ts';
import { answered, type Context, type Decision, stamp } from './context.ts';
import { emergencyOf } from './emergency.ts';
import type { Team } from './team.ts';
import { allocationView, balanceOf, pendingAnswer, waitingView } from './views.ts';

export function decideBalance(team: Team, command: CommandOf<'balance'>): Decision {
  const node = team.nodes.get(command.path);
  return answered(
    node === undefined ? refuse('unknown_node', `${command.path} is not open`) : balanceOf(node),
  );
}

/** Where a request or allocation stands now. Asking claims a grant that came out of the queue. */
export function decideStatus(team: Team, command: CommandOf<'status'>, ctx: Context): Decision {
  const waiting = team.waiting.get(command.of);
  if (waiting !== undefined) return answered(pendingAnswer(team, waiting, ctx.atMs));
  const live = team.allocations.get(command.of);
  if (live !== undefined) {
    if (live.claimUntilMs === null || live.agent !== ctx.agent) {
      const used = team.ids.get(command.of);
      if (used !== undefined && live.agent === ctx.agent) return { events: [], repeats: used.at };
      return answered(allocationView(live, ctx.atMs));
    }
    const claimed = { ...stamp('AllocationClaimed', team, ctx.atMs), allocation: live.id };
    const used = team.ids.get(command.of);
    return used === undefined
      ? { events: [claimed], answer: allocationView(live, ctx.atMs) }
      : { events: [claimed], repeats: used.at };
  }
  const tomb = team.tombstones.get(command.of);
  if (tomb !== undefined) {
    return answered({
      outcome: 'ended',
      allocation: command.of,
      as: tomb.as,
      booked: tomb.booked,
    });
  }
  const used = team.ids.get(command.of);
  if (used !== undefined) return { events: [], repeats: used.at };
  return answered(refuse('unknown_id', `nothing of the id ${command.of} is known here`));
}

export function decideExplain(team: Team, command: CommandOf<'explain'>): Decision {
  const used = team.ids.get(command.of) ?? team.tombstones.get(command.of);
  if (used === undefined) {
    return answered(refuse('unknown_id', `nothing of the id ${command.of} is known here`));
  }
  return { events: [], explains: { id: command.of, at: used.at } };
}

/** Most waiting requests shown in one answer. */
const SHOWN_MAX = 100;

export function decideQueue(team: Team, command: CommandOf<'queue'>, ctx: Context): Decision {
  const all = [...team.waiting.values()].filter(
    ({ ask, account }) => isWithin(ask.path, command.path) || isWithin(account.path, command.path),
  );
  const shown = all.slice(0, SHOWN_MAX).map((waiting) => waitingView(team, waiting, ctx.atMs));
  shown.sort((a, b) =>
    a.account === b.account ? a.position - b.position : a.account < b.account ? -1 : 1,
  );
  return answered({ outcome: 'queue', waiting: shown, total: all.length });
}

/** Emergencies after a log position, oldest first; at most those that are kept. */
export function decideEmergencies(
  team: Team,
  command: CommandOf<'emergencies'>,
  shard: number,
): Decision {
  const since = command.since ?? 0;
  const after = team.emergencies.filter(({ at }) => at.seq > since).slice(0, ANSWERED_MAX);
  const emergencies = after.map(({ event, at }) => emergencyOf(event, shard, at));
  const position = emergencies.at(-1)?.seq ?? since;
  return answered({ outcome: 'emergencies', emergencies, position });
}

/** As many as fit an answer well below the broker's limit of a message. */
const ANSWERED_MAX = Math.min(500, LIMITS.emergenciesKeptMax);
