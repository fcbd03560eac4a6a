import { claimShard } from '../../events/claim-shard.ts';
import type { Signer } from '../../events/signing.ts';
import { witnessFile } from '../../events/witness.ts';
import type { RunningAgents } from '../agents/start-agents.ts';
import type { Fault, FaultOf, RateFaultKind } from '../plan/fault.ts';
import { agentProcessName, type Plan } from '../plan/plan.ts';
import { type FaultRates, NO_FAULTS } from '../world/fault-rates.ts';
import type { SimMachine } from '../world/machine.ts';
import type { World } from '../world/world.ts';
import type { Cluster } from './cluster.ts';
import type { Diary } from './diary.ts';

/** What is wrong with a log. */
export interface Damage {
  /** The first message that is damaged. */
  readonly seq: number;
  /** Whether every machine on which a writer may start remembered it. */
  readonly isWitnessed: boolean;
}

export interface FaultParts {
  readonly world: World;
  readonly cluster: Cluster;
  readonly agents: RunningAgents;
  readonly signer: Signer;
  readonly diary: Diary;
  /** Shards whose log is not what it was, and what was known of them then. */
  readonly damaged: Map<number, Damage>;
}

/** Lets the faults of a plan happen at their times, counted from now, and ends them at theirs. */
export function applyFaults(plan: Plan, parts: FaultParts): void {
  const { world, diary } = parts;
  const beganAtMs = world.nowMs;
  const at = (atMs: number, work: () => void) =>
    world.scheduler.at(beganAtMs + atMs, 'timer', undefined, work);
  const rates = new RatesInForce(world);
  at(plan.faultsBeginAtMs, () => rates.begin(plan, plan.rates));
  at(plan.faultsEndAtMs, () => {
    rates.end(plan);
    putRight(world);
  });
  for (const fault of plan.faults) {
    at(fault.atMs, () => {
      diary.say('fault', JSON.stringify(fault));
      begin(fault, parts, rates, at, beganAtMs);
    });
  }
}

/** A crash point that no step has. */
const NEVER = -1;

/** The faults are over: clocks are right, nobody crashes any more, and there is room in the log. */
function putRight({ processes, shards, store }: World): void {
  for (const process of processes) {
    if (!process.isAlive) continue;
    process.crashAt(NEVER, 'before');
    process.jumpClock(-process.host.aheadMs);
  }
  for (let shard = 0; shard < shards; shard += 1) store.log(shard).limit(Number.MAX_SAFE_INTEGER);
}

type At = (atMs: number, work: () => void) => unknown;

function begin(
  fault: Fault,
  parts: FaultParts,
  rates: RatesInForce,
  at: At,
  beganAtMs: number,
): void {
  const { world, cluster, agents } = parts;
  const later = (forMs: number, work: () => void) => at(fault.atMs + forMs, work);
  if ('rates' in fault) return during(fault, rates, later);
  switch (fault.kind) {
    case 'crashWriter':
      return crashWriter(fault, parts, later);
    case 'pauseWriter':
    case 'zombie': {
      const process = cluster.writers[fault.writer]?.process;
      process?.pause();
      world.faults.note(fault.kind);
      return void later(fault.forMs, () => process?.resume());
    }
    case 'secondClaimant':
      return secondClaimant(fault, parts, beganAtMs);
    case 'brokerRestart':
    case 'outage':
      world.faults.note(fault.kind);
      return world.broker.restart(fault.forMs);
    case 'cutOff': {
      const process = processOf(fault.name, parts);
      if (process === undefined) return;
      world.broker.cut(process);
      return void later(fault.forMs, () => world.broker.heal(process));
    }
    case 'clockJump':
      world.faults.note('clockJump');
      return processOf(fault.name, parts)?.jumpClock(fault.byMs);
    case 'dropTail':
    case 'flipBit':
    case 'vanishBlock':
      return damage(fault, parts);
    case 'tearCheckpoint':
    case 'staleCheckpoint':
    case 'crashProjector':
      return harmProjector(fault, parts, later);
    case 'crashClient': {
      const agent = agents.agent(fault.agent, fault.team);
      agent?.crash();
      world.faults.note('crashClient');
      if (fault.forMs !== null) later(fault.forMs, () => agent?.start());
      return;
    }
    default:
      return fault satisfies never;
  }
}

type Later = (forMs: number, work: () => void) => unknown;

function during(fault: FaultOf<RateFaultKind>, rates: RatesInForce, later: Later): void {
  rates.begin(fault, fault.rates);
  later(fault.forMs, () => rates.end(fault));
}

