// The accounts of the checker of a log (check-log.ts): it shares nothing else with anybody.

export type Amounts = Record<string, number>;
type Sum =
  | 'granted'
  | 'guarantee'
  | 'own'
  | 'spent'
  | 'carried'
  | 'uncounted'
  | 'committed'
  | 'total';
/**
 * One resource of one node: `own` is held, collected and `spent` there in this window, `total` also
 * all beneath. Debt `carried` from earlier windows, and use from before the window of the parent,
 * is `uncounted` there. `sinceMs`: when its own window began.
 */
export type Account = Record<Sum, number> &
  Record<'limit' | 'base' | 'lend' | 'sinceMs', number | null> & {
    path: string;
    children: Set<Account>;
  };

/** An account on which nothing has happened. */
export function blankAccount(path: string): Account {
  const blank = { limit: null, base: null, granted: 0, guarantee: 0, lend: 0, sinceMs: null };
  const sums = { own: 0, spent: 0, carried: 0, uncounted: 0, committed: 0, total: 0 };
  return { ...blank, ...sums, path, children: new Set() };
}

const kept = ({ guarantee, lend }: Account) => Math.max(0, guarantee - (lend ?? guarantee));
/** What an account takes from its parent. */
export const share = (account: Account) =>
  Math.max(kept(account), account.committed - account.uncounted);
/** Of its use, what lies before the window of its parent. */
export const before = ({ uncounted, carried }: Account) => uncounted - carried;

export function setBase(account: Account, base: number | null): void {
  account.base = base;
  const limit = (base ?? 0) + account.granted;
  account.limit = base === null ? null : Math.min(limit, Number.MAX_SAFE_INTEGER);
}

/** Counts nothing as spent from here on; gives what was spent in the window that ends. */
export function restart(account: Account): number {
  let { spent } = account;
  account.own -= spent;
  account.spent = 0;
  let [committed, total] = [account.own + account.carried, account.own];
  for (const child of account.children) {
    if (child.sinceMs === null) spent += restart(child);
    else {
      const beneath = spentIn(child);
      spent += beneath - before(child);
      child.uncounted = child.carried + beneath;
    }
    committed += share(child);
    total += child.total - before(child);
  }
  Object.assign(account, { committed, total });
  return spent;
}

function spentIn({ spent, children }: Account): number {
  let sum = spent;
  for (const child of children) sum += spentIn(child) - before(child);
  return sum;
}

export const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export function plus(a: Amounts = {}, b: Amounts = {}, sign = 1): Amounts {
  const sum = { ...a };
  for (const resource in b) sum[resource] = (sum[resource] ?? 0) + sign * (b[resource] ?? 0);
  return sum;
}
