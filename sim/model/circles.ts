import { isWithin } from '../../events/names.ts';
import type { Live, State, Waiting } from './state.ts';

/**
 * S §7, deadlock: whether a claim waits in vain: everybody else who holds what it waits for keeps it
 * while waiting for more, and each of those in vain too. Found by spreading hope from who has it.
 */
export function isStuck(state: State, claim: Waiting): boolean {
  return claim.ask.topsUp !== undefined && stuckClaims(state).has(claim.id);
}

/** Whether the claim is the one to be denied: of those that it waits for the lowest, youngest. */
export function isLoser(state: State, claim: Waiting): boolean {
  const stuck = stuckClaims(state);
  if (!stuck.has(claim.id)) return false;
  const reached = new Set([claim.id]);
  for (const id of reached) {
    const at = state.waiting.get(id);
    for (const { topUp } of at === undefined ? [] : holdersBeside(state, at)) {
      if (topUp !== null) reached.add(topUp);
    }
  }
  for (const id of reached) {
    const other = state.waiting.get(id);
    if (other === undefined || other.priority > claim.priority) continue;
    if (other.priority < claim.priority || other.arrival > claim.arrival) return false;
  }
  return true;
}

function stuckClaims(state: State): ReadonlySet<string> {
  const claims = [...state.waiting.values()].filter(({ ask }) => ask.topsUp !== undefined);
  const stuck = new Set(claims.map(({ id }) => id));
  for (let isSpreading = stuck.size > 0; isSpreading; ) {
    isSpreading = false;
    for (const claim of claims) {
      if (!stuck.has(claim.id)) continue;
      const beside = holdersBeside(state, claim);
      const isKept = (live: Live) => live.yieldsTo === null && stuck.has(live.topUp ?? '');
      if (beside.length > 0 && beside.every(isKept)) continue;
      stuck.delete(claim.id);
      isSpreading = true;
    }
  }
  return stuck;
}

/** Who else holds what a claim waits for. */
function holdersBeside({ live }: State, { account, ask }: Waiting): Live[] {
  return [...live.values()].filter(
    ({ id, path, items }) =>
      id !== ask.topsUp && (items[account.resource] ?? 0) > 0 && isWithin(path, account.path),
  );
}
