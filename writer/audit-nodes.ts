import { type Account, setAsideOf } from '../actors/accounts/account.ts';
import { type Breach, InvariantError } from '../actors/checks/invariant-error.ts';
import type { Node } from '../actors/nodes/node.ts';
import type { Position, Team } from '../actors/team.ts';
import type { NodeBooks, Sums } from '../projections/books.ts';

type Difference = Omit<Breach, 'team' | 'path' | 'at'>;

/**
 * Holds one node of the live state against the books that the audit has made of the log, both at
 * the same place. O(accounts × children + own live allocations): each node once, so a pass over
 * all of them is O(tree), and by induction every sum of the tree is right.
 * - INV-11 own sums, limits, guarantees, peaks, freezes, stops, children, live allocations
 * - INV-4 held is the sum of the node's live allocations, and with descendants that of its children
 * - INV-5 spent with descendants is its own and its children's, as far as it is of its window
 * - INV-1 committed is own sums + Σ of what the children set aside
 * @throws InvariantError
 */
export function compareNode(
  team: string,
  node: Node | undefined,
  books: NodeBooks,
  at: Position,
): void {
  const { path } = books;
  const fail = (difference: Difference): never => {
    throw new InvariantError({ ...difference, team, path, at });
  };
  if (node === undefined) return fail(lives('the node', 'open', 'not there'));
  const frozen = books.freezes.size > 0 ? 'frozen' : 'open';
  equal(fail, 'the phase', books.isClosing ? 'closing' : frozen, node.phase);
  equal(fail, 'the number of live allocations', books.liveOwn, node.liveOwn);
  equal(fail, 'the number of children', books.children.size, node.children.size);
  equal(fail, 'the number of freezes', books.freezes.size, node.freezes?.size ?? 0);
  equal(fail, 'the number of stops', books.stops.size, node.stops?.size ?? 0);
  for (const resource of books.sums.keys()) {
    if (!node.accounts.has(resource)) fail(lives(`the account of ${resource}`, 'there', 'missing'));
  }
  for (const [resource, account] of node.accounts) {
    compareAccount(fail, resource, account, books.sums.get(resource) ?? UNTOUCHED);
    recount(fail, node, resource, account);
  }
}

/** INV-11: memory has no nodes that the log does not make. @throws InvariantError */
export function compareNodeCount(team: Team, expected: number, at: Position): void {
  if (team.nodes.size === expected) return;
  const { name } = team;
  const difference = lives('the number of open nodes', expected, team.nodes.size);
  throw new InvariantError({ ...difference, team: name, path: name, at });
}

type Fail = (difference: Difference) => never;

const UNTOUCHED: Sums = {
  limit: null,
  base: null,
  granted: 0,
  guarantee: 0,
  lend: 0,
  held: 0,
  spent: 0,
  spentEver: 0,
  spentPast: 0,
  carried: 0,
  uncounted: 0,
  window: null,
  thresholds: null,
  earmarked: 0,
  booked: 0,
  reserved: 0,
  reserveTarget: 0,
  reserveDrawn: 0,
  heldTree: 0,
  peakHeld: 0,
};
/** What the account keeps in another form, or not at all. */
const ELSEWHERE = ['spentEver', 'window', 'thresholds'] as const;
const FIELDS = Object.keys(UNTOUCHED).filter(
  (field): field is Exclude<keyof Sums, (typeof ELSEWHERE)[number]> =>
    !ELSEWHERE.some((other) => other === field),
);

/** The log makes one thing, memory holds another. */
function lives(what: string, expected: Breach['expected'], found: Breach['found']): Difference {
  return { invariant: 'INV-11', what: `${what} in memory`, expected, found };
}

function equal(fail: Fail, what: string, expected: string | number, found: string | number): void {
  if (expected !== found) fail(lives(what, expected, found));
}

function compareAccount(fail: Fail, resource: string, account: Account, sums: Sums): void {
  for (const field of FIELDS) {
    if (account[field] === sums[field]) continue;
    fail({ ...lives(field, sums[field], account[field]), resource });
  }
  const [expected, found] = [sums.window?.startsAtMs, account.window?.startsAtMs];
  if (expected === found) return;
  fail({ ...lives('the start of the window', expected ?? null, found ?? null), resource });
}

/** The sums of a node from those of its children and from its own allocations. */
function recount(fail: Fail, node: Node, resource: string, account: Account): void {
  let held = 0;
  for (const { items } of node.allocations ?? []) held += items[resource] ?? 0;
  let heldTree = account.held;
  let spentTree = account.spent;
  let below = 0;
  for (const child of node.children) {
    const under = child.accounts.get(resource);
    if (under === undefined) continue;
    heldTree += under.heldTree;
    spentTree += under.spentTree - (under.uncounted - under.carried);
    below += Math.max(setAsideOf(under), under.committed - under.uncounted);
  }
  let booked = 0;
  for (const { left } of node.reservations ?? []) booked += left[resource] ?? 0;
  const own = account.held + account.spent + account.earmarked + account.carried;
  const committed = own + booked + account.reserved + below;
  const counted = {
    held,
    booked,
    heldTree,
    spentTree,
    childrenCommitted: below,
    committed,
  } as const;
  for (const [field, invariant] of RECOUNTED) {
    const [expected, found] = [counted[field], account[field]];
    if (expected !== found) fail({ invariant, resource, what: field, expected, found });
  }
}

const RECOUNTED = [
  ['held', 'INV-4'],
  ['booked', 'INV-1'],
  ['heldTree', 'INV-4'],
  ['spentTree', 'INV-5'],
  ['childrenCommitted', 'INV-1'],
  ['committed', 'INV-1'],
] as const;
