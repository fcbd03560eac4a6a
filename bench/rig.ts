import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addAgent } from '../broker/agents.ts';
import { type RunningBroker, startBroker } from '../broker/start.ts';
import { Child } from '../host/child.ts';
import type { EchoParams } from './echo-process.ts';
import type { LoadParams } from './load-process.ts';
import type { BenchAgent } from './tree.ts';
import type { Checks, WriterParams } from './writer-process.ts';

/** A broker, a writer for all its shards, and what else is started beside them. */
export interface WriterBench {
  readonly broker: RunningBroker;
  readonly writer: Child;
  readonly dataDir: string;
  /** Starts `<name>-process.ts`, in a process of its own. */
  child(name: string, profiled?: boolean): Child;
  /** Ends all of it and removes the data. */
  close(): Promise<void>;
}

/** Everything that is measured, each in a process of its own. */
export interface BenchRig extends WriterBench {
  readonly load: Child;
  /** Length of the echo's payload: that of one request. */
  readonly echoBytes: number;
}

/** The owner may hear and speak there, and no writer listens. */
const ECHO_SUBJECT = 'bursar.owner.ping.bench';
/** Of the store, for what is no ledger: emergencies and the scratch stream. */
const KEPT_FREE_BYTES = 512 * 2 ** 20;
const STORE_BYTES_MAX = 16 * 2 ** 30;

/**
 * Starts a broker on a folder of its own and a writer for all shards.
 * @param profileDir when given, processes leave CPU profiles in folders there
 * @param checks which invariants the writer looks at: all, but where their cost is measured
 */
export async function startWriterBench(
  dataParent: string = tmpdir(),
  profileDir?: string,
  checks: Checks = 'all',
): Promise<WriterBench> {
  const dataDir = mkdtempSync(path.join(dataParent, 'bursar-bench-'));
  const children: Child[] = [];
  let broker: RunningBroker | undefined;
  const close = async () => {
    for (const child of [...children].reverse()) await child.end();
    await broker?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  const child = (name: string, profiled = true) => {
    const folder = profileDir === undefined ? undefined : path.join(profileDir, name);
    const started = new Child(
      new URL(`./${name}-process.ts`, import.meta.url),
      profiled ? folder : undefined,
    );
    children.push(started);
    return started;
  };
  try {
    const options = { dataDir, port: 0, natsUrl: '', maxFileBytes: STORE_BYTES_MAX };
    broker = await startBroker(options);
    const { url, shards } = broker;
    const writer = child('writer');
    const maxBytesPerShard = Math.floor((STORE_BYTES_MAX - KEPT_FREE_BYTES) / shards);
    const params: WriterParams = { url, dataDir, shards, maxBytesPerShard, checks };
    await writer.ask('start', params);
    return { broker, writer, dataDir, child, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Starts a broker, a writer, the load and the echo.
 * @param profileDir when given, writer and load leave CPU profiles in folders there
 */
export async function startRig(
  teams: number,
  dataParent?: string,
  profileDir?: string,
  checks?: Checks,
): Promise<BenchRig> {
  const rig = await startWriterBench(dataParent, profileDir, checks);
  const { broker, dataDir, child } = rig;
  try {
    const { url, keys } = broker;
    const ownerSeed = keys.users.owner.seed;
    const echo = child('echo', false);
    await echo.ask('start', { url, ownerSeed, subject: ECHO_SUBJECT } satisfies EchoParams);
    const load = child('load');
    const { echoBytes } = await load.ask<{ readonly echoBytes: number }>('start', {
      url,
      ownerSeed,
      operatorSeed: keys.users.operator.seed,
      agents: await benchAgents(dataDir, teams),
      echoSubject: ECHO_SUBJECT,
    } satisfies LoadParams);
    return { ...rig, load, echoBytes };
  } catch (error) {
    await rig.close();
    throw error;
  }
}

async function benchAgents(dataDir: string, teams: number): Promise<BenchAgent[]> {
  const agents: BenchAgent[] = [];
  for (let no = 0; no < teams; no += 1) {
    const team = `t${no}`;
    const { name, seed } = await addAgent(dataDir, { name: `bench-${team}`, team });
    agents.push({ agent: name, team, seed });
  }
  return agents;
}
