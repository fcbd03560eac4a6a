import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import { type Account, limitOf } from '../accounts/account.ts';
import { addDue, climb, noChange } from '../accounts/climb.ts';
import { branchesDue } from '../branches/branching.ts';
import type { Node } from '../nodes/node.ts';
import { accountOf } from '../nodes/node-change.ts';
import { accountKey, type Team } from '../team.ts';
import { carryDebt } from './evolve-window.ts';
import { GrantBook } from './grant-book.ts';
import { countsSinceMs } from './window.ts';

/** A grant joins an account; what it adds to the limit is counted next. */
export function grantAdded(team: Team, node: Node, event: EventOf<'ToppedUp'>): void {
  const { id, grant: terms, atMs } = event;
  assert(terms !== undefined && id !== undefined, 'a grant has its terms and its id');
  for (const [resource, amount] of Object.entries(event.amounts)) {
    const book = openBook(node, resource);
    book.add({ id, amount, terms, createdAtMs: atMs, voidedAtMs: null });
    book.cut(atMs);
    countLater(team, node, resource);
  }
}

/** What is left of a grant leaves. */
export function grantVoided(team: Team, node: Node, event: EventOf<'GrantVoided'>): void {
  for (const [resource, { grants }] of node.accounts) {
    const grant = grants?.grants.find(({ id }) => id === event.grant);
    if (grants == null || grant === undefined) continue;
    grant.voidedAtMs = event.atMs;
    grants.cut(event.atMs);
    countLater(team, node, resource);
  }
}

/** The base limit, or what becomes of debt, has changed by command. */
export function grantsRebased(team: Team, node: Node, resource: string, atMs: number): void {
  const account = accountOf(node, resource);
  if (account.window?.spec.carryDebt) openBook(node, resource);
  if (account.grants === null) return;
  account.grants.cut(atMs, baseOf(account));
  countLater(team, node, resource);
}

/** What grants add to a limit, as the event says it; what the book says must be the same. */
export function grantsCounted(team: Team, node: Node, event: EventOf<'GrantsCounted'>): void {
  const { resource, change, carried, dueAtMs } = event;
  const account = accountOf(node, resource);
  const { grants } = account;
  assert(grants !== null, `${event.path} has grants of ${resource}`);
  if (dueAtMs !== undefined) grants.cut(dueAtMs);
  account.granted += change;
  account.limit = limitOf(account.base, account.granted);
  if (carried !== undefined) carryDebt(account, carried);
  assert(account.granted === grants.granted, 'what grants add is counted in full');
  climb(team, node, 'limited', event, noChange({ [resource]: 0 }));
  branchesDue(team, node);
  countLater(team, node, resource);
}

/** Notes when time alone changes something next, and that the limit may have to follow. */
function countLater(team: Team, node: Node, resource: string): void {
  const account = accountOf(node, resource);
  const { grants } = account;
  if (grants === null) return;
  const key = accountKey(node.path, resource);
  team.agenda.grants.add(key);
  const nextAtMs = grants.nextChangeMs;
  if (grants.timer !== null && grants.timer.atMs !== nextAtMs) team.timers.remove(grants.timer);
  else if (grants.timer !== null && grants.timer.place !== -1) return;
  grants.timer = nextAtMs === Infinity ? null : addDue(team, nextAtMs, 'grant', key);
}

/** The book of an account's grants; it begins with the window that is in force. */
function openBook(node: Node, resource: string): GrantBook {
  const account = accountOf(node, resource);
  const atMs = countsSinceMs(node, resource);
  account.grants ??= new GrantBook(
    { atMs, reset: 'none', ...baseOf(account) },
    account.spentTree,
    account.carried,
  );
  return account.grants;
}

function baseOf({ base, window }: Account) {
  return { base, keepsDebt: window?.spec.carryDebt ?? false };
}
