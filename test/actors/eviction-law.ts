import type { Allocation, Team } from '../../actors/team.ts';
import type { EventOf } from '../../events/events.ts';
import { isWithin, parentPathOf } from '../../events/names.ts';
import type { Amounts } from '../../events/resources.ts';
import { compareShares, dominantShare } from '../../resolver/dominant-share.ts';
import { Recount, type Tier } from './recount.ts';

type Told = EventOf<'PreemptionRequested'>;

/** What is wrong with an eviction, by the team as it stands before it; empty where nothing is. */
export function faultsOf(team: Team, told: Told): string[] {
  const faults: string[] = [];
  const books = new Recount(team);
  const want = wantedBy(told);
  const short = books.shortages(told.ask.path, want);
  const victims: Allocation[] = [];
  for (const [index, id] of told.victims.entries()) {
    const victim = team.allocations.get(id);
    if (victim === undefined) return [`${id} does not live`];
    const why = [
      ...protectionsOf(team, told, victim),
      ...(holdsShort(victim, short) ? [] : ['holds nothing that is short']),
      ...rightFaults(team, books, told, victim, told.reasons?.[index] ?? 'none', told.victims),
    ];
    faults.push(...why.map((fault) => `${id}: ${fault}`));
    victims.push(victim);
  }
  const ids = told.victims;
  if (!books.without(ids, () => books.fits(told.ask.path, want))) faults.push('it is not enough');
  for (const victim of victims) {
    const broken = brokenGuarantee(team, books, told, victim, short);
    if (broken !== undefined) faults.push(`${victim.id}: takes ${broken} below its guarantee`);
    const fewer = ids.filter((id) => id !== victim.id);
    if (!books.without(fewer, () => books.fits(told.ask.path, want))) continue;
    if (!makesLegal(team, books, told, victim)) faults.push(`${victim.id}: could be spared`);
  }
  return faults;
}

/** Everything asked for: in these histories all of it is named. */
export function wantedBy({ ask }: { readonly ask: Told['ask'] }): Amounts {
  return Object.fromEntries(
    Object.entries(ask.items).map(([resource, { amount }]) => [resource, amount ?? 0]),
  );
}

function protectionsOf(team: Team, { atMs }: Told, victim: Allocation): string[] {
  const { minRuntimeMs, evictionsMax } = team.policy.preemption;
  const faults: string[] = [];
  if (victim.ask.preemptible === false) faults.push('is not preemptible');
  if (victim.yieldsTo !== null) faults.push(`yields to ${victim.yieldsTo}`);
  if (atMs - victim.grantedAtMs < minRuntimeMs) faults.push('is inside its minimum run time');
  if (victim.evictions >= evictionsMax) faults.push('was evicted too often');
  return faults;
}

function holdsShort({ node, items }: Allocation, short: readonly Tier[]): boolean {
  return short.some(
    ({ path, resource }) => isWithin(node.path, path) && (items[resource] ?? 0) > 0,
  );
}

function rightFaults(
  team: Team,
  books: Recount,
  told: Told,
  victim: Allocation,
  reason: string,
  gone: readonly string[],
): string[] {
  const from = books.open(told.ask.path) ?? team.name;
  const { withinNode, reclaim, whileBorrowing } = rulesAt(team, from);
  const above =
    told.priority + boostAt(team, from) - victim.priority - boostAt(team, victim.node.path);
  const isElsewhere = runOf(victim.node.path) !== runOf(from);
  const mayReclaim = reclaim === 'any' || (reclaim === 'lower' && above > 0);
  switch (reason) {
    case 'within-node-priority': {
      if (isElsewhere) return ['is in another run'];
      const isLower = above > 0 || withinNode === 'any';
      // Who asks now is newer than whoever holds.
      return withinNode !== 'never' && isLower ? [] : [`withinNode is ${withinNode}`];
    }
    case 'priority-while-borrowing': {
      const rank = victim.priority + boostAt(team, victim.node.path);
      if (rank > (whileBorrowing.maxPriority ?? Infinity)) return ['ranks too high'];
      const isLegal = whileBorrowing.policy === 'lower' && above > 0 && mayReclaim;
      return isLegal && isElsewhere ? [] : ['may not be taken by priority'];
    }
    case 'reclaim-nominal': {
      if (!mayReclaim) return [`reclaim is ${reclaim}`];
      return isTheirs(books, told, victim, gone) ? [] : ['is not inside the requester’s own'];
    }
    case 'fair-share': {
      if (team.policy.preemption.by !== 'fair' || !mayReclaim) return ['shares do not count'];
      return hasMore(books, told, victim) ? [] : ['has no larger share'];
    }
    default:
      return [`no reason: ${reason}`];
  }
}

