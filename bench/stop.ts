import { addAgent } from '../broker/agents.ts';
import { connectAs } from '../broker/connect.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { shardOf } from '../events/shard-of.ts';
import { publicKeyFromPem } from '../events/signing.ts';
import { StopCheck } from '../projections/check-stops.ts';
import { LogSweep } from '../projections/log-sweep.ts';
import { machineOf, versionsOf } from './report.ts';
import { startWriterBench, type WriterBench } from './rig.ts';
import type { RoundParams, RoundTimes, StopParams } from './stop-process.ts';

/** How long a swarm took to stand still, ms from the command, of one round. */
export interface StopRound {
  /** What agents did when they heard: settle all, or nothing, and were fenced. */
  readonly agents: 'settle' | 'do nothing';
  readonly allocations: number;
  readonly durableMs: number;
  readonly firstNoticeMs: number;
  readonly lastNoticeMs: number;
  readonly lastAcknowledgedMs: number;
  readonly lastSettledMs?: number;
  /** From the deadline, not from the command. */
  readonly lastFencedAfterDeadlineMs?: number;
  /** Heard by the operator; of what is fenced from the deadline. */
  readonly completeMs: number;
  /** Requests below the stop's priority that came meanwhile, and were denied. */
  readonly pressed: number;
  readonly denied: number;
}

export interface StopReport {
  readonly versions: ReturnType<typeof versionsOf>;
  readonly machine: ReturnType<typeof machineOf>;
  readonly settings: { readonly agents: number; readonly allocations: number };
  readonly rounds: readonly StopRound[];
  /** Recounted from the log: what was admitted beneath a stop though it stops it, and denials. */
  readonly log: {
    readonly stops: number;
    readonly admittedBelow: readonly string[];
    readonly deniedByStop: number;
  };
}

export interface StopOptions {
  readonly agents: number;
  readonly allocations: number;
  readonly rounds: number;
  readonly data?: string | undefined;
  readonly profile?: string | undefined;
}

const TEAM = 't0';
/** Beside those who hold, some who go on asking. */
const PRESSING = 4;
const SETTLE_ACK_MS = 60_000;
const FENCE_ACK_MS = 2_000;

/**
 * Stops a swarm whose allocations are held by agents with a connection each, while others go on
 * asking: in turns agents that settle when they hear of it, and agents that are fenced. What was
 * admitted meanwhile is recounted from the log.
 */
export async function measureStop(
  options: StopOptions,
  say: (word: string) => void,
): Promise<StopReport> {
  const { agents, allocations } = options;
  say('Starting broker and writer …');
  const rig = await startWriterBench(options.data, options.profile);
  try {
    say(`${agents} agents …`);
    const load = rig.child('stop');
    const named: StopParams['agents'][number][] = [];
    for (let no = 0; no < agents + PRESSING; no += 1) {
      const { name, seed } = await addAgent(rig.dataDir, { name: `agent-${no}`, team: TEAM });
      named.push({ name, seed });
    }
    const { url, keys } = rig.broker;
    const operatorSeed = keys.users.operator.seed;
    await load.ask('start', { url, operatorSeed, team: TEAM, agents: named, allocations });
    const rounds: StopRound[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      for (const settles of [true, false]) {
        say(
          `round ${round + 1} of ${options.rounds}: agents ${settles ? 'settle' : 'do nothing'} …`,
        );
        const ackMs = settles ? SETTLE_ACK_MS : FENCE_ACK_MS;
        const params: RoundParams = { settles, ackMs };
        rounds.push(roundOf(await load.ask<RoundTimes>('round', params), settles));
      }
    }
    say('Recounting from the log …');
    return {
      versions: versionsOf(rig.broker.version),
      machine: machineOf(rig.dataDir),
      settings: { agents, allocations },
      rounds,
      log: await recount(rig),
    };
  } finally {
    await rig.close();
  }
}

function roundOf(times: RoundTimes, settles: boolean): StopRound {
  const { sentAtMs, deadlineAtMs, allocations, pressed, denied } = times;
  const since = (atMs: number, fromMs = sentAtMs) => Math.round((atMs - fromMs) * 10) / 10;
  const last = (all: readonly number[], fromMs = sentAtMs) =>
    since(
      all.reduce((most, one) => Math.max(most, one), 0),
      fromMs,
    );
  return {
    agents: settles ? 'settle' : 'do nothing',
    allocations,
    durableMs: since(times.durableAtMs),
    firstNoticeMs: since(Math.min(...times.noticesAtMs)),
    lastNoticeMs: last(times.noticesAtMs),
    lastAcknowledgedMs: last(times.acknowledgedAtMs),
    ...(settles
      ? { lastSettledMs: last(times.settledAtMs) }
      : { lastFencedAfterDeadlineMs: last(times.fencedAtMs, deadlineAtMs) }),
    completeMs: since(times.completeAtMs, settles ? sentAtMs : deadlineAtMs),
    pressed,
    denied,
  };
}

/** Goes through the genuine events of the log and holds them against the stops in it. */
async function recount({ broker }: WriterBench): Promise<StopReport['log']> {
  const { url, keys, shards } = broker;
  const connection = await connectAs(url, 'owner', keys.users.owner.seed, 'bursar bench recount');
  try {
    const shard = shardOf(TEAM, shards);
    const ledger = new JetStreamLedger({ commit: connection });
    const sweep = new LogSweep(shard, [publicKeyFromPem(keys.ledgerPublicKeyPem)]);
    const check = new StopCheck();
    const admittedBelow: string[] = [];
    let stops = 0;
    const { lastSeq } = await ledger.head(shard);
    for await (const message of ledger.read(shard, 1, lastSeq)) {
      for (const { event } of sweep.take(message)?.recorded ?? []) {
        if (event.type === 'Stopped') stops += 1;
        admittedBelow.push(...check.take(event));
      }
    }
    return { stops, admittedBelow, deniedByStop: check.counts.deniedByStop };
  } finally {
    await connection.close();
  }
}