/** Rates of several faults at once: of each the highest. */
class RatesInForce {
  readonly #world: World;
  readonly #inForce = new Map<object, Partial<FaultRates>>();

  constructor(world: World) {
    this.#world = world;
  }

  begin(whose: object, rates: Partial<FaultRates>): void {
    this.#inForce.set(whose, rates);
    this.#set();
  }

  end(whose: object): void {
    this.#inForce.delete(whose);
    this.#set();
  }

  #set(): void {
    const highest: Record<string, number> = { ...NO_FAULTS };
    for (const rates of this.#inForce.values()) {
      for (const [kind, rate] of Object.entries(rates)) {
        highest[kind] = Math.max(highest[kind] ?? 0, rate);
      }
    }
    this.#world.faults.set(highest);
  }
}

function crashWriter(
  fault: FaultOf<'crashWriter'>,
  { world, cluster }: FaultParts,
  later: Later,
): void {
  const seat = cluster.writers[fault.writer];
  const process = seat?.process;
  if (seat === undefined || process === undefined) return;
  const { point } = fault;
  process.onEnd(() => world.faults.note('crashWriter'));
  if (point === undefined) process.crash();
  else process.crashAt(process.stepCount + point.count, point.side);
  process.onEnd(() => {
    world.scheduler.at(world.nowMs + fault.forMs, 'timer', undefined, () => seat.restart());
  });
  if (point === undefined) later(fault.forMs, () => seat.restart());
}

/** Somebody else claims the shard although its owner lives, and is never heard of again. */
function secondClaimant(
  fault: FaultOf<'secondClaimant'>,
  { world, signer, diary }: FaultParts,
  beganAtMs: number,
): void {
  const process = world.process(`claimant-${fault.no}-${beganAtMs}`);
  world.faults.note('secondClaimant');
  process.start(async () => {
    const { host, ledger } = process;
    const claimant = {
      owner: process.name,
      generation: 1,
      signer,
      nowMs: host.wallMs(),
      nonce: Buffer.from(host.randomBytes(8)).toString('hex'),
    };
    await claimShard(ledger, fault.shard, claimant).catch((error: unknown) =>
      diary.say(process.name, String(error)),
    );
  });
}

function damage(
  fault: FaultOf<'dropTail' | 'flipBit' | 'vanishBlock'>,
  { world, cluster, damaged }: FaultParts,
): void {
  const log = world.store.log(fault.shard);
  const seq = fault.kind === 'dropTail' ? log.lastSeq : log.lastSeq - fault.back;
  const message = log.get(seq);
  if (message === undefined) return;
  world.faults.note(fault.kind);
  const first = fault.kind === 'dropTail' ? Math.max(1, seq - fault.count + 1) : seq;
  const isWitnessed = cluster.writers.every(
    ({ process }) => witnessedSeq(process.machine, fault.shard) >= first,
  );
  const before = damaged.get(fault.shard);
  damaged.set(fault.shard, {
    seq: Math.min(first, before?.seq ?? first),
    isWitnessed: isWitnessed || before?.isWitnessed === true,
  });
  if (fault.kind === 'dropTail') return log.dropTail(fault.count);
  if (fault.kind === 'vanishBlock') log.vanish(seq);
  else log.flipBit(seq, fault.bit % (message.bytes.byteLength * 8));
}

/** Newest block that the witness on a machine names; 0 if there is none. */
function witnessedSeq(machine: SimMachine, shard: number): number {
  const bytes = machine.read(witnessFile('witness', shard));
  if (bytes === undefined) return 0;
  return (JSON.parse(new TextDecoder().decode(bytes)) as { seq: number }).seq;
}

function harmProjector(
  fault: FaultOf<'tearCheckpoint' | 'staleCheckpoint' | 'crashProjector'>,
  { world, cluster }: FaultParts,
  later: Later,
): void {
  const seat = cluster.projectors[fault.projector];
  if (seat === undefined) return;
  world.faults.note(fault.kind);
  seat.process.crash();
  const { machine } = seat.process;
  for (const file of seat.checkpointFiles) {
    if (fault.kind === 'tearCheckpoint') {
      machine.tear(file, Math.floor((machine.read(file)?.byteLength ?? 0) / 2));
    }
    if (fault.kind === 'staleCheckpoint') machine.makeStale(file);
  }
  later(fault.forMs, () => seat.restart());
}

function processOf(name: string, { cluster, agents }: FaultParts) {
  const agent = agents.agents.find(({ plan }) => agentProcessName(plan) === name);
  return agent === undefined ? cluster.processOf(name) : agent.process;
}
