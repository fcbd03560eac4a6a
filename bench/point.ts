import { cpuMsOf, machineCpu } from './cpu.ts';
import { type Latency, latencyOf } from './quantiles.ts';
import type { BenchRig } from './rig.ts';
import type { PairSlice, Slice } from './slice.ts';

/** What one number of callers came to. */
export interface Point {
  readonly callers: number;
  readonly pairsPerSecond: number;
  readonly requestMs: Latency;
  readonly pairMs: Latency;
  /** Raw request/reply at the same number of callers. */
  readonly echoPerSecond: number;
  readonly echoMs: Latency;
  readonly pairsToEcho: number;
  /** Raw publishes to a synced stream of the same server, always one in flight. */
  readonly publishPerSecond: number;
  readonly publishMs: Latency;
  readonly commandsPerMessage: number;
  readonly pairsPerBlock: number;
  /** CPU time, µs a pair, of each process; the server's is missing where it cannot be read. */
  readonly cpuMicrosPerPair: {
    readonly writer: number;
    readonly load: number;
    readonly server?: number;
  };
  /** Share of the machine's CPU time that went to other work meanwhile: disturbs the figures. */
  readonly othersCpuShare?: number;
}

/** Pairs and base lines take turns, so that a slow moment of the machine hits both. */
const ROUNDS = 3;
/** Seconds of a base line for each of pairs. */
const BASE_LINE_SHARE = 0.4;

/** Measures pairs and echo at one number of callers. */
export async function measurePoint(
  rig: BenchRig,
  callers: number,
  seconds: number,
): Promise<Point> {
  const { load, writer, broker } = rig;
  const pairs: PairSlice[] = [];
  const echoes: Slice[] = [];
  const publishes: Slice[] = [];
  let writerCpuMs = 0;
  let serverCpuMs = 0;
  let blocks = 0;
  let busyMs = 0;
  let capacityMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const share = seconds / ROUNDS;
    const baseLine = { callers, seconds: share * BASE_LINE_SHARE };
    echoes.push(await load.ask('echo', baseLine));
    publishes.push(await load.ask('syncedPublish', baseLine));
    const before = await writer.ask<number>('cpuMs');
    const blocksBefore = await writer.ask<number>('blocks');
    const machineBefore = machineCpu();
    const serverBefore = cpuMsOf(broker.pid) ?? Number.NaN;
    pairs.push(await load.ask('pairs', { callers, seconds: share }));
    const machineAfter = machineCpu();
    busyMs += machineAfter.busyMs - machineBefore.busyMs;
    capacityMs += machineAfter.capacityMs - machineBefore.capacityMs;
    serverCpuMs += (cpuMsOf(broker.pid) ?? Number.NaN) - serverBefore;
    writerCpuMs += (await writer.ask<number>('cpuMs')) - before;
    blocks += (await writer.ask<number>('blocks')) - blocksBefore;
  }
  const count = sum(pairs, (slice) => slice.count);
  const pairsPerSecond = rateOf(pairs);
  const echoPerSecond = rateOf(echoes);
  const loadCpuMs = sum(pairs, (slice) => slice.cpuMs);
  const micros = (ms: number) => round1((ms * 1000) / count);
  const isServerKnown = !Number.isNaN(serverCpuMs);
  const ownMs = writerCpuMs + loadCpuMs + serverCpuMs;
  return {
    callers,
    pairsPerSecond,
    requestMs: latencyOf(pairs.flatMap((slice) => slice.requestSamplesMs)),
    pairMs: latencyOf(pairs.flatMap((slice) => slice.samplesMs)),
    echoPerSecond,
    echoMs: latencyOf(echoes.flatMap((slice) => slice.samplesMs)),
    pairsToEcho: round2(pairsPerSecond / echoPerSecond),
    publishPerSecond: rateOf(publishes),
    publishMs: latencyOf(publishes.flatMap((slice) => slice.samplesMs)),
    commandsPerMessage: round1((count * 2) / sum(pairs, (slice) => slice.messages)),
    pairsPerBlock: round1(count / blocks),
    cpuMicrosPerPair: {
      writer: micros(writerCpuMs),
      load: micros(loadCpuMs),
      ...(isServerKnown ? { server: micros(serverCpuMs) } : {}),
    },
    ...(isServerKnown ? { othersCpuShare: round2(Math.max(0, busyMs - ownMs) / capacityMs) } : {}),
  };
}

function rateOf(slices: readonly Slice[]): number {
  return Math.round((sum(slices, ({ count }) => count) * 1000) / sum(slices, (s) => s.tookMs));
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
