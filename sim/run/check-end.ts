import { shardOf } from '../../events/shard-of.ts';
import type { Signer } from '../../events/signing.ts';
import type { RunningAgents } from '../agents/start-agents.ts';
import type { Plan } from '../plan/plan.ts';
import type { World } from '../world/world.ts';
import type { Damage } from './apply-faults.ts';
import { checkAnswers } from './check-answers.ts';
import { checkTeamBalances } from './check-balances.ts';
import { checkEmergencies } from './check-emergencies.ts';
import { checkExpected } from './check-expected.ts';
import { checkLogs, witnessesOn } from './check-logs.ts';
import type { Cluster } from './cluster.ts';
import type { Diary } from './diary.ts';
import type { Exchange } from './exchanges.ts';
import { Inspector } from './inspector.ts';
import { judgeTeams } from './judge-teams.ts';
import type { LogReader } from './log-reader.ts';

export interface EndParts {
  readonly plan: Plan;
  readonly world: World;
  readonly cluster: Cluster;
  readonly agents: RunningAgents;
  readonly signer: Signer;
  readonly diary: Diary;
  readonly damaged: ReadonlyMap<number, Damage>;
  /** All that was asked and answered up to now. */
  readonly exchanges: () => readonly Exchange[];
  readonly reader: LogReader;
}

/** Virtual time within which a world without faults comes to rest, ms. */
const REST_MS = 120_000;
/** Virtual time for the last blocks, emergencies and notices to arrive, ms. */
const BREATH_MS = 3_000;

/** The faults are over: now everything must answer and agree. */
export async function checkEnd(parts: EndParts): Promise<void> {
  const { plan, world, cluster, agents, signer, diary, damaged: damagedShards } = parts;
  if (damagedShards.size > 0) await restartAll(parts);
  const isFull = plan.world.logBytesMax !== null;
  const isAtRest = () =>
    cluster.isSettled || (isFull && cluster.isSettledButForRoom)
      ? agents.unsettledCount === 0 || isFull
      : false;
  if (damagedShards.size === 0 && !(await world.runUntil(isAtRest, REST_MS))) {
    const states = cluster.writers.map(({ name, status }) => `${name} ${JSON.stringify(status)}`);
    const message = `no rest: ${states.join('; ')}; ${agents.unsettledCount} settles on their way`;
    diary.violate({ rule: 'QUIET', message });
  }
  await world.runFor(BREATH_MS);
  const readLog = (shard: number) => parts.reader.log(shard);
  const inspector = new Inspector(world);
  const wholeShards = shardNumbers(world).filter((shard) => !damagedShards.has(shard));
  const machines = cluster.writers.map(({ process }) => process.machine);
  const witnesses = await witnessesOn(machines);
  for (const [shard, damage] of damagedShards) checkDamaged(shard, damage, parts);
  for (const team of new Set(plan.agents.map((agent) => agent.team))) {
    const shard = shardOf(team, world.shards);
    if (damagedShards.has(shard) || cluster.ownerOf(shard) === undefined) continue;
    const check = { world, cluster, inspector, readLog: () => readLog(shard) };
    report(diary, await checkTeamBalances(team, shard, check));
  }
  if (plan.expected !== undefined && damagedShards.size === 0) {
    const events = wholeShards.flatMap((shard) => readLog(shard).events);
    report(diary, await checkExpected(plan.expected, events, inspector));
  }
  const logs = wholeShards.map(readLog);
  report(diary, await checkLogs(logs, signer.publicKey, witnesses));
  const exchanges = parts
    .exchanges()
    .filter(({ team }) => wholeShards.includes(shardOf(team, world.shards)));
  const byShard = shardNumbers(world).map(readLog);
  report(diary, checkAnswers(exchanges, byShard));
  report(diary, checkEmergencies(logs, world.emergencies.stored));
  report(diary, judgeTeams(logs, exchanges));
}

/** A log that was damaged is served by nobody, once somebody reads it from the beginning. */
function checkDamaged(
  shard: number,
  { seq, isWitnessed }: Damage,
  { cluster, diary }: EndParts,
): void {
  // A tail that no witness has seen leaves no trace; see docs/guarantees.md.
  if (!isWitnessed || cluster.ownerOf(shard) === undefined) return;
  const message = `the shard is served although message ${seq} of its log is damaged`;
  diary.violate({ rule: 'INV-11', message, shard });
}

async function restartAll({ world, cluster }: EndParts): Promise<void> {
  for (const writer of cluster.writers) {
    writer.process.crash();
    writer.restart();
  }
  await world.runUntil(() => cluster.isSettled, REST_MS);
}

function report(diary: Diary, violations: readonly Parameters<Diary['violate']>[0][]): void {
  for (const violation of violations) diary.violate(violation);
}

function shardNumbers({ shards }: World): number[] {
  return Array.from({ length: shards }, (_, shard) => shard);
}
