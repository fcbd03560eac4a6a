import { balances } from '../../projections/balances.ts';
import type { Balances } from '../../projections/books.ts';
import { type BalanceDifference, checkBalances } from '../../projections/check.ts';
import type { World } from '../world/world.ts';
import type { Cluster } from './cluster.ts';
import type { DurableLog } from './durable-log.ts';
import type { Inspector } from './inspector.ts';
import type { SimViolation } from './report.ts';

/** Times that a team is read before its log is said not to come to rest. */
const TRIES_MAX = 20;
/** Virtual time within which a projector has caught up, ms. */
const CATCH_UP_MS = 60_000;

/**
 * Replay from zero = live state = projections (INV-11): the balances of each team as its writer has
 * them, as a replay of the log gives them, and as every projector has them.
 */
export async function checkTeamBalances(
  team: string,
  shard: number,
  parts: {
    readonly world: World;
    readonly cluster: Cluster;
    readonly inspector: Inspector;
    /** Reads the log anew. */
    readonly readLog: () => DurableLog;
  },
): Promise<SimViolation[]> {
  const { world, cluster, inspector, readLog } = parts;
  const log = world.store.log(shard);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const seq = log.lastSeq;
    const replayed = replayOf(readLog());
    const live = await inspector.perform(() =>
      checkBalances(replayed, team, (path) => inspector.balance(path)),
    );
    if (log.lastSeq !== seq) continue;
    const violations = live.map((one) => differs(one, team, shard, 'the live state'));
    for (const projector of cluster.projectors) {
      const isLevel = () => projector.seqOf(shard) >= log.lastSeq;
      if (!(await world.runUntil(isLevel, CATCH_UP_MS))) {
        const message = `${projector.name} is at ${projector.seqOf(shard)} of ${log.lastSeq}`;
        violations.push({ rule: 'INV-11', message, shard });
        continue;
      }
      const state = projector.stateOf(shard, balances) as Balances;
      const again = replayOf(readLog());
      violations.push(...differencesOf(state, again, team, shard, projector.name));
    }
    return violations;
  }
  return [{ rule: 'QUIET', message: `the log does not come to rest`, team, shard }];
}

function replayOf({ events }: DurableLog): Balances {
  const state = balances.initial();
  for (const { event, at } of events) balances.evolve(state, event, at);
  return state;
}

function differencesOf(
  state: Balances,
  replayed: Balances,
  team: string,
  shard: number,
  name: string,
): SimViolation[] {
  const ours = JSON.stringify(plain(state.get(team)));
  const theirs = JSON.stringify(plain(replayed.get(team)));
  if (ours === theirs) return [];
  const message = `${name} has other balances than a replay from zero`;
  return [{ rule: 'INV-11', message, team, shard }];
}

/** Maps and sets as lists, to be compared. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, one]) => [key, plain(one)]).sort();
  if (value instanceof Set) return [...value].sort();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

function differs(
  { path, resource = '', field, projection, actors }: BalanceDifference,
  team: string,
  shard: number,
  where: string,
): SimViolation {
  const message = `${path} ${resource} ${field}: ${String(projection)} by replay, ${String(actors)} in ${where}`;
  return { rule: 'INV-11', message, team, shard };
}