/**
 * Whether a victim is outside a tier within whose guarantee all that is short lies, once others are
 * gone: a run may make room in its own part first.
 */
function isTheirs(
  books: Recount,
  told: Told,
  victim: Allocation,
  gone: readonly string[],
): boolean {
  const { path } = told.ask;
  const want = wantedBy(told);
  const short = new Set(books.shortages(path, want).map(({ resource }) => resource));
  return books.without(gone, () =>
    [...short].every((resource) => {
      const tiers = books.asked(path, resource, want[resource] ?? 0);
      return tiers.some((tier) => tier.isOwn && !isWithin(victim.node.path, tier.path));
    }),
  );
}

/** Whether the victim's branch has, before it gives, a larger share than the other has after all. */
function hasMore(books: Recount, told: Told, victim: Allocation): boolean {
  const from = books.open(told.ask.path) ?? '';
  const [mine, theirs] = branches(from, victim.node.path);
  if (mine === undefined || theirs === undefined) return false;
  const before = dominantShare(books.tree(), theirs);
  return books.without(told.victims, () => {
    books.use(from, wantedBy(told), 1);
    const after = dominantShare(books.tree(), mine);
    books.use(from, wantedBy(told), -1);
    return compareShares(after, before) <= 0;
  });
}

/** The two nodes beneath the one where paths meet. */
function branches(a: string, b: string): [string | undefined, string | undefined] {
  const below = (path: string, other: string) => {
    let found: string | undefined;
    for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
      if (isWithin(other, at)) return found;
      found = at;
    }
    return found;
  };
  return [below(a, b), below(b, a)];
}

/** A node of another branch that has less than its guarantee after the eviction, if there is one. */
function brokenGuarantee(
  team: Team,
  books: Recount,
  told: Told,
  victim: Allocation,
  short: readonly Tier[],
): string | undefined {
  const from = books.open(told.ask.path) ?? '';
  return books.without(told.victims, () => {
    for (const { resource } of short) {
      if ((victim.items[resource] ?? 0) === 0) continue;
      for (let at: string | undefined = victim.node.path; at; at = parentPathOf(at)) {
        if (isWithin(from, at)) break;
        const guarantee = team.nodes.get(at)?.accounts.get(resource)?.guarantee ?? 0;
        if (books.committed(at, resource) < guarantee) return `${resource} of ${at}`;
      }
    }
    return undefined;
  });
}

/** Whether a victim that room could spare has to go for another to be legal. */
function makesLegal(team: Team, books: Recount, told: Told, victim: Allocation): boolean {
  const others = told.victims.filter((id) => id !== victim.id);
  return told.victims.some((id, index) => {
    const other = team.allocations.get(id);
    if (id === victim.id || other === undefined) return false;
    const reason = told.reasons?.[index];
    if (reason === 'reclaim-nominal') return !isTheirs(books, told, other, others);
    if (reason !== 'fair-share') return false;
    const { path } = other.node;
    const [mine] = branches(told.ask.path, path);
    return mine !== undefined && isWithin(victim.node.path, mine);
  });
}

/** In these histories runs lie beneath swarms, steps beneath runs. */
function runOf(path: string): string {
  return path.split('/').slice(0, 3).join('/');
}

function rulesAt({ policy: { preemption } }: Team, path: string) {
  const said = Object.entries(preemption.nodes)
    .filter(([above]) => isWithin(path, above))
    .sort(([a], [b]) => b.length - a.length)
    .map(([, rules]) => rules);
  const first = <Key extends 'withinNode' | 'reclaim' | 'whileBorrowing'>(key: Key) =>
    said.find((rules) => rules[key] !== undefined)?.[key] ?? preemption[key];
  const withinNode = first('withinNode') ?? 'lower';
  const beyond = { policy: withinNode === 'never' ? 'never' : 'lower', maxPriority: undefined };
  return {
    withinNode,
    reclaim: first('reclaim'),
    whileBorrowing: first('whileBorrowing') ?? beyond,
  };
}

function boostAt({ policy: { preemption } }: Team, path: string): number {
  const said = Object.entries(preemption.nodes)
    .filter(([above, { boost }]) => isWithin(path, above) && boost !== undefined)
    .sort(([a], [b]) => b.length - a.length);
  return said[0]?.[1].boost ?? 0;
}
