import type { BursarClient } from '../client/client.ts';
import { RefusedError } from '../client/errors.ts';
import { balances } from '../projections/balances.ts';
import { type AskActors, type BalanceDifference, checkBalances } from '../projections/check.ts';
import type { Projector } from '../projections/projector.ts';
import { connectGovernor } from './reach.ts';
import type { Session } from './session.ts';

/** Comparisons of one team; the books of a busy one move between two questions. */
const TRIES_MAX = 20;

/**
 * Compares what a projector counts from a log with what its writer says, until both stand at the same
 * place of it, or long enough. The projector has `balances`.
 */
export async function checkTeam(
  session: Session,
  projector: Projector,
  team: string,
): Promise<BalanceDifference[]> {
  return withBalancesOf(session, team, async (ask) => {
    for (let tries = 1; ; tries += 1) {
      const before = await projector.catchUp();
      const found = await checkBalances(projector.stateOf(balances), team, ask);
      if (found.length === 0) return found;
      const after = await projector.catchUp();
      if (before === after || tries === TRIES_MAX) return found;
    }
  });
}

/** Asks the writer for balances of nodes of a team, as its operator. */
export async function withBalancesOf<Result>(
  session: Session,
  team: string,
  work: (ask: AskActors) => Promise<Result>,
): Promise<Result> {
  const operator = await connectGovernor(session, team, 'operator');
  try {
    return await work((path) => balanceOrNothing(operator, path));
  } finally {
    await operator.disconnect();
  }
}

/** One difference in words. */
export function differenceText(difference: BalanceDifference): string {
  const { path, resource, field, projection, actors } = difference;
  const what = resource === undefined ? field : `${field} of ${resource}`;
  return `${path}: ${what} is ${projection} by the log and ${actors} by the writer`;
}

async function balanceOrNothing(operator: BursarClient, path: string) {
  try {
    return await operator.balance(path);
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'unknown_node') return undefined;
    throw error;
  }
}
