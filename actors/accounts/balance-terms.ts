import type { BalanceLine, GrantView, Segment } from '../../events/balance-line.ts';
import type { Node } from '../nodes/node.ts';
import { type Grant, isInForce } from '../windows/burn.ts';
import type { GrantBook } from '../windows/grant-book.ts';
import { countsSinceMs, debtIn } from '../windows/window.ts';
import type { Account } from './account.ts';

/** What windows, grants and thresholds make of a line of a balance. */
export function termsOf(
  node: Node,
  resource: string,
  account: Account,
  nowMs: number,
  withHistory: boolean,
): Partial<BalanceLine> {
  const { spentTotal, spentPast, carried, granted, window, grants, alerts } = account;
  const shown: Partial<BalanceLine> = { spentTotal, spentPast, carried, granted };
  shown.debt = debtIn(account);
  if (window !== null) {
    const { spec, startsAtMs, endsAtMs } = window;
    shown.window = { ...spec, startsAtMs, endsAtMs };
  }
  if (grants !== null) shown.grants = grantViews(grants, nowMs);
  if (alerts !== null) shown.thresholds = [...alerts.thresholds];
  if (withHistory) shown.history = historyOf(node, resource, account);
  return shown;
}

/** Those that may be burnt come first, in their order. */
function grantViews(book: GrantBook, nowMs: number): GrantView[] {
  const { left } = book.cover;
  const views = book.grants.map((grant) => ({
    id: grant.id,
    amount: grant.amount,
    left: left.get(grant.id) ?? 0,
    priority: grant.terms.priority,
    startsAtMs: grant.terms.startsAtMs,
    endsAtMs: grant.terms.endsAtMs,
    state: stateOf(grant, nowMs),
  }));
  const isOver = ({ state }: GrantView) => state === 'ended' || state === 'voided';
  return [...views.filter((view) => !isOver(view)), ...views.filter(isOver)];
}

function stateOf(grant: Grant, nowMs: number): GrantView['state'] {
  if (grant.voidedAtMs !== null) return 'voided';
  if (isInForce(grant, nowMs)) return 'active';
  return nowMs < grant.terms.startsAtMs ? 'future' : 'ended';
}

/** Without grants nothing is cut: one stretch since the window began. */
function historyOf(node: Node, resource: string, account: Account): Segment[] {
  if (account.grants === null) {
    const fromMs = countsSinceMs(node, resource);
    const { spentTree: usage } = account;
    return [{ fromMs, toMs: null, usage, left: {}, debt: debtIn(account) }];
  }
  return account.grants
    .history()
    .map(({ left, ...stretch }) => ({ ...stretch, left: Object.fromEntries(left) }));
}
