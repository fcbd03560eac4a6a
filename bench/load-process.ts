import {
  DiscardPolicy,
  type JetStreamClient,
  type NatsConnection,
  StorageType,
  StoreCompression,
} from 'nats';
import { connectAs } from '../broker/connect.ts';
import { type BursarClient, connect } from '../client/client.ts';
import { encode } from '../events/codec.ts';
import { serveParent } from '../host/child.ts';
import { ownCpuMs, type PairSlice, runSlice, type Slice } from './slice.ts';
import { type BenchAgent, openTree, type Workplace, workplacesOf } from './tree.ts';

/** The process that makes the load: agents, and beside them a raw connection for the base lines. */
let clients: readonly BursarClient[] = [];
let places: readonly Workplace[] = [];
let raw: NatsConnection | undefined;
let log: JetStreamClient | undefined;

export interface LoadParams {
  readonly url: string;
  readonly operatorSeed: string;
  readonly ownerSeed: string;
  readonly agents: readonly BenchAgent[];
  readonly echoSubject: string;
}
let echoSubject = '';

export interface SliceParams {
  readonly callers: number;
  readonly seconds: number;
}

/** A stream beside the ledger's, of the same kind; the owner may write to its subject. */
const SCRATCH = { stream: 'BENCH', subject: 'ledger.bench.blk', maxBytes: 64 * 2 ** 20 } as const;
const PUBLISH_BYTES = 512;

const HELD = { credits: { amount: 5_000 } } as const;
const USED = { credits: 4_000 } as const;
const TTL_MS = 30_000;
/** A prime: callers go round all steps, each step far from the one before it. */
const STRIDE = 7919;

/** As long as the one command of a request that travels alone. */
const echoPayload = encode({
  op: 'request',
  id: 'AAAAAAAAAAAAAAAA.1abcd',
  path: 't0/s/r0/p0',
  items: HELD,
  ttlMs: TTL_MS,
});

serveParent(
  {
    async start({ url, operatorSeed, ownerSeed, agents, echoSubject: subject }: LoadParams) {
      for (const agent of agents) await openTree(url, operatorSeed, agent);
      clients = await Promise.all(agents.map((agent) => connect({ url, ...agent })));
      places = clients.flatMap(workplacesOf);
      raw = await connectAs(url, 'owner', ownerSeed, 'bursar bench base lines');
      log = await scratchStream(raw);
      echoSubject = subject;
      return { echoBytes: echoPayload.byteLength };
    },
    pairs: runPairs,
    echo: ({ callers, seconds }: SliceParams): Promise<Slice> =>
      runSlice(callers, seconds, async () => raw?.request(echoSubject, echoPayload)),
    syncedPublish({ seconds }: SliceParams): Promise<Slice> {
      const bytes = new Uint8Array(PUBLISH_BYTES);
      return runSlice(1, seconds, async () => log?.publish(SCRATCH.subject, bytes));
    },
  },
  () => Promise.all([...clients.map((client) => client.disconnect()), raw?.close()]),
);

async function runPairs({ callers, seconds }: SliceParams): Promise<PairSlice> {
  const requestSamplesMs: number[] = [];
  const messagesBefore = messagesSent();
  const cpuMsBefore = ownCpuMs();
  const slice = await runSlice(callers, seconds, async (no) => {
    const { client, path } = places[(no * STRIDE) % places.length] as Workplace;
    const fromMs = performance.now();
    const answer = await client.request(path, { items: HELD, ttlMs: TTL_MS });
    requestSamplesMs.push(performance.now() - fromMs);
    if (answer.outcome !== 'granted') throw new Error(`not granted: ${JSON.stringify(answer)}`);
    await client.settle(answer.id, USED);
  });
  return {
    ...slice,
    requestSamplesMs,
    messages: messagesSent() - messagesBefore,
    cpuMs: ownCpuMs() - cpuMsBefore,
  };
}

function messagesSent(): number {
  return clients.reduce((sum, client) => sum + client.counts.messages, 0);
}

async function scratchStream(connection: NatsConnection): Promise<JetStreamClient> {
  const manager = await connection.jetstreamManager({ checkAPI: false });
  await manager.streams.add({
    name: SCRATCH.stream,
    subjects: [SCRATCH.subject],
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_bytes: SCRATCH.maxBytes,
    compression: StoreCompression.S2,
  });
  return connection.jetstream();
}
