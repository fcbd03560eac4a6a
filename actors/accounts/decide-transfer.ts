import type { Refusal } from '../../events/answers.ts';
import type { CommandOf } from '../../events/commands.ts';
import { isWithin } from '../../events/names.ts';
import { refuse } from '../../events/refusals.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { dividerOf, sharedRefusal } from '../branches/branch-refusal.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import { barredFor, overcommitted } from '../nodes/decide-node.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { type Account, contributionOf, setAsideOf } from './account.ts';
import { fits } from './admission.ts';

/**
 * Moves limit from one node to another, both or neither. Between siblings the unused guarantee goes
 * with it, else what was given would stay set aside for the giver; between nodes of different
 * parents it stays, for it is the parent's promise. The giver is never made short.
 */
export function decideTransfer(team: Team, command: CommandOf<'transfer'>, ctx: Context): Decision {
  const from = team.nodes.get(command.from);
  const to = team.nodes.get(command.to);
  if (from === undefined || to === undefined) {
    const missing = from === undefined ? command.from : command.to;
    return answered(refuse('unknown_node', `${missing} is not open`));
  }
  if (isWithin(from.path, to.path) || isWithin(to.path, from.path)) {
    const message = `${from.path} and ${to.path} lie above one another: use setLimits`;
    return answered(refuse('malformed', message));
  }
  const barred = barredFor(from, 'grown') ?? barredFor(to, 'grown');
  if (barred !== undefined) return answered(barred);
  for (const node of [from, to]) {
    const shared = sharedRefusal(team, dividerOf(node), node.path, Object.keys(command.amounts));
    if (shared !== undefined) return answered(shared);
  }
  const guarantees: Record<string, number> = {};
  const growth: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(command.amounts)) {
    const giver = from.accounts.get(resource);
    const taker = to.accounts.get(resource);
    const refused = refusalOf(team, from, to, resource, amount, giver, taker);
    if (refused !== undefined) return answered(refused);
    if (giver === undefined || taker === undefined || from.parent !== to.parent) continue;
    // A node with a window of its own has no guarantee.
    if (taker.window !== null) continue;
    const moved = Math.min(amount, Math.max(0, giver.guarantee - keptOf(giver)));
    if (moved === 0) continue;
    guarantees[resource] = moved;
    const less = setAsideOf({ guarantee: giver.guarantee - moved, lend: giver.lend });
    const lend = taker.guarantee === 0 ? giver.lend : taker.lend;
    const more = setAsideOf({ guarantee: taker.guarantee + moved, lend });
    const gives = contributionOf(giver) - Math.max(giver.committed, less);
    const takes = Math.max(taker.committed, more) - contributionOf(taker);
    if (takes > gives) growth[resource] = takes - gives;
  }
  if (from.parent !== undefined && !fits(from.parent, growth)) {
    const message = `${from.parent.path} cannot set ${JSON.stringify(growth)} aside`;
    return answered(refuse('guarantee_does_not_fit', message));
  }
  return recorded({
    ...stamp('Transferred', team, ctx.atMs),
    ...commandCause(command, ctx),
    from: from.path,
    to: to.path,
    amounts: command.amounts,
    guarantees,
  });
}

/** What a giver keeps in any case: what is committed, and what its children can count on. */
function keptOf({ committed, childrenPromised }: Account): number {
  return Math.max(committed, childrenPromised);
}

function refusalOf(
  team: Team,
  from: Node,
  to: Node,
  resource: string,
  amount: number,
  giver: Account | undefined,
  taker: Account | undefined,
): Refusal | undefined {
  if (giver === undefined || giver.limit === null || taker === undefined || taker.limit === null) {
    const without = giver === undefined || giver.limit === null ? from : to;
    return refuse('unknown_resource', `${without.path} has no limit of ${resource}; use setLimits`);
  }
  // What grants add is theirs; the base limit moves.
  const spare = Math.min(giver.base ?? 0, Math.max(0, giver.limit - keptOf(giver)));
  if (amount > spare) {
    return refuse('does_not_fit', `${from.path} can spare ${spare} ${resource}, not ${amount}`);
  }
  if (amount > Number.MAX_SAFE_INTEGER - taker.limit) {
    return refuse('amount_out_of_range', `${resource} of ${to.path} would exceed 2^53`);
  }
  if (from.parent === to.parent) return undefined;
  return overcommitted(team, to.parent, to, resource, taker.limit + amount);
}
