import type { Earlier } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { contributionOf } from '../accounts/account.ts';
import { noteChanged } from '../accounts/climb.ts';
import { noteSpent } from '../forecasts/forecast.ts';
import type { Node } from '../nodes/node.ts';
import { accountOf } from '../nodes/node-change.ts';
import { accountKey, type Team } from '../team.ts';
import { countsSinceMs, windowOver } from './window.ts';

/** Books what was used before, each part in the windows of its own time. `sign` -1 takes it back. */
export function bookEarlier(
  team: Team,
  from: Node,
  earlier: Earlier | undefined,
  nowMs: number,
  sign: 1 | -1 = 1,
): void {
  for (const { usedAtMs, amounts } of earlier ?? []) {
    for (const resource in amounts) {
      const amount = sign * (amounts[resource] as number);
      bookAt(team, from, { resource, amount, usedAtMs, nowMs });
    }
  }
}

/** What of amounts was used now: all but the earlier parts. */
export function usedNow(amounts: Amounts, earlier: Earlier | undefined): Amounts {
  if (earlier === undefined) return amounts;
  const now: Record<string, number> = { ...amounts };
  for (const part of earlier) {
    for (const resource in part.amounts) {
      now[resource] = (now[resource] ?? 0) - (part.amounts[resource] as number);
    }
  }
  return now;
}

/** One part of what was used before; the time at which it is booked. */
interface Use {
  readonly resource: string;
  readonly amount: number;
  readonly usedAtMs: number;
  readonly nowMs: number;
}

/**
 * One part, from its node to the root. It counts in a tier's window if that had begun when it was
 * used. Where a window ends and the one above still runs, the use becomes own use of the tier
 * above, as at the end of that window; where only the inner one still runs, the tier above takes
 * no part in it.
 */
function bookAt(team: Team, from: Node, { resource, amount, usedAtMs, nowMs }: Use): void {
  let growth = 0;
  let isCountedBelow = false;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const account = accountOf(node, resource);
    const before = contributionOf(account);
    const window = windowOver(node, resource);
    const isCounted = usedAtMs >= (window?.startsAtMs ?? 0);
    account.spentTotal += amount;
    account.childrenCommitted += growth;
    account.committed += growth;
    if (isCounted) {
      account.spentTree += amount;
      if (!isCountedBelow) {
        account.spent += amount;
        account.committed += amount;
      }
    } else if (window !== undefined && usedAtMs >= window.pastStartsAtMs) {
      account.spentPast += amount;
    }
    const { parent } = node;
    const isEdge = account.window !== null && parent !== undefined;
    if (isCounted && isEdge && usedAtMs < countsSinceMs(parent, resource)) {
      account.uncounted += amount;
    }
    growth = contributionOf(account) - before;
    isCountedBelow = isCounted;
    if (account.grants !== null) {
      account.grants.use(amount, usedAtMs);
      team.agenda.grants.add(accountKey(node.path, resource));
    }
    noteSpent(team, node, resource, amount, usedAtMs, nowMs);
    noteChanged(team, node, resource, true);
  }
}
