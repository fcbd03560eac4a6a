import { depthOf } from '../../events/names.ts';
import type { Amounts } from '../../events/resources.ts';
import { termsOf } from './ask-terms.ts';
import { nearest, needs, parentOf } from './books.ts';
import { choose } from './choice.ts';
import { order, queueOf, type Ranked } from './rank.ts';
import { shortRateAccounts } from './rates.ts';
import { slowStartsShort } from './slow-start.ts';
import type { State, Waiting } from './state.ts';
import { passAt } from './turns.ts';

/** One resource of one node, with who stands before a request there. */
export interface Place {
  readonly path: string;
  readonly resource: string;
  readonly first: Waiting;
}

/** Accounts that an ask draws from and in whose queue somebody is served before it. */
export function aheadWhereDrawn(
  state: State,
  id: string,
  path: string,
  amounts: Amounts,
  self: Ranked,
): Place[] {
  return needs(state.nodes, path, amounts).flatMap(({ node, resource }) =>
    firstAhead(state, id, node.path, resource, self),
  );
}

/**
 * The same for every account of a resource that the ask names, drawn from or not: the semantics
 * leave open whether an ask within a guarantee meets a queue further out.
 */
export function aheadWhereNamed(
  state: State,
  id: string,
  path: string,
  resources: readonly string[],
  self: Ranked,
): Place[] {
  const found: Place[] = [];
  if (state.waiting.size === 0) return found;
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    for (const resource of resources) {
      found.push(...firstAhead(state, id, node.path, resource, self));
    }
  }
  return found;
}

function firstAhead(
  state: State,
  id: string,
  path: string,
  resource: string,
  self: Ranked,
): Place[] {
  const others = queueOf(state, path, resource).filter((other) => other.id !== id);
  const [first] = others;
  const there = rankedAt(state, path, resource, self);
  if (first === undefined) return [];
  if (state.policy.queueing !== 'default' && !first.isPreempting && !there.isPreempting) {
    const chosen = choose(state, { path, resource }, others, there);
    return chosen === undefined ? [] : [{ path, resource, first: chosen }];
  }
  return order(state.policy, first, there) < 0 ? [{ path, resource, first }] : [];
}

/** A request as the queue of an account ranks it: by its turn there, or the one it would get. */
export function rankedAt(
  state: State,
  path: string,
  resource: string,
  self: Ranked & { readonly account?: AccountName },
): Ranked {
  const isThere = self.account?.path === path && self.account.resource === resource;
  return isThere ? self : { ...self, pass: passAt(state, { path, resource }, self.ask.path) };
}

export interface AccountName {
  readonly path: string;
  readonly resource: string;
}

/**
 * S §7: where a request may wait: the outermost account that is short of what it wants, or of the
 * least it is content with, or in whose queue somebody stands before it. Empty where nothing keeps
 * it from being granted in full. It is the caller's to put back what it has collected.
 */
export function waitingPlaces(
  state: State,
  id: string,
  ask: Ranked['ask'],
  self: Ranked,
): AccountName[] {
  const { want, least, rates } = termsOf(ask, state);
  const short = [want, least].flatMap((amounts) =>
    outermost(
      needs(state.nodes, ask.path, amounts)
        .filter(({ need, room }) => need > room)
        .map(({ node, resource }) => ({ path: node.path, resource })),
    ),
  );
  const ofRates = [
    ...shortRateAccounts(state, ask.path, rates),
    ...slowStartsShort(state, ask, self.priority, want).map(({ path, resource }) => ({
      path,
      resource,
    })),
  ];
  const named = aheadWhereNamed(state, id, ask.path, Object.keys({ ...want, ...rates }), self);
  const behind = [
    ...outermost(named),
    ...outermost(aheadWhereDrawn(state, id, ask.path, want, self)),
  ];
  // Of accounts and rates that are short the outermost; which of both sorts, the whole ask decides.
  const mixed = [want, least].flatMap((amounts) =>
    outermost([
      ...ofRates,
      ...needs(state.nodes, ask.path, amounts)
        .filter(({ need, room }) => need > room)
        .map(({ node, resource }) => ({ path: node.path, resource })),
    ]),
  );
  return ofRates.length === 0
    ? [...short, ...behind]
    : [...mixed, ...outermost(ofRates), ...behind];
}

function outermost(accounts: readonly AccountName[]): AccountName[] {
  const depth = Math.min(...accounts.map(({ path }) => depthOf(path)));
  return accounts
    .filter(({ path }) => depthOf(path) === depth)
    .map(({ path, resource }) => ({ path, resource }));
}
