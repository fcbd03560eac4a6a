import type { AnswerOf } from '../events/answers.ts';
import type { BalanceLine } from '../events/balance-line.ts';
import { type Balance, balancesOfTeam } from './balance-lines.ts';
import type { Balances } from './books.ts';

/** What the actors say of a node: the answer to `balance`, or as much of it. */
export type ActorsBalance = Pick<
  AnswerOf<'balance'>,
  'phase' | 'stops' | 'liveAllocations' | 'lines' | 'rates' | 'children'
>;

/** Asks the actors about a node; undefined when no node of that path is open there. */
export type AskActors = (
  path: string,
) => ActorsBalance | undefined | Promise<ActorsBalance | undefined>;

/** One number that two folds of the same log do not agree on. */
export interface BalanceDifference {
  readonly path: string;
  /** Absent where it is about the node, not one of its resources. */
  readonly resource?: string;
  readonly field: string;
  readonly projection: unknown;
  readonly actors: unknown;
}

/**
 * Holds the projection's balances of a team against the actors', node by node, every field. Both
 * must stand at the same place of the log. Empty: they are equal.
 */
export async function checkBalances(
  state: Balances,
  team: string,
  ask: AskActors,
): Promise<BalanceDifference[]> {
  const ours = new Map(balancesOfTeam(state, team).map((balance) => [balance.path, balance]));
  const differences: BalanceDifference[] = [];
  const open = [team];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const theirs = await ask(path);
    const own = ours.get(path);
    if (own === undefined && theirs === undefined) continue;
    const names = new Set([...(own?.children ?? []), ...(theirs?.children ?? [])]);
    for (const name of names) open.push(`${path}/${name}`);
    if (own === undefined || theirs === undefined) {
      differences.push({
        path,
        field: 'open',
        projection: own !== undefined,
        actors: theirs !== undefined,
      });
    } else {
      differences.push(...differencesOf(own, theirs));
    }
  }
  return differences;
}

/** Where two balances of one node differ. A line that is missing is one on which nothing happened. */
function differencesOf(own: Balance, theirs: ActorsBalance): BalanceDifference[] {
  const { path } = own;
  const found: BalanceDifference[] = [];
  const compare = (field: string, projection: unknown, actors: unknown, resource?: string) => {
    if (String(projection) === String(actors)) return;
    found.push({
      path,
      ...(resource === undefined ? {} : { resource }),
      field,
      projection,
      actors,
    });
  };
  compare('phase', own.phase, theirs.phase);
  compare('stops', [...own.stops].sort(), [...theirs.stops].sort());
  compare('liveAllocations', own.liveAllocations, theirs.liveAllocations);
  compare('rates', ratesText(own.rates), ratesText(theirs.rates));
  const ourLines = new Map(own.lines.map((line) => [line.resource, line]));
  const theirLines = new Map(theirs.lines.map((line) => [line.resource, line]));
  for (const resource of new Set([...ourLines.keys(), ...theirLines.keys()])) {
    const ours: Line = ourLines.get(resource) ?? UNTOUCHED;
    const actors: Line = theirLines.get(resource) ?? UNTOUCHED;
    for (const field of FIELDS) {
      const isMissing = ours[field] === undefined || actors[field] === undefined;
      if (!isMissing) compare(field, ours[field], actors[field], resource);
    }
  }
  return found;
}

function ratesText(rates: Balance['rates'] = []): string {
  return rates.map(({ resource, limit, ms, by, burst }) => [resource, limit, ms, by, burst]).join();
}

type Line = Partial<BalanceLine>;

/** What can be said of a line that does not exist. */
const UNTOUCHED: Line = {
  limit: null,
  guarantee: 0,
  held: 0,
  spent: 0,
  heldTree: 0,
  spentTree: 0,
  lend: 0,
  lent: 0,
  borrowed: 0,
  earmarked: 0,
  booked: 0,
  reserved: 0,
  reserveTarget: 0,
  reserveDrawn: 0,
  committed: 0,
  peakHeld: 0,
  spentTotal: 0,
  spentPast: 0,
  carried: 0,
  granted: 0,
};

const FIELDS = [
  'unit',
  'class',
  'limit',
  'effectiveLimit',
  'guarantee',
  'held',
  'spent',
  'heldTree',
  'spentTree',
  'lend',
  'lent',
  'borrowed',
  'earmarked',
  'booked',
  'reserved',
  'reserveTarget',
  'reserveDrawn',
  'committed',
  'available',
  'effectiveAvailable',
  'short',
  'peakHeld',
  'spentTotal',
  'spentPast',
  'carried',
  'granted',
] as const satisfies readonly (keyof BalanceLine)[];
